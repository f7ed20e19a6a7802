import pytest

from engine.readers.texts import markup


def test_a_page_is_what_is_seen_of_it() -> None:
    title, text = markup.title_and_text(
        "<html><head><title>The  garden</title><script>var evil = 1</script></head>"
        "<body><p>Pop<b>p</b>ies &amp; sage<style>p {}</style><ul><li>one<li>two</ul>"
        "<table><tr><td>3</td><td>4</td></tr></table><p hidden>secret</p>one<br>more"
    )
    assert title == "The garden"
    assert text == "Poppies & sage\n\none\ntwo\n\n3 4\none\nmore"


@pytest.mark.parametrize("style", ["display:none", "DISPLAY: none;", "color:red; display: none"])
def test_what_a_style_hides_is_not_read(style: str) -> None:
    title, text = markup.title_and_text(f"<p>seen</p><div style='{style}'>preview</div>")
    assert (title, text) == (None, "seen")


def test_deep_and_broken_pages_are_read() -> None:
    _, text = markup.title_and_text("<div>" * 5000 + "deep" + "<p" * 50 + "\0" + "</table>" * 9)
    assert "deep" in text


def test_nothing_has_no_text() -> None:
    assert markup.title_and_text("") == (None, "")

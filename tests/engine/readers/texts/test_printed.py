import pytest

from engine.readers.texts import printed


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ("The tenant pays\r\nthe rent", "The tenant pays the rent"),
        ("It ends here.\r\nA new one", "It ends here.\nA new one"),
        ("Heading\nText", "Heading\nText"),
        ("agree\ufffe\nment", "agreement"),
        ("agree\u00ad\nment", "agreement"),
        ("北京的\n长城", "北京的长城"),
        ("\ufb01ne \ufb02at", "fine flat"),
        ("\u2f00\u2f08", "一人"),
        ("a\0b\x07c", "abc"),
        ("x²  ½", "x²  ½"),
    ],
)
def test_lines_become_running_text(lines: str, text: str) -> None:
    assert printed.running(lines) == text


@pytest.mark.parametrize(
    ("text", "is_unexplained"),
    [
        ("", False),
        ("words", False),
        ("\uf8f2\uf8f3", True),
        ("\ue000 bullet and a whole line", False),
    ],
)
def test_characters_that_fonts_leave_open_are_told(text: str, is_unexplained: bool) -> None:
    assert printed.is_unexplained(text) == is_unexplained


def test_letters_are_those_of_any_script() -> None:
    assert printed.letters("- 7 _ é 北!") == 3

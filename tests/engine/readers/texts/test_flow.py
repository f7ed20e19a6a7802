from typing import ClassVar

import pytest

from engine.readers.texts import flow
from engine.readers.texts.passages import Part


class Lines(flow.Flow):
    words = frozenset(("p",))
    unseen = frozenset(("hidden",))
    paragraphs = frozenset(("p",))
    before: ClassVar[dict[str, str]] = {"br": "\n"}

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if name == "page":
            self.end_part()
            self.page = int(flow.attribute(attributes, "n"))


def parts(xml: str) -> list[Part]:
    # In pieces of one byte, so that every place is once the end of one.
    return flow.parts((bytes([byte]) for byte in xml.encode()), Lines())


def test_text_is_collected_in_parts_by_names_without_namespaces() -> None:
    found = parts(
        "<x:d xmlns:x='x' xmlns:y='y'><x:page y:n='3'/>no<x:p> über <b>uns</b><br/> alle  </x:p>"
        "<hidden><p>never<p>seen</p></p></hidden><page n='4'/><p/>"
        "<page n='5'/><p>&lt;end&gt;</p></x:d>"
    )
    assert found == [Part("über uns\nalle", 3), Part("<end>", 5)]


def test_more_than_is_read_is_left_out(monkeypatch) -> None:
    monkeypatch.setattr(flow, "MOST_CHARACTERS", 10)
    (part,) = parts("<d>" + "<p>words</p>" * 100 + "</d>")
    assert part.text == "words\nwords"


@pytest.mark.parametrize("xml", ["<d><p>cut", "", "no xml", "<!DOCTYPE d [<!ENTITY e 'x'>]><d/>"])
def test_what_is_no_xml_is_an_error(xml: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parts(xml)


def test_an_empty_line_at_most_is_kept() -> None:
    assert flow.tidied(" a \n\n \n\n b\t \t\tc\t\n") == "a\n\nb\tc"

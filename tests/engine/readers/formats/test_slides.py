from pathlib import Path

import pytest

from engine.readers.family import NotReadableError
from engine.readers.formats import slides, word
from engine.readings import WHOLE, PixelSpec, SkipReason, Spot
from tests.engine.readers.formats.office_files import A, P, jpeg, line, package, pptx, relations

SPEC = PixelSpec(32, squash=True)


def test_slides_come_in_the_order_in_which_they_are_shown(tmp_path: Path) -> None:
    reading = slides.read(pptx(tmp_path / "a.pptx", [line("One"), "", line("Three")]), SPEC)
    assert [(p.text, p.page) for p in reading.passages] == [("One", 1), ("Three", 3)]
    assert reading.details.pages == 3


def test_a_slide_has_its_table_notes_comments_diagrams_and_charts(tmp_path: Path) -> None:
    cell = "<a:tc><a:txBody>{}</a:txBody></a:tc>"
    table = f"<a:tr>{cell.format(line('Rent'))}{cell.format(line('900'))}</a:tr>"
    number = '<a:p><a:fld type="slidenum"><a:t>17</a:t></a:fld></a:p>'
    path = pptx(
        tmp_path / "a.pptx",
        [line("Costs") + f"<a:tbl>{table}</a:tbl>{number}"],
        **{
            "ppt/slides/_rels/slide1.xml.rels": relations(
                ("notesSlide", "../notesSlides/n.xml"),
                ("comments", "../comments/c.xml"),
                ("diagramData", "../diagrams/d.xml"),
                ("chart", "../charts/h.xml"),
                ("slideLayout", "../slideLayouts/l.xml"),
            ),
            "ppt/notesSlides/n.xml": f"<p:notes {P} {A}>{line('Say thanks')}</p:notes>",
            "ppt/comments/c.xml": f"<p:cmLst {P}><p:cm><p:text>Too long</p:text></p:cm></p:cmLst>",
            "ppt/diagrams/d.xml": f"<d:d xmlns:d='d' {A}>{line('First step')}</d:d>",
            "ppt/charts/h.xml": "<c:c xmlns:c='c'><c:cat><c:strCache><c:pt><c:v>March</c:v></c:pt>"
            "</c:strCache></c:cat><c:numCache><c:pt><c:v>3.14</c:v></c:pt></c:numCache></c:c>",
            "ppt/slideLayouts/l.xml": f"<p:sldLayout {P} {A}>{line('Click to edit')}</p:sldLayout>",
        },
    )
    (passage,) = slides.read(path, SPEC).passages
    assert passage.text.split("\n\n") == [
        "Costs\nRent\t900",
        "First step",
        "March",
        "Say thanks",
        "Too long",
    ]


def test_links_that_lead_out_of_the_presentation_are_not_followed(tmp_path: Path) -> None:
    path = pptx(
        tmp_path / "a.pptx",
        [line("Here")],
        **{"ppt/slides/_rels/slide1.xml.rels": relations(("notesSlide", "../../../etc/passwd"))},
    )
    assert [passage.text for passage in slides.read(path, SPEC).passages] == ["Here"]


def test_the_preview_is_the_first_slide(tmp_path: Path) -> None:
    path = pptx(tmp_path / "a.pptx", [line("One")], **{"docProps/thumbnail.jpeg": jpeg("blue")})
    (picture,) = slides.read(path, SPEC).pictures
    assert picture.spot == Spot(page=1)
    assert slides.picture(path, WHOLE, 60).size == (60, 40)


def test_a_presentation_without_words_says_so_and_without_slides_too(tmp_path: Path) -> None:
    for path in (pptx(tmp_path / "a.pptx", [""]), pptx(tmp_path / "b.pptx", [])):
        with pytest.raises(NotReadableError) as caught:
            slides.read(path, SPEC)
        assert caught.value.failure.reason is SkipReason.NO_TEXT


def test_a_presentation_is_recognised_by_what_is_in_it(tmp_path: Path) -> None:
    path = pptx(tmp_path / "a.zip", [line("One")])
    assert slides.FAMILY.probe(path)
    assert not word.FAMILY.probe(path)
    assert not slides.FAMILY.probe(package(tmp_path / "b.zip", {"a.txt": "x"}))


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("testPPT.pptx", "Different words to test against"),
        ("testComment.pptx", "Here is a comment"),
        ("testPPT_masterFooter.pptx", "Master footer is here"),
        ("testMSChart-govdocs-428996.pptx", "Thin Film Partnership"),
    ],
)
def test_real_presentations_give_their_words(samples: Path, name: str, words: str) -> None:
    reading = slides.read(samples / "documents" / name, SPEC)
    assert words in " ".join(" ".join(p.text for p in reading.passages).split())
    assert all(passage.page for passage in reading.passages)
    assert len(reading.pictures) == 1

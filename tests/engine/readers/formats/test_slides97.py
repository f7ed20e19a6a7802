import struct
from pathlib import Path

import pytest

from engine.readers import registry
from engine.readers.family import NotReadableError
from engine.readers.formats import slides97, word97
from engine.readers.packages import powerpoint
from engine.readings import PixelSpec, ReadFailure, Reading, SkipReason
from tests.engine.readers.formats.compound_file import compound_file
from tests.engine.readers.formats.office_files import line, pptx
from tests.engine.readers.formats.older_office_files import (
    Saves,
    atom,
    box,
    document,
    listed,
    narrow,
    notes,
    ppt,
    record,
    simple_ppt,
    slide,
    string,
    summary,
    words,
)

SPEC = PixelSpec(8, squash=True)


def pages(path: Path) -> list[tuple[str, int | None]]:
    return [(passage.text, passage.page) for passage in slides97.read(path, SPEC).passages]


def refused(path: Path) -> SkipReason:
    with pytest.raises(NotReadableError) as caught:
        slides97.read(path, SPEC)
    assert caught.value.failure.detail
    return caught.value.failure.reason


def test_slides_come_in_the_order_in_which_they_are_listed(tmp_path: Path) -> None:
    saves = Saves()
    order = document([listed(7, 256), listed(3, 257), listed(5, 258)])
    saves.save(
        {1: order, 3: slide(), 5: slide(box(words("Drei")), box()), 7: slide(box(words("1")))}
    )
    path = ppt(tmp_path / "a.ppt", saves)
    assert pages(path) == [("1", 1), ("Drei", 3)]
    assert slides97.read(path, SPEC).details.pages == 3


def test_a_slide_has_its_outline_boxes_footer_and_comments(tmp_path: Path) -> None:
    comment = record(0x2EE0, string("Ada", 0), string("Too long", 1), string("A", 2))
    tagged = record(0x138A, string("___PPT10"), atom(0x138B, comment))
    others = record(0x138A, string("SOMEONE"), atom(0x138B, b"no records at all"))
    footer = record(0xFD9, atom(0xFDA, bytes(4)), string("today", 0), string("Confidential", 2))
    content = slide(
        box(atom(0xF9E, bytes(4))),
        box(words("Rent 北京 😀\rand\x0bmore"), narrow("Zähler")),
        box(words("Costs"), words("*")),
        footer,
        record(0x1388, others, tagged),
        string("a name", 3),
    )
    saves = Saves()
    outline = (atom(0xF9F, bytes(4)), words("Costs"), atom(0xFA1, b"style"), narrow("of März"))
    saves.save({1: document([listed(2, 256, *outline)]), 2: content})
    ((text, page),) = pages(ppt(tmp_path / "a.ppt", saves))
    assert page == 1
    assert text.split("\n") == [
        *("Costs", "of März", "Rent 北京 😀", "and", "more", "Zähler", "Confidential", "Too long")
    ]


def test_notes_stand_with_the_slide_that_names_them(tmp_path: Path) -> None:
    saves = Saves()
    slides = [listed(2, 256), listed(3, 257), listed(4, 258)]
    saves.save(
        {
            1: document(slides, [listed(5, 300), listed(6, 301)]),
            2: slide(box(words("One")), notes_id=301),
            3: slide(box(words("Two"))),
            4: slide(notes_id=300),
            5: notes(box(words("Say thanks")), box(words("*"))),
            6: notes(box(words("Say hello"))),
        }
    )
    found = pages(ppt(tmp_path / "a.ppt", saves))
    assert found == [("One\n\nSay hello", 1), ("Two", 2), ("Say thanks", 3)]


def test_what_was_edited_last_is_current(tmp_path: Path) -> None:
    saves = Saves()
    both = document([listed(2, 256), listed(3, 257)])
    saves.save({1: both, 2: slide(box(words("old"))), 3: slide(box(words("same")))})
    saves.save({2: slide(box(words("newer")))})
    saves.save({2: slide(box(words("newest")))})
    assert pages(ppt(tmp_path / "a.ppt", saves)) == [("newest", 1), ("same", 2)]


def test_details_are_what_the_presentation_says_of_itself(tmp_path: Path) -> None:
    saves = Saves()
    saves.save({1: document([listed(2, 256)]), 2: slide(box(words("One")))})
    properties = {"\x05SummaryInformation": summary(b"The lease", 1252)}
    details = slides97.read(ppt(tmp_path / "a.ppt", saves, **properties), SPEC).details
    assert (details.title, details.pages) == ("The lease", 1)


def test_a_presentation_with_a_password_says_so(tmp_path: Path) -> None:
    saves = Saves()
    saves.save({1: b"scrambled"})
    assert refused(ppt(tmp_path / "a.ppt", saves, token=0xF3D1C4DF)) is SkipReason.ENCRYPTED
    saves.save({1: b"scrambled"}, more=struct.pack("<I", 8))
    assert refused(ppt(tmp_path / "b.ppt", saves)) is SkipReason.ENCRYPTED
    (tmp_path / "c.ppt").write_bytes(compound_file({"EncryptedPackage": b"x"}))
    assert refused(tmp_path / "c.ppt") is SkipReason.ENCRYPTED


def test_edits_that_lead_back_to_themselves_are_damage(tmp_path: Path) -> None:
    parts = {1: document([listed(2, 256)]), 2: slide(box(words("One")))}
    for name, shift in (("itself.ppt", 0), ("ahead.ppt", 50)):
        saves = Saves()
        edit = saves.save(parts)
        saves = Saves()
        saves.save(parts, before=edit + shift)
        assert refused(ppt(tmp_path / name, saves)) is SkipReason.CORRUPT


@pytest.mark.parametrize(
    "parts",
    [
        {1: document([listed(8, 256)])},
        {1: slide()},
        {2: slide()},
        {1: document([listed(2, 256)]), 2: notes()},
        {1: document([words("of no slide")])},
        {1: document([listed(2, 256)]), 2: record(0x3EE, struct.pack("<HHI", 0, 0xFA0, 9_000))},
        {1: document([atom(0x3F3, b"short")])},
    ],
)
def test_damaged_records_are_told(tmp_path: Path, parts: dict[int, bytes]) -> None:
    saves = Saves()
    saves.save(parts)
    assert refused(ppt(tmp_path / "a.ppt", saves)) is SkipReason.CORRUPT


def test_a_missing_stream_or_mark_is_damage(tmp_path: Path) -> None:
    saves = Saves()
    saves.save({1: document([])})
    (tmp_path / "a.ppt").write_bytes(compound_file({"PowerPoint Document": saves.data}))
    assert refused(tmp_path / "a.ppt") is SkipReason.CORRUPT
    assert refused(ppt(tmp_path / "b.ppt", saves, token=1)) is SkipReason.CORRUPT


def test_deep_containers_are_read(tmp_path: Path) -> None:
    content = words("at the bottom")
    for _ in range(5000):
        content = record(0xF003, content)
    assert pages(simple_ppt(tmp_path / "a.ppt", slide(content))) == [("at the bottom", 1)]


def test_slides_that_share_their_bytes_are_not_read_without_end(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(powerpoint, "MOST_STEPS", 10_000)
    saves = Saves()
    same = [listed(2, number) for number in range(500)]
    saves.save({1: document(same), 2: slide(box(words("word " * 400)))})
    found = slides97.read(ppt(tmp_path / "a.ppt", saves), SPEC)
    assert found.details.pages == 500
    assert 4 <= len({passage.page for passage in found.passages}) <= 5


def test_of_many_slides_the_first_are_read(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(slides97, "MOST_SLIDES", 2)
    path = simple_ppt(tmp_path / "a.ppt", *(slide(box(words(f"No. {n}"))) for n in range(4)))
    assert pages(path) == [("No. 0", 1), ("No. 1", 2)]


def test_a_presentation_without_words_says_so_and_without_slides_too(tmp_path: Path) -> None:
    for path in (simple_ppt(tmp_path / "a.ppt", slide()), simple_ppt(tmp_path / "b.ppt")):
        assert refused(path) is SkipReason.NO_TEXT


def test_what_another_program_wrote_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.ppt").write_bytes(compound_file({"PP40": b"PowerPoint 95"}))
    assert refused(tmp_path / "a.ppt") is SkipReason.UNSUPPORTED
    (tmp_path / "b.ppt").write_text("just words")
    assert refused(tmp_path / "b.ppt") is SkipReason.WRONG_TYPE


def test_a_presentation_is_recognised_whatever_its_name(tmp_path: Path) -> None:
    path = simple_ppt(tmp_path / "a.txt", slide(box(words("One"))))
    reading = registry.read(path, SPEC)
    assert isinstance(reading, Reading)
    assert (reading.reader, reading.passages[0].text) == ("older slides", "One")
    assert word97.FAMILY.probe is not None
    assert not word97.FAMILY.probe(path)
    newer = registry.read(pptx(tmp_path / "b.ppt", [line("One")]), SPEC)
    assert isinstance(newer, Reading)
    assert newer.reader == "slides"


@pytest.mark.parametrize("suffix", [".ppt", ".pps", ".pot"])
def test_names_of_presentations_are_known(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(compound_file({"EncryptedPackage": b"x"}))
    outcome = registry.read(path, SPEC)
    assert isinstance(outcome, ReadFailure)
    assert outcome.reason is SkipReason.ENCRYPTED


def test_truncated_presentations_are_read_or_refused(tmp_path: Path) -> None:
    long = slide(box(words("The rent is due. " * 300)))
    data = simple_ppt(tmp_path / "a.ppt", long, long).read_bytes()
    path = tmp_path / "b.ppt"
    outcomes = set()
    for size in range(1, len(data), 197):
        path.write_bytes(data[:size])
        outcome = registry.read(path, SPEC)
        outcomes.add(type(outcome))
        assert isinstance(outcome, Reading) or outcome.detail
    assert ReadFailure in outcomes


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "testPPT_embedded2.ppt",
            ["Title of presentation", "Text for viewing", "The graph", "diskette"],
        ),
        ("testPPT_embeded.ppt", ["The quick brown fox jumps over the lazy dog"]),
    ],
)
def test_real_presentations_give_their_words(samples: Path, name: str, lines: list[str]) -> None:
    ((text, page),) = pages(samples / "documents" / name)
    assert (text.split("\n"), page) == (lines, 1)

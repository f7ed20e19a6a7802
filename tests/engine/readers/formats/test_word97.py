import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.readers import registry
from engine.readers.family import NotReadableError
from engine.readers.formats import slides97, word97
from engine.readings import PixelSpec, ReadFailure, Reading, SkipReason
from tests.engine.readers.formats.compound_file import compound_file
from tests.engine.readers.formats.office_files import docx, paragraph
from tests.engine.readers.formats.older_office_files import (
    ENCRYPTED,
    FAST_SAVED,
    NARROW,
    WIDE,
    doc,
    doc95,
    summary,
)

SPEC = PixelSpec(8, squash=True)


def text(path: Path) -> str:
    return "".join(passage.text for passage in word97.read(path, SPEC).passages)


def refused(path: Path) -> SkipReason:
    with pytest.raises(NotReadableError) as caught:
        word97.read(path, SPEC)
    assert caught.value.failure.detail
    return caught.value.failure.reason


def test_pieces_of_eight_and_of_sixteen_bits_are_read_in_their_order(tmp_path: Path) -> None:
    path = doc(
        tmp_path / "a.doc", ("Der “Zähler” – ", NARROW), ("北京 😀", WIDE), (" ende", NARROW)
    )
    assert text(path) == "Der “Zähler” – 北京 😀 ende"


@pytest.mark.parametrize("flags", [0, 0x200])
def test_the_table_that_the_document_names_is_the_one_that_counts(
    tmp_path: Path, flags: int
) -> None:
    other = "0Table" if flags else "1Table"
    path = doc(tmp_path / "a.doc", ("right", NARROW), flags=flags, **{other: b"\2 wrong"})
    assert text(path) == "right"


def test_notes_headers_comments_and_boxes_have_their_sections(tmp_path: Path) -> None:
    # Characters beyond the basic plane count as two: what follows must not be shifted.
    stories = ("The 😀 text.\r", "See below.\r", "Letterhead\r", "Really?\r", "Sources\r", "Box\r")
    lengths = [len(story.encode(WIDE)) // 2 for story in stories]
    path = doc(tmp_path / "a.doc", ("".join(stories), WIDE), lengths=lengths)
    found = [(p.section, p.text.strip()) for p in word97.read(path, SPEC).passages]
    assert found == [
        ("", "The 😀 text."),
        ("Footnotes", "See below."),
        ("Headers", "Letterhead"),
        ("Comments", "Really?"),
        ("Endnotes", "Sources"),
        ("", "Box"),
    ]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('see \x13 HYPERLINK "http://a.example" \x14our page\x15 now', "see our page now"),
        ("page \x13 PAGE \x15of two", "page of two"),
        ("\x13 IF \x13 X \x141\x15 = 1 \x14yes \x13 Y \x14indeed\x15\x15!", "yes indeed!"),
        ("left \x15 over \x14 marks \x13 end", "left  over  marks  end"),
        ("\x13a\x14" * 19 + "deep" + "\x15" * 19, "deep"),
    ],
)
def test_of_fields_the_results_are_read(tmp_path: Path, written: str, shown: str) -> None:
    assert text(doc(tmp_path / "a.doc", (written, NARROW))) == shown


def test_marks_become_white_space_and_hyphens(tmp_path: Path) -> None:
    table = "Rent\x07900\x07\x07Heating\x0780\x07\x07"
    path = doc(tmp_path / "a.doc", (f"Costs\r{table}co\x1fop\x1er\x0bl\x0cp\x01\x02\x08.", NARROW))
    assert text(path).split("\n") == ["Costs", "Rent\t900", "Heating\t80", "coop-r", "l", "p."]


def test_details_are_what_the_document_says_of_itself(tmp_path: Path) -> None:
    found = summary("Договор".encode("cp1251"), 1251)
    path = doc(tmp_path / "a.doc", ("words", NARROW), **{"\x05SummaryInformation": found})
    assert word97.read(path, SPEC).details.title == "Договор"


def test_a_document_with_a_password_says_so(tmp_path: Path) -> None:
    assert refused(doc(tmp_path / "a.doc", ("x", NARROW), flags=ENCRYPTED)) is SkipReason.ENCRYPTED
    assert refused(doc95(tmp_path / "b.doc", b"x", flags=ENCRYPTED)) is SkipReason.ENCRYPTED
    (tmp_path / "c.doc").write_bytes(compound_file({"EncryptedPackage": b"x"}))
    assert refused(tmp_path / "c.doc") is SkipReason.ENCRYPTED


def test_word_95_is_read_in_the_code_page_that_it_names(tmp_path: Path) -> None:
    properties = {"\x05SummaryInformation": summary(b"x", 1251)}
    path = doc95(tmp_path / "a.doc", "Договор\rаренды".encode("cp1251"), **properties)
    assert text(path) == "Договор\nаренды"
    assert text(doc95(tmp_path / "b.doc", "Zähler".encode("cp1252"))) == "Zähler"


def test_fast_saves_of_word_95_are_told_with_what_to_do(tmp_path: Path) -> None:
    path = doc95(tmp_path / "a.doc", b"words", flags=FAST_SAVED)
    with pytest.raises(NotReadableError) as caught:
        word97.read(path, SPEC)
    assert caught.value.failure.reason is SkipReason.UNSUPPORTED
    assert "DOCX" in caught.value.failure.detail


def test_damaged_tables_of_pieces_are_told(tmp_path: Path) -> None:
    beyond = doc(tmp_path / "a.doc", ("words", NARROW), starts=(0, 9_000))
    assert refused(beyond) is SkipReason.CORRUPT
    back = doc(tmp_path / "b.doc", ("words", NARROW), ("x", NARROW), starts=(0, 5, 2))
    assert refused(back) is SkipReason.CORRUPT
    (tmp_path / "c.doc").write_bytes(compound_file({"WordDocument": struct.pack("<H", 0xA5EC)}))
    assert refused(tmp_path / "c.doc") is SkipReason.CORRUPT
    (tmp_path / "d.doc").write_bytes(compound_file({"WordDocument": bytes(2000)}))
    assert refused(tmp_path / "d.doc") is SkipReason.CORRUPT
    assert refused(doc95(tmp_path / "e.doc", b"")) is SkipReason.NO_TEXT


def test_a_stream_that_claims_more_than_the_file_has_is_damage(tmp_path: Path) -> None:
    path = doc(tmp_path / "a.doc", ("words " * 1000, NARROW))
    data = bytearray(path.read_bytes())
    entry = data.find("WordDocument".encode("utf-16-le"))
    data[entry + 120 : entry + 124] = struct.pack("<I", 0x7FFF_FFFF)
    path.write_bytes(data)
    assert refused(path) is SkipReason.CORRUPT


def test_pieces_that_share_their_bytes_are_not_read_without_end(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(word97, "MOST_CHARACTERS", 50_000)
    size, count = 20_000, 300
    starts = range(0, size * (count + 1), size)
    pieces = [("rent " * (size // 5), NARROW), *[("", NARROW)] * (count - 1)]
    path = doc(tmp_path / "a.doc", *pieces, starts=starts, lengths=[size * count])
    # All pieces are the first one's bytes.
    first, others = (struct.pack("<HI", 0, 0x4000_0000 | at * 2) for at in (1024, 1024 + size))
    path.write_bytes(path.read_bytes().replace(others, first))
    passages = word97.read(path, SPEC).passages
    assert 49_000 < passages[-1].end <= 50_000


def test_of_a_long_document_the_beginning_is_read(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(word97, "MOST_CHARACTERS", 20)
    path = doc(tmp_path / "a.doc", ("The rent is due ", NARROW), ("on the third day.", WIDE))
    assert text(path) == "The rent is due on t"
    assert text(doc95(tmp_path / "b.doc", b"The rent is due on the third")) == text(path)


def test_a_document_without_words_says_so(tmp_path: Path) -> None:
    assert refused(doc(tmp_path / "a.doc", ("\r\r", NARROW))) is SkipReason.NO_TEXT


def test_what_another_program_wrote_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.doc").write_bytes(compound_file({"Quill": b"Publisher"}))
    assert refused(tmp_path / "a.doc") is SkipReason.UNSUPPORTED
    (tmp_path / "b.doc").write_text("just words")
    assert refused(tmp_path / "b.doc") is SkipReason.WRONG_TYPE
    (tmp_path / "c.doc").write_bytes(bytes(range(256)))
    assert refused(tmp_path / "c.doc") is SkipReason.CORRUPT


def test_a_document_is_recognised_whatever_its_name(tmp_path: Path) -> None:
    path = doc(tmp_path / "letter.txt", ("words", NARROW))
    reading = registry.read(path, SPEC)
    assert isinstance(reading, Reading)
    assert (reading.reader, reading.passages[0].text) == ("older word", "words")
    assert word97.FAMILY.probe is not None
    assert slides97.FAMILY.probe is not None
    assert not slides97.FAMILY.probe(path)


@pytest.mark.parametrize("suffix", [".doc", ".dot"])
@pytest.mark.parametrize(
    ("data", "reader"),
    [
        (rb"{\rtf1 The rent is due}", "rtf"),
        (b"<html><meta charset=windows-1251><body>The rent is due", "older word"),
        (b"\xef\xbb\xbf<!DOCTYPE html>\n<title>x</title>The rent is due", "older word"),
        (b'<?xml version="1.0"?>\n<html xmlns:o="o"><p>The rent is due</p></html>', "older word"),
    ],
)
def test_other_texts_of_this_name_are_read_as_what_they_are(
    tmp_path: Path, suffix: str, data: bytes, reader: str
) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data)
    reading = registry.read(path, SPEC)
    assert isinstance(reading, Reading)
    assert reading.reader == reader
    assert reading.passages[0].text.strip() == "The rent is due"


def test_a_page_of_this_name_is_read_in_its_encoding(tmp_path: Path) -> None:
    html = "<html><head><title>Договор</title><meta charset='cp1251'></head>Аренда"
    (tmp_path / "a.doc").write_bytes(html.encode("cp1251"))
    reading = word97.read(tmp_path / "a.doc", SPEC)
    assert (reading.details.title, reading.passages[0].text) == ("Договор", "Аренда")


def test_a_newer_document_of_this_name_is_read_by_its_reader(tmp_path: Path) -> None:
    reading = registry.read(docx(tmp_path / "a.doc", paragraph("words")), SPEC)
    assert isinstance(reading, Reading)
    assert reading.reader == "word"


@settings(max_examples=80, deadline=None)
@given(
    pieces=st.lists(
        st.tuples(st.text("aé–😀北 \x07\x0b\r\x13\x14\x15", max_size=9), st.just(WIDE))
        | st.tuples(st.text("aé– \x07\x0b\r\x13\x14\x15", max_size=9), st.just(NARROW)),
        max_size=6,
    )
)
def test_letters_outside_of_fields_are_all_read_in_order(pieces, tmp_path_factory) -> None:
    whole = "word " + "".join(words for words, _ in pieces).replace("\x13", "")
    path = doc(
        tmp_path_factory.getbasetemp() / "any.doc",
        ("word ", NARROW),
        *((words.replace("\x13", ""), encoding) for words, encoding in pieces),
    )
    seen = "".join(text(path).split())
    assert seen == "".join(letter for letter in whole if letter in "word" or letter in "aé–😀北")


def test_truncated_documents_are_read_or_refused(tmp_path: Path) -> None:
    whole = doc(tmp_path / "a.doc", ("The rent is due. " * 300, NARROW), ("北京" * 200, WIDE))
    data = whole.read_bytes()
    path = tmp_path / "b.doc"
    outcomes = set()
    for size in range(1, len(data), 97):
        path.write_bytes(data[:size])
        outcome = registry.read(path, SPEC)
        outcomes.add(type(outcome))
        assert isinstance(outcome, Reading) or outcome.detail
    assert ReadFailure in outcomes


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "section", "words"),
    [
        ("testWORD_boldHyperlink.doc", "", "This is a bold hyper link; bold, I say."),
        ("testWORD_closingSmartQInHyperLink.doc", "", "TIKA-1512"),
        ("testWORD_macros.doc", "", "The quick brown fox."),
        ("testWORD_numbered_list.doc", "", "Intervening table"),
        ("testWORD_numbered_list.doc", "", "I’m a little text box"),
        ("testWORD_numbered_list.doc", "Footnotes", "Footnote list 2a"),
        ("testWORD_numbered_list.doc", "Comments", "Let’s add a list here"),
    ],
)
def test_real_documents_give_their_words(
    samples: Path, name: str, section: str, words: str
) -> None:
    reading = word97.read(samples / "documents" / name, SPEC)
    found = (p.text for p in reading.passages if p.section == section)
    assert words in " ".join(" ".join(found).split())
    assert reading.details.author
    assert reading.details.taken_at is not None

import random
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.readers.family import NotReadableError
from engine.readers.formats import outlook
from engine.readings import DateSource, PixelSpec, ReadFailure, SkipReason
from tests.engine.readers.formats.compound_file import Tree, compound_file

SPEC = PixelSpec(8, squash=True)
SENT_AT = datetime(2024, 4, 13, 20, 36, 30, tzinfo=UTC)
UNICODE, BINARY, TIME, NUMBER = 0x1F, 0x102, 0x40, 0x3
CLASS, SUBJECT, SENDER, SENT, BODY, HTML = 0x1A, 0x37, 0xC1A, 0x39, 0x1000, 0x1013
DATA, FILE_NAME, METHOD, MIME, CONTENT_ID, FLAGS = 0x3701, 0x3707, 0x3705, 0x370E, 0x3712, 0x3714


def storage(header_bytes: int, properties: dict[int, object], **others: bytes | Tree) -> Tree:
    """A storage with its properties: texts, bytes, numbers and times."""
    table = bytes(header_bytes)
    streams: Tree = {}
    for name, value in properties.items():
        fixed = bytes(8)
        if isinstance(value, str | bytes):
            kind = UNICODE if isinstance(value, str) else BINARY
            data = value.encode("utf-16-le") if isinstance(value, str) else value
            streams[f"__substg1.0_{name:04X}{kind:04X}"] = data
            fixed = struct.pack("<II", len(data) + 2 * isinstance(value, str), 0)
        elif isinstance(value, datetime):
            kind = TIME
            ticks = (value - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds() * 10_000_000
            fixed = struct.pack("<Q", int(ticks))
        else:
            kind = NUMBER
            fixed = struct.pack("<iI", value, 0)
        table += struct.pack("<HHI", kind, name, 6) + fixed
    return {"__properties_version1.0": table, **streams, **others}


def message(path: Path, properties: dict[int, object] | None = None, *attached: Tree) -> Path:
    basic: dict[int, object] = {
        CLASS: "IPM.Note",
        SUBJECT: "The harbour",
        SENDER: "Ada Lindqvist",
        0x42: "Ada Lindqvist",
        SENT: SENT_AT,
        BODY: "The boat leaves\r\nat nine.",
        0x340D: 0x40000,
    }
    others = {f"__attach_version1.0_#{number:08X}": each for number, each in enumerate(attached)}
    path.write_bytes(compound_file(storage(32, basic | (properties or {}), **others)))
    return path


def attachment(name: str, data: bytes, more: dict[int, object] | None = None) -> Tree:
    return storage(8, {FILE_NAME: name, METHOD: 1, DATA: data} | (more or {}))


def reason(path: Path) -> SkipReason:
    with pytest.raises(NotReadableError) as caught:
        outlook.read(path, SPEC)
    return caught.value.failure.reason


def test_a_mail_says_who_wrote_it_when_and_what(tmp_path: Path) -> None:
    path = message(tmp_path / "a.msg")
    reading = outlook.read(path, SPEC)
    assert outlook.is_mail(path)
    assert reading.details.title == "The harbour"
    assert reading.details.author == "Ada Lindqvist"
    assert (reading.details.taken_at, reading.details.taken_from) == (SENT_AT, DateSource.MAIL)
    (passage,) = reading.passages
    assert passage.text.endswith("The boat leaves\nat nine.")
    assert passage.text.startswith("From: Ada Lindqvist\nSubject: The harbour")


def test_a_page_is_read_where_there_is_no_plain_text(tmp_path: Path) -> None:
    html = "<style>p {}</style><p>The boat</p><p>leaves</p>".encode("cp1252")
    path = message(tmp_path / "a.msg", {BODY: "", HTML: html, 0x3FDE: 1252})
    assert outlook.read(path, SPEC).passages[0].text.endswith("The boat\n\nleaves")


def test_attachments_are_members(tmp_path: Path) -> None:
    within = storage(
        24, {SUBJECT: "Re: 港口", SENDER: "Grace", SENT: SENT_AT, BODY: "Ten is late."}
    )
    path = message(
        tmp_path / "a.msg",
        None,
        attachment("../bill.pdf", b"%PDF-1.4"),
        storage(8, {0x3001: "Re: harbour", METHOD: 5}, **{"__substg1.0_3701000D": within}),
        attachment("logo.png", b"\x89PNG", {MIME: "image/png", CONTENT_ID: "logo@x"}),
        attachment("icon.jpg", b"\xff\xd8", {MIME: "image/jpeg", FLAGS: 4}),
        attachment("seal.jpg", b"\xff\xd8", {MIME: "image/jpeg", FLAGS: 0}),
        attachment("photo.png", b"\x89PNG" * 9000, {MIME: "image/png", CONTENT_ID: "photo@x"}),
    )
    found = {file.name: file.data for file in outlook.attached(path)}
    assert list(found) == ["bill.pdf", "Re: harbour.eml", "seal.jpg", "photo.png"]
    assert found["bill.pdf"] == b"%PDF-1.4"
    mail = found["Re: harbour.eml"]
    assert isinstance(mail, bytes)
    (tmp_path / "b.eml").write_bytes(mail)
    from engine.readers.formats import mail as eml

    inside = eml.read(tmp_path / "b.eml", SPEC)
    assert inside.details.title == "Re: 港口"
    assert inside.details.taken_at == SENT_AT
    assert inside.passages[0].text.endswith("Ten is late.")


@pytest.mark.parametrize(
    ("kind", "is_locked"),
    [("IPM.Note.SMIME", True), ("IPM.Note.SMIME.MultipartSigned", False), ("IPM.Note", False)],
)
def test_an_encrypted_mail_says_so(tmp_path: Path, kind: str, is_locked: bool) -> None:
    path = message(tmp_path / "a.msg", {CLASS: kind})
    if is_locked:
        assert reason(path) is SkipReason.ENCRYPTED
    else:
        assert outlook.read(path, SPEC).passages


def test_other_compound_files_are_left_to_their_readers(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(compound_file({"WordDocument": b"x" * 600, "1Table": b"y"}))
    assert outlook.FAMILY.recognises(path.read_bytes()[:512])
    assert not outlook.is_mail(path)


def test_what_is_no_mail_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.msg").write_text("just words")
    assert reason(tmp_path / "a.msg") is SkipReason.WRONG_TYPE
    (tmp_path / "b.msg").write_bytes(compound_file({"WordDocument": b"x"}))
    assert reason(tmp_path / "b.msg") is SkipReason.CORRUPT


def test_a_mail_that_is_too_large_says_so(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(outlook, "MOST_BYTES", 1000)
    assert reason(message(tmp_path / "a.msg")) is SkipReason.TOO_LARGE


def test_mutated_mails_are_read_or_refused(tmp_path: Path) -> None:
    whole = message(tmp_path / "a.msg", None, attachment("bill.pdf", b"%PDF-1.4" * 30)).read_bytes()
    path = tmp_path / "b.msg"
    chance = random.Random(3)
    read = 0
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data if chance.random() < 0.8 else data[: chance.randrange(len(data))])
        try:
            outlook.is_mail(path)
            outlook.read(path, SPEC)
            files = list(outlook.attached(path))
            assert all(isinstance(file.data, bytes | ReadFailure) for file in files)
            read += 1
        except NotReadableError as error:
            assert error.failure.reason in SkipReason
    assert 0 < read < 400


@pytest.mark.samples
def test_real_mails_are_read(samples: Path) -> None:
    folder = samples / "documents"
    welcome = outlook.read(folder / "test-outlook2003.msg", SPEC)
    assert welcome.details.title == "Welcome to Microsoft Office Outlook 2003"
    assert welcome.details.author == "Microsoft Outlook 2003 Team"
    assert len(welcome.passages) > 10
    names = [file.name for file in outlook.attached(folder / "testMSG_att_msg.msg")]
    assert names == ["Test Attachment.eml", "smbprn.00009008.KdcPjl.pdf"]
    for path in (*folder.glob("*.doc"), *folder.glob("*.xls"), *folder.glob("*.ppt")):
        assert not outlook.is_mail(path), path

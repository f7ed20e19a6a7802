import random
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from pathlib import Path

import pytest

from engine.readers.family import MemberFile, NotReadableError
from engine.readers.formats import mail
from engine.readers.packages import members, mime
from engine.readings import DateSource, PixelSpec, ReadFailure, Reading, SkipReason

SPEC = PixelSpec(8, squash=True)
CHINESE = "我们去年秋天在北京看了长城，天气很好，山上的树叶都红了。"


def written(path: Path, data: bytes | EmailMessage) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.as_bytes())
    return path


def message(body: str = "The boat leaves at nine.") -> EmailMessage:
    made = EmailMessage()
    made["From"] = "Ada Lindqvist <ada@example.org>"
    made["To"] = "Grace <grace@example.org>"
    made["Cc"] = "Alan <alan@example.org>"
    made["Subject"] = "The harbour, on Sunday"
    made["Date"] = "Sat, 13 Apr 2024 20:36:30 +0200"
    made.set_content(body)
    return made


def text_of(reading: Reading) -> str:
    return "\n".join(passage.text for passage in reading.passages)


def by_name(files: list[MemberFile]) -> dict[str, bytes | ReadFailure]:
    return {file.name: file.data for file in files}


def test_a_mail_says_who_wrote_it_when_and_what(tmp_path: Path) -> None:
    reading = mail.read(written(tmp_path / "a.eml", message()), SPEC)
    details = reading.details
    assert details.title == "The harbour, on Sunday"
    assert details.author == "Ada Lindqvist"
    assert details.taken_at == datetime(
        2024, 4, 13, 20, 36, 30, tzinfo=timezone(timedelta(hours=2))
    )
    assert details.taken_from is DateSource.MAIL
    text = text_of(reading)
    assert "To: Grace <grace@example.org>, Alan <alan@example.org>" in text
    assert text.endswith("The boat leaves at nine.")


def test_offsets_are_those_of_the_whole_text(tmp_path: Path) -> None:
    made = message("\r\n".join(f"Line {number} of a long letter." for number in range(200)))
    path = written(tmp_path / "a.eml", made)
    whole = mime.letter(mime.parsed(path.read_bytes())).text
    found = mail.read(path, SPEC).passages
    assert len(found) > 5
    assert all(whole[passage.start : passage.end] == passage.text for passage in found)


def test_a_soft_hyphen_parts_no_word_of_a_mail(tmp_path: Path) -> None:
    path = written(tmp_path / "a.eml", message("The Donau\u00addampf\u00adschiff leaves."))
    assert text_of(mail.read(path, SPEC)).endswith("The Donaudampfschiff leaves.")


def test_of_two_forms_the_plain_one_is_read(tmp_path: Path) -> None:
    made = message("plain words")
    made.add_alternative("<p>marked-up words</p>", subtype="html")
    text = text_of(mail.read(written(tmp_path / "a.eml", made), SPEC))
    assert "plain words" in text
    assert "marked-up" not in text


def test_a_page_is_read_where_the_plain_form_is_empty(tmp_path: Path) -> None:
    made = message(" \n")
    made.add_alternative("<style>p {}</style><p>marked-up<br>words</p>", subtype="html")
    text = text_of(mail.read(written(tmp_path / "a.eml", made), SPEC))
    assert text.endswith("marked-up\nwords")


@pytest.mark.parametrize("charset", ["utf-8", "gb2312", "gb18030", "big5", "iso-8859-1"])
def test_a_body_is_read_in_the_encoding_that_it_names(tmp_path: Path, charset: str) -> None:
    body = {"big5": "我們在臺北看了故宮。", "iso-8859-1": "Schlüssel übergeben"}.get(
        charset, CHINESE
    )
    head = f"From: a@example.org\r\nContent-Type: text/plain; charset={charset}\r\n\r\n"
    path = written(tmp_path / "a.eml", head.encode() + body.encode(charset))
    assert body in text_of(mail.read(path, SPEC))


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        (b"=?utf-8?b?5Lit5paH?=", "中文"),
        (b"=?gb2312?B?1tDOxA==?= =?gb2312?B?1tDOxA==?=", "中文中文"),
        (b"=?iso-8859-1?Q?Gr=FC=DFe?= aus Kiel", "Grüße aus Kiel"),
        (b"=?no-such-charset?Q?words?=", "words"),
        (b"=?utf-8?b?not base 64!?=", "=?utf-8?b?not base 64!?="),
        ("Grüße".encode(), "Grüße"),
        ("北京的长城".encode("gbk") + b"\r\nContent-Type: text/plain; charset=GBK", "北京的长城"),
        (b"folded\r\n over two lines", "folded over two lines"),
    ],
)
def test_subjects_are_decoded(tmp_path: Path, subject: bytes, shown: str) -> None:
    path = written(tmp_path / "a.eml", b"From: a@b.c\r\nSubject: " + subject + b"\r\n\r\nx")
    assert mail.read(path, SPEC).details.title == shown


@pytest.mark.parametrize(
    ("headers", "sent_at"),
    [
        (b"Date: Sat, 13 Apr 2024 20:36:30 GMT", datetime(2024, 4, 13, 20, 36, 30, tzinfo=UTC)),
        (b"Date: Thu, 01 Jan 1970 00:00:00 +0000", None),
        (b"Date: yesterday", None),
        (b"Date: Sat, 99 Apr 2024 20:36:30 +9999", None),
        (
            b"Received: from a by b; Sat, 13 Apr 2024 20:36:30 +0000",
            datetime(2024, 4, 13, 20, 36, 30, tzinfo=UTC),
        ),
    ],
)
def test_the_date_is_when_it_was_sent(tmp_path: Path, headers: bytes, sent_at: object) -> None:
    path = written(tmp_path / "a.eml", b"From: a@b.c\r\n" + headers + b"\r\n\r\nx")
    details = mail.read(path, SPEC).details
    assert details.taken_at == sent_at
    assert (details.taken_from is None) == (sent_at is None)


def test_attachments_are_members(tmp_path: Path) -> None:
    made = message()
    made.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="Rechnung.pdf")
    made.add_attachment("notes", filename="../../notes.txt")
    made.add_attachment(b"\xff\xd8\xff", maintype="image", subtype="jpeg")
    made.add_attachment(message("A letter within."), filename=None)
    path = written(tmp_path / "a.eml", made)
    found = by_name(list(mail.attached(path)))
    assert found["Rechnung.pdf"] == b"%PDF-1.4"
    assert found["notes.txt"] == b"notes\n"
    assert any(name.endswith(".jpg") for name in found)
    inside = found["The harbour, on Sunday.eml"]
    assert isinstance(inside, bytes)
    assert b"A letter within." in inside
    assert "A letter within." not in text_of(mail.read(path, SPEC))


def test_a_name_beyond_ascii_is_decoded(tmp_path: Path) -> None:
    made = message()
    made.add_attachment(b"1", maintype="application", subtype="pdf", filename="合同.pdf")
    found = by_name(list(mail.attached(written(tmp_path / "a.eml", made))))
    assert list(found) == ["合同.pdf"]


def test_the_icons_of_a_letterhead_are_no_attachments(tmp_path: Path) -> None:
    made = message()
    made.add_alternative("<img src='cid:logo'><img src='cid:photo'>", subtype="html")
    page = made.get_payload()[1]
    for name, size in (("logo", 900), ("photo", 90_000)):
        page.add_related(b"\xff\xd8" * size, "image", "jpeg", cid=name, filename=f"{name}.jpg")
    found = by_name(list(mail.attached(written(tmp_path / "a.eml", made))))
    assert list(found) == ["photo.jpg"]


def test_attachments_are_bounded(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(members, "MOST_MEMBERS", 3)
    monkeypatch.setattr(members, "MOST_MEMBER_BYTES", 100)
    made = message()
    for number in range(5):
        made.add_attachment(
            b"x" * (200 if number == 1 else 10),
            maintype="application",
            subtype="pdf",
            filename=f"{number}.pdf",
        )
    found = by_name(list(mail.attached(written(tmp_path / "a.eml", made))))
    assert list(found) == ["0.pdf", "1.pdf", "2.pdf"]
    assert isinstance(found["1.pdf"], ReadFailure)


def test_a_mail_is_told_by_its_headers(tmp_path: Path) -> None:
    data = b"Received: from a\r\nFrom: a@b.c\r\nDate: Sat, 13 Apr 2024 20:36:30 +0000\r\n\r\nx"
    assert mail.FAMILY.recognises(data)
    assert mail.is_mail(written(tmp_path / "a", data))
    assert not mail.is_mail(written(tmp_path / "b", b"Received: two boxes.\n\nFrom: me\nDate: no"))


def test_what_is_no_mail_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotReadableError) as caught:
        mail.read(written(tmp_path / "a.eml", bytes(range(256)) * 9), SPEC)
    assert caught.value.failure.reason is SkipReason.WRONG_TYPE


def test_a_mail_that_is_too_large_says_so(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(mail, "MOST_BYTES", 50)
    with pytest.raises(NotReadableError) as caught:
        mail.read(written(tmp_path / "a.eml", message()), SPEC)
    assert caught.value.failure.reason is SkipReason.TOO_LARGE


def test_a_mail_nested_without_end_is_read_or_refused(tmp_path: Path) -> None:
    head = b"From: a@b.c\r\n"
    for number in range(2000):
        head += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number)
    path = written(tmp_path / "a.eml", head + b"\r\nwords")
    for task in (lambda: mail.read(path, SPEC), lambda: list(mail.attached(path))):
        try:
            task()
        except NotReadableError as error:
            assert error.failure.reason is SkipReason.CORRUPT


def test_mutated_mails_are_read_or_refused(tmp_path: Path) -> None:
    made = message("Words in a body, =?utf-8?q?of=20some=20length?=.")
    made.add_alternative("<p>Words &amp; more</p>", subtype="html")
    made.add_attachment(b"%PDF-1.4" * 40, maintype="application", subtype="pdf", filename="ä.pdf")
    made.add_attachment(message("inside"))
    whole = made.as_bytes()
    chance = random.Random(5)
    outcomes = set()
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 12)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path = written(tmp_path / "a.eml", bytes(data[: chance.randint(1, len(data))]))
        try:
            mail.read(path, SPEC)
            list(mail.attached(path))
            outcomes.add("read")
        except NotReadableError as error:
            outcomes.add(error.failure.reason)
    assert "read" in outcomes


@pytest.mark.samples
def test_real_mails_are_read(samples: Path) -> None:
    folder = samples / "documents"
    forwarded = mail.read(folder / "testRFC822_multipart_attachments.eml", SPEC)
    assert "This is test email for EML1" in text_of(forwarded)
    assert list(by_name(list(mail.attached(folder / "testRFC822_multipart_attachments.eml")))) == [
        "Test TxtA.txt",
        "Test TxtB.txt",
    ]
    inside = by_name(list(mail.attached(folder / "testGroupWiseEml.eml")))
    assert b"Subject: test2" in bytes(inside["test.eml"])
    assert mail.read(folder / "testLotusEml.eml", SPEC).details.author == "XXX.XXX@XXXX.de"
    assert "lost the game" in text_of(mail.read(folder / "testRFC822_dkim.eml", SPEC))

import mailbox
import os
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path

import pytest

from engine.readers.family import NotReadableError
from engine.readers.formats import mbox
from engine.readers.packages import members
from engine.readings import DateSource, PixelSpec, ReadFailure, SkipReason

SPEC = PixelSpec(8, squash=True)


def letter(number: int, body: str = "") -> EmailMessage:
    made = EmailMessage()
    made["From"] = f"Ada <ada{number}@example.org>"
    made["Subject"] = f"Subject {number}"
    made["Date"] = f"Sat, {number + 10} Apr 2024 20:36:30 +0000"
    made.set_content(body or f"Body of letter {number}.")
    return made


def written(path: Path, *letters: EmailMessage) -> Path:
    box = mailbox.mbox(path)
    for each in letters:
        box.add(each)
    box.close()
    return path


def test_each_mail_is_a_page_with_its_subject(tmp_path: Path) -> None:
    reading = mbox.read(written(tmp_path / "a.mbox", *map(letter, range(3))), SPEC)
    assert [(p.page, p.section) for p in reading.passages] == [
        (1, "Subject 0"),
        (2, "Subject 1"),
        (3, "Subject 2"),
    ]
    assert "Body of letter 1." in reading.passages[1].text
    assert reading.details.pages == 3
    assert reading.details.taken_from is DateSource.MAIL
    assert reading.details.taken_at is not None
    assert reading.details.taken_at.day == 12


def test_offsets_go_on_from_mail_to_mail(tmp_path: Path) -> None:
    long = "\n".join(f"Sentence {number} of this letter." for number in range(80))
    path = written(tmp_path / "a.mbox", *(letter(number, long) for number in range(3)))
    passages = mbox.read(path, SPEC).passages
    assert len(passages) > 6
    assert all(a.end <= b.start for a, b in pairwise(passages))
    assert all(p.end - p.start == len(p.text) for p in passages)


def test_a_quoted_from_line_begins_no_mail(tmp_path: Path) -> None:
    body = "A line.\n\nFrom here on, at 12:30 in 2024, it is quoted.\n"
    reading = mbox.read(written(tmp_path / "a.mbox", letter(0, body), letter(1)), SPEC)
    assert reading.details.pages == 2
    assert "\nFrom here on" in reading.passages[0].text


def test_attachments_are_named_by_mail_and_file(tmp_path: Path) -> None:
    letters = [letter(number) for number in range(3)]
    letters[1].add_attachment(b"%PDF-1.4", "application", "pdf", filename="bill.pdf")
    del letters[2]["Subject"]
    letters[2].add_attachment(b"%PDF-1.5", "application", "pdf", filename="bill.pdf")
    found = {file.name: file.data for file in mbox.attached(written(tmp_path / "a", *letters))}
    assert found == {"Subject 1 › bill.pdf": b"%PDF-1.4", "mail 3 › bill.pdf": b"%PDF-1.5"}


def test_of_many_mails_the_newest_are_read(tmp_path: Path, monkeypatch) -> None:
    path = written(tmp_path / "a.mbox", *map(letter, range(6)))
    monkeypatch.setattr(mbox, "MOST_MAILS", 2)
    sections = [passage.section for passage in mbox.read(path, SPEC).passages]
    assert sections == ["Subject 4", "Subject 5"]


def test_of_a_large_file_the_end_is_read(tmp_path: Path, monkeypatch) -> None:
    path = written(tmp_path / "a.mbox", *map(letter, range(6)))
    monkeypatch.setattr(mbox, "MOST_BYTES", path.stat().st_size // 2)
    sections = [passage.section for passage in mbox.read(path, SPEC).passages]
    assert sections in (["Subject 4", "Subject 5"], ["Subject 3", "Subject 4", "Subject 5"])


def test_of_many_passages_those_of_the_newest_mails_are_kept(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(mbox, "MOST_PASSAGES", 4)
    reading = mbox.read(written(tmp_path / "a.mbox", *map(letter, range(6))), SPEC)
    assert [(p.page, p.section) for p in reading.passages] == [
        (number, f"Subject {number - 1}") for number in (3, 4, 5, 6)
    ]
    assert reading.passages[0].start == 0
    assert reading.details.pages == 6
    assert reading.details.taken_at is not None
    assert reading.details.taken_at.day == 15


def test_of_many_attachments_those_of_the_newest_mails_are_read(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(members, "MOST_MEMBERS", 2)
    letters = [letter(number) for number in range(4)]
    for each in letters:
        each.add_attachment(b"%PDF-1.4", "application", "pdf", filename="bill.pdf")
    names = [file.name for file in mbox.attached(written(tmp_path / "a.mbox", *letters))]
    assert names == ["Subject 3 › bill.pdf", "Subject 2 › bill.pdf"]


def test_reading_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = written(tmp_path / "a.mbox", *map(letter, range(2)))
    os.utime(path, ns=(1, 1))
    path.chmod(0o400)
    mbox.read(path, SPEC)
    list(mbox.attached(path))
    assert path.stat().st_mtime_ns == 1


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        ("From ada@example.org Sat Apr 13 20:36:30 2024\nReceived: by b\n", True),
        ("From - Sat Apr 13 20:36:30 2024\r\nX-Mozilla-Status: 0001\r\n", True),
        ("From 17@xxx Sat Apr 13 20:36:30 +0000 2024\nX-GM-THRID: 17\n", True),
        ("From Paris to London in 2019\nNotes: none\n", False),
        ("From the beginning.\n", False),
    ],
)
def test_a_folder_of_mails_is_told_by_its_first_lines(
    tmp_path: Path, head: str, is_one: bool
) -> None:
    (tmp_path / "Inbox").write_bytes(head.encode())
    assert mbox.FAMILY.recognises(head.encode())
    assert mbox.is_mailbox(tmp_path / "Inbox") is is_one


def test_what_is_no_folder_of_mails_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.mbox").write_bytes(bytes(range(256)) * 30)
    with pytest.raises(NotReadableError) as caught:
        mbox.read(tmp_path / "a.mbox", SPEC)
    assert caught.value.failure.reason is SkipReason.WRONG_TYPE


def test_a_damaged_mail_harms_no_other(tmp_path: Path) -> None:
    nested = b"From - Sat Apr 13 20:36:30 2024\nFrom: a@b.c\n"
    for number in range(2000):
        nested += b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (number, number)
    path = written(tmp_path / "a.mbox", letter(0))
    path.write_bytes(path.read_bytes() + b"\n" + nested + b"\n\n")
    with path.open("ab") as file:
        file.write(b"From - Sat Apr 13 20:36:31 2024\n" + letter(1).as_bytes())
    sections = [passage.section for passage in mbox.read(path, SPEC).passages]
    assert {"Subject 0", "Subject 1"} <= set(sections)
    assert all(not isinstance(file.data, ReadFailure) for file in mbox.attached(path))

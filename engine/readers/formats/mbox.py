"""Reads folders of mail in one file: MBOX, as Thunderbird, Apple Mail and Gmail write it.

The standard library's own reader opens the file for writing, which a watcher takes for a change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from engine.readers import faults
from engine.readers.family import HEAD_BYTES, Family, MemberFile, NotReadableError
from engine.readings import DateSource, Details, Kind, Passage, PixelSpec, Reading, SkipReason

if TYPE_CHECKING:
    from engine.readers.packages.mime import Letter

MOST_BYTES = 256 << 20
"""Of a larger file the end is read, where the newest mails are."""
MOST_MAILS = 3000
"""Of more mails the newest are read."""
MOST_MAIL_BYTES = 48 << 20
MOST_PASSAGES = 8000

_APART = "\n\n"
_SEPARATOR = re.compile(rb"From \S.*\d\d:\d\d.*\d{4}.*\n")
_ENVELOPE = re.compile(_SEPARATOR.pattern + rb">?[A-Za-z][A-Za-z0-9-]*:")
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_SUBJECT_CHARS = 80


def read(path: Path, _spec: PixelSpec) -> Reading:
    """The texts of the mails: each is a page, whose section is its subject."""
    from engine.readers.packages import mime

    passages: list[Passage] = []
    newest: Letter | None = None
    offset = count = 0
    for count, data in enumerate(_mails(path), 1):
        with _passing_over():
            letter = mime.letter(mime.parsed(data))
            room = MOST_PASSAGES - len(passages)
            passages += islice(_passages(letter, count, offset), room)
            offset += len(letter.text) + len(_APART)
            newest = letter if letter.sent_at else newest
    if not count:
        raise NotReadableError(
            SkipReason.WRONG_TYPE, "The file is named .mbox but is no folder of mails."
        )
    if not passages:
        raise NotReadableError(SkipReason.NO_TEXT, "There are no words in these mails.")
    return Reading(
        kind=Kind.DOCUMENT,
        passages=tuple(passages),
        details=Details(
            pages=count,
            taken_at=newest.sent_at if newest else None,
            taken_from=DateSource.MAIL if newest else None,
        ),
    )


def attached(path: Path) -> Iterator[MemberFile]:
    """The files attached to the mails, each named by its mail's subject and its own name."""
    from engine.readers.packages import members, mime

    allowance = members.Allowance()
    for number, data in enumerate(_mails(path), 1):
        if allowance.is_spent:
            return
        with _passing_over():
            mail = mime.parsed(data)
            subject = members.cleaned(mime.header(mail, "Subject").replace("/", " "))
            prefix = (subject[:_SUBJECT_CHARS] or f"mail {number}") + members.BETWEEN_NAMES
            yield from mime.attachments(mail, allowance, prefix)


def is_mailbox(path: Path) -> bool:
    """Whether the first lines are an envelope and a header."""
    with path.open("rb") as file:
        return _ENVELOPE.match(file.read(HEAD_BYTES)) is not None


FAMILY = Family(
    name="mbox",
    kind=Kind.DOCUMENT,
    extensions=frozenset((".mbox", ".mbx")),
    decoders=("engine.readers.packages.mime", "engine.readers.texts.passages", "selectolax.lexbor"),
    signatures=({0: b"From "},),
    probe=is_mailbox,
    read=read,
    members=attached,
)


def _mails(path: Path) -> Iterator[bytes]:
    """The newest mails, oldest first."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        starts = list(_starts(path, max(0, size - MOST_BYTES)))
        for start, end in pairwise([*starts[-MOST_MAILS:], size]):
            file.seek(start)
            file.readline()
            data = file.read(min(end - file.tell(), MOST_MAIL_BYTES))
            yield _QUOTED.sub(rb"\1", data)


def _starts(path: Path, first: int) -> Iterator[int]:
    """Where mails begin: at lines like an envelope's, which stand after an empty one."""
    with path.open("rb") as file:
        file.seek(first)
        position = first
        is_after_empty = first == 0
        for line in file:
            if is_after_empty and line.startswith(b"From ") and _SEPARATOR.match(line):
                yield position
            is_after_empty = line in (b"\n", b"\r\n")
            position += len(line)


@contextmanager
def _passing_over() -> Iterator[None]:
    """Leaves out a mail that is damaged: the others are well."""
    try:
        yield
    # The parser meets what it did not expect in many ways.
    except Exception as error:
        if faults.is_of_system(error):
            raise


def _passages(letter: Letter, page: int, offset: int) -> Iterator[Passage]:
    from engine.readers.texts import passages

    for passage in passages.split(letter.text):
        yield replace(
            passage,
            start=passage.start + offset,
            end=passage.end + offset,
            page=page,
            section=letter.subject[:_SUBJECT_CHARS],
        )

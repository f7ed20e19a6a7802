"""Reads folders of mail in one file: MBOX, as Thunderbird, Apple Mail and Gmail write it.

The standard library's own reader opens the file for writing, which a watcher takes for a change.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
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
"""Of more passages those of the newest mails are kept."""

_APART = "\n\n"
_SEPARATOR = re.compile(rb"From \S.*\d\d:\d\d.*\d{4}.*\n")
_ENVELOPE = re.compile(_SEPARATOR.pattern + rb">?[A-Za-z][A-Za-z0-9-]*:")
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_SUBJECT_CHARS = 80


def read(path: Path, _spec: PixelSpec) -> Reading:
    """The texts of the mails: each is a page, whose section is its subject."""
    from engine.readers.packages import mime
    from engine.readers.texts import passages as splitting

    starts = _starts(path)
    if not starts:
        raise NotReadableError(
            SkipReason.WRONG_TYPE, "The file is named .mbox but is no folder of mails."
        )
    letters: list[tuple[int, Letter, list[Passage]]] = []
    room = MOST_PASSAGES
    for number, data in _newest_first(path, starts):
        with _passing_over():
            letter = mime.letter(mime.parsed(data))
            parts = list(islice(splitting.split(letter.text), room))
            letters.append((number, letter, parts))
            room -= len(parts)
        if not room:
            break
    passages: list[Passage] = []
    offset = 0
    for number, letter, parts in reversed(letters):
        passages += (_placed(part, letter, number, offset) for part in parts)
        offset += len(letter.text) + len(_APART)
    if not passages:
        raise NotReadableError(SkipReason.NO_TEXT, "There are no words in these mails.")
    sent_at = next((letter.sent_at for _, letter, _ in letters if letter.sent_at), None)
    return Reading(
        kind=Kind.DOCUMENT,
        passages=tuple(passages),
        details=Details(
            pages=len(starts),
            taken_at=sent_at,
            taken_from=DateSource.MAIL if sent_at else None,
        ),
    )


def attached(path: Path) -> Iterator[MemberFile]:
    """The files attached to the mails, those of the newest first, each named by its mail's subject
    and its own name."""
    from engine.readers.packages import members, mime

    allowance = members.Allowance()
    for number, data in _newest_first(path, _starts(path)):
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
    version=2,
    extensions=frozenset((".mbox", ".mbx")),
    decoders=("engine.readers.packages.mime", "engine.readers.texts.passages", "selectolax.lexbor"),
    signatures=({0: b"From "},),
    probe=is_mailbox,
    read=read,
    members=attached,
)


def _newest_first(path: Path, starts: list[int]) -> Iterator[tuple[int, bytes]]:
    """Each mail with its number, from the last one back to 1."""
    with path.open("rb") as file:
        ends = [*starts[1:], file.seek(0, 2)]
        for number in range(len(starts), 0, -1):
            file.seek(starts[number - 1])
            file.readline()
            data = file.read(min(ends[number - 1] - file.tell(), MOST_MAIL_BYTES))
            yield number, _QUOTED.sub(rb"\1", data)


def _starts(path: Path) -> list[int]:
    """Where the newest mails begin, oldest first."""
    first = max(0, path.stat().st_size - MOST_BYTES)
    return list(deque(_separators(path, first), MOST_MAILS))


def _separators(path: Path, first: int) -> Iterator[int]:
    """Where lines are like an envelope's and stand after an empty one, from offset `first` on."""
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


def _placed(passage: Passage, letter: Letter, number: int, offset: int) -> Passage:
    return replace(
        passage,
        start=passage.start + offset,
        end=passage.end + offset,
        page=number,
        section=letter.subject[:_SUBJECT_CHARS],
    )

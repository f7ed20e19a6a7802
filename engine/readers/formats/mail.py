"""Reads mails that were saved to files of their own: EML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

from engine.readers import faults, whole
from engine.readers.family import Family, MemberFile, NotReadableError
from engine.readings import Kind, PixelSpec, Reading, SkipReason

MOST_BYTES = 96 << 20
"""Mail servers take half of that."""

_HEAD_BYTES = 16 << 10
_FIRST_HEADERS = (b"Received: ", b"Return-Path: ", b"Return-path: ", b"Delivered-To: ", b"X-")
_FROM = re.compile(rb"^From: ", re.MULTILINE)
_SENT = re.compile(rb"^(Date|Message-I[Dd]): ", re.MULTILINE)


def read(path: Path, _spec: PixelSpec) -> Reading:
    """The text of a mail, who wrote it, when, and about what."""
    from engine.readers.packages import mime

    with faults.refused(faults.mail):
        letter = mime.letter(_mail(path))
    return mime.reading(letter)


def attached(path: Path) -> Iterator[MemberFile]:
    """The files that are attached to a mail."""
    from engine.readers.packages import members, mime

    with faults.refused(faults.mail):
        yield from mime.attachments(_mail(path), members.Allowance())


def is_mail(path: Path) -> bool:
    """Whether a file that begins with a header has those of a mail."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    head = head.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return _FROM.search(head) is not None and _SENT.search(head) is not None


FAMILY = Family(
    name="mail",
    kind=Kind.DOCUMENT,
    version=3,
    extensions=frozenset((".eml",)),
    decoders=(
        "engine.readers.packages.mime",
        "engine.readers.texts.passages",
        "py3langid.langid",
        "selectolax.lexbor",
    ),
    signatures=tuple({0: header} for header in _FIRST_HEADERS),
    probe=is_mail,
    read=read,
    members=attached,
)


def _mail(path: Path) -> Message:
    from engine.readers.packages import mime

    mail = mime.parsed(
        whole.data(path, MOST_BYTES, noun="mail", advice="Save its attachments to files.")
    )
    if not mail.keys():
        raise NotReadableError(
            SkipReason.WRONG_TYPE, "The file is named .eml but is no mail: it has no headers."
        )
    return mail

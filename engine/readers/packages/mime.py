"""Reads internet mail (RFC 5322, MIME): who wrote it, when, what it says, what is attached."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import parseaddr, parsedate_to_datetime
from itertools import islice

from engine.readers.family import MemberFile, NotReadableError
from engine.readers.packages import members
from engine.readers.texts import encodings, language, markup, passages
from engine.readings import DateSource, Details, Kind, Reading, SkipReason

MOST_PARTS = 2000
"""Of a mail's parts, the first are read."""
HEADER_CHARS = 2000
TITLE_CHARS = 200
DECORATION_BYTES = 8 << 10
"""Pictures within the text are a letterhead or an icon up to this size, and no attachments."""

_EARLIEST_YEAR, _LATEST_YEAR = 1971, 2100
_EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/heic": ".heic",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/csv": ".csv",
    "message/rfc822": ".eml",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "application/zip": ".zip",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says: `author` is a name, or an address where there is none."""

    subject: str
    sender: str
    recipients: str
    sent_at: datetime | None
    body: str

    @property
    def author(self) -> str | None:
        """The sender's name, or the address."""
        name, address = parseaddr(self.sender)
        return name or (address if "@" in address else self.sender) or None

    @property
    def text(self) -> str:
        """The mail as it is read: who, to whom and about what, then the body."""
        heads = (("From", self.sender), ("To", self.recipients), ("Subject", self.subject))
        head = "\n".join(f"{name}: {words}" for name, words in heads if words)
        return passages.whole_words(f"{head}\n\n{self.body}").strip()


def parsed(data: bytes) -> Message:
    """The mail in `data`: anything at all is one, if need be without headers."""
    return BytesParser(policy=compat32).parsebytes(data)


def letter(mail: Message) -> Letter:
    """What the mail says of itself, and its text."""
    recipients = (header(mail, name) for name in ("To", "Cc"))
    return Letter(
        subject=header(mail, "Subject"),
        sender=header(mail, "From"),
        recipients=", ".join(filter(None, recipients)),
        sent_at=_sent_at(mail),
        body="\n\n".join(filter(None, map(str.strip, _texts(mail)))),
    )


def reading(letter: Letter) -> Reading:
    """What is read of a mail, whichever program wrote it. Raises NotReadableError."""
    if not letter.text:
        raise NotReadableError(SkipReason.NO_TEXT, "There is nothing in this mail to search for.")
    return Reading(
        kind=Kind.DOCUMENT,
        passages=tuple(passages.split(letter.text)),
        details=Details(
            title=letter.subject[:TITLE_CHARS] or None,
            author=letter.author,
            taken_at=letter.sent_at,
            taken_from=DateSource.MAIL if letter.sent_at else None,
            language=language.of([letter.body]),
        ),
    )


def attachments(
    mail: Message, allowance: members.Allowance, prefix: str = ""
) -> Iterator[MemberFile]:
    """The files and mails that are attached, their names after the `prefix`."""
    for number, part in enumerate(_parts(mail), 1):
        if allowance.is_spent:
            return
        if part.is_multipart() != _is_mail(part) or _is_body(part):
            continue
        data = _content(part)
        is_within = "Content-ID" in part and part.get_content_maintype() == "image"
        if not (is_within and len(data) <= DECORATION_BYTES):
            name = prefix + _file_name(part, number)
            yield allowance.held(name, data)


def header(mail: Message, name: str) -> str:
    """The words of a header, decoded, on one line."""
    raw = next((value for key, value in mail.raw_items() if key.lower() == name.lower()), "")
    return words(str(raw), next(filter(None, map(_charset, _parts(mail))), None))


def words(raw: str, charset: str | None = None) -> str:
    """The text of a header as it was sent: encoded words (RFC 2047), or bytes beyond ASCII.

    Such bytes are in no stated encoding: likely in the `charset` of the mail's text.
    """
    raw = " ".join(raw[:HEADER_CHARS].split())
    if raw.isascii():
        with suppress(HeaderParseError, ValueError):
            pieces = (
                part if isinstance(part, str) else _decoded(part, stated)
                for part, stated in decode_header(raw)
            )
            return " ".join("".join(pieces).split())
        return raw
    return " ".join(_decoded(raw.encode("utf-8", "surrogateescape"), charset).split())


def _sent_at(mail: Message) -> datetime | None:
    """The date in the header, or the one that the last server added to its own."""
    received = header(mail, "Received").rpartition(";")[2]
    for written in (header(mail, "Date"), received):
        with suppress(ValueError, TypeError, IndexError, OverflowError):
            sent_at = parsedate_to_datetime(written)
            if _EARLIEST_YEAR <= sent_at.year <= _LATEST_YEAR:
                return sent_at
    return None


def _texts(part: Message) -> Iterator[str]:
    """The texts that a reader of the mail sees, of two forms of one the plain."""
    if part.get_content_type() == "multipart/alternative" and part.is_multipart():
        forms = [list(_texts(form)) for form in _children(part)]
        # The richest form comes last; the plain one, first, is all words.
        yield from next((texts for texts in forms if any(text.strip() for text in texts)), [])
    elif part.is_multipart() and not _is_mail(part):
        for child in _children(part):
            yield from _texts(child)
    elif _is_body(part):
        text = _decoded(_content(part), _charset(part))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        yield markup.title_and_text(text)[1] if part.get_content_subtype() == "html" else text


def _is_body(part: Message) -> bool:
    """Whether a part is text to read rather than a file."""
    return (
        part.get_content_type() in ("text/plain", "text/html")
        and part.get_content_disposition() != "attachment"
        and part.get_filename() is None
    )


def _is_mail(part: Message) -> bool:
    return part.get_content_type() == "message/rfc822"


def _parts(mail: Message) -> Iterator[Message]:
    """The parts of a mail, but not those of mails that are attached."""
    return islice(_walk(mail), MOST_PARTS)


def _walk(part: Message) -> Iterator[Message]:
    yield part
    if not _is_mail(part):
        for child in _children(part):
            yield from _walk(child)


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    if not isinstance(payload, list):
        return []
    return [child for child in payload[:MOST_PARTS] if isinstance(child, Message)]


def _content(part: Message) -> bytes:
    if _is_mail(part) and (inside := _children(part)):
        # One that was encoded, which no mail may be, was left as it is: undo that.
        encoded = inside[0].get_payload()
        coding = str(part.get("Content-Transfer-Encoding", "")).lower().strip()
        if coding == "base64" and not inside[0].keys() and isinstance(encoded, str):
            part = Message()
            part["Content-Transfer-Encoding"] = coding
            part.set_payload(encoded)
        else:
            return inside[0].as_bytes()
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _charset(part: Message) -> str | None:
    return part.get_content_charset()


def _decoded(data: bytes, charset: str | None) -> str:
    text = encodings.decoded(data, charset)
    return data.decode("latin-1") if text is None else text


def _file_name(part: Message, number: int) -> str:
    name = words(part.get_filename() or "")
    if not name and _is_mail(part) and (inside := _children(part)):
        name = re.sub(r"[\\/]", " ", header(inside[0], "Subject"))
    extension = _EXTENSIONS.get(part.get_content_type(), "")
    name = members.cleaned(name) or f"attachment {number}"
    return name if "." in name[-6:] else name + extension

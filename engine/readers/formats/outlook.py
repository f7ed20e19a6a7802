"""Reads mails that Outlook saved: MSG."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

from engine.readers import faults, whole
from engine.readers.family import Family, MemberFile, NotReadableError
from engine.readings import Kind, PixelSpec, Reading, SkipReason

if TYPE_CHECKING:
    from oxmsg.attachment import Attachment
    from oxmsg.message import Message
    from oxmsg.properties import Properties
    from oxmsg.storage import Storage

    from engine.readers.packages.mime import Letter

MOST_BYTES = 96 << 20
MOST_RECIPIENTS = 200

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NAMES_WITHIN = tuple(
    name.encode("utf-16-le")
    for name in ("__nameid_version1.0", "__substg1.0_", "__properties_version1.0")
)
_ENCRYPTED = "IPM.Note.SMIME"
_SIGNED = "IPM.Note.SMIME.MultipartSigned"
# Of a mail inside a mail: [MS-OXMSG] 2.4.1.2 and 2.2.2.1.
_EMBEDDED = "__substg1.0_3701000D"
_EMBEDDED_HEADER_BYTES = 24
_DISPLAY_NAME = 0x3001
# Of a picture that the body shows: [MS-OXCMSG] 2.2.2.18.
_FLAGS = 0x3714
_SHOWN_IN_BODY = 4


def read(path: Path, _spec: PixelSpec) -> Reading:
    """The text of a mail, who wrote it, when, and about what."""
    from oxmsg import Message

    from engine.readers.packages import mime

    with _opened(path) as storage:
        letter = _letter(Message(storage))
    return mime.reading(letter)


def attached(path: Path) -> Iterator[MemberFile]:
    """The files that are attached to a mail; a mail that is attached becomes an EML file."""
    from oxmsg.attachment import Attachment

    from engine.readers.packages import members

    allowance = members.Allowance()
    with _opened(path) as storage:
        for number, within in enumerate(storage.iter_attachment_storages(), 1):
            if allowance.is_spent:
                return
            attachment = Attachment(within)
            name = _file_name(attachment) or f"attachment {number}"
            mail = next((each for each in within.storages if each.name == _EMBEDDED), None)
            data = attachment.file_bytes if mail is None else _eml(mail)
            if data is not None and not _is_decoration(attachment, data):
                yield allowance.held(
                    name if mail is None else f"{name}.eml", data, attachment.last_modified
                )


def is_mail(path: Path) -> bool:
    """Whether the first folder of a compound file names parts of a mail."""
    with path.open("rb") as file:
        head = file.read(512)
        sector_bytes = 1 << min(int.from_bytes(head[30:32], "little"), 12)
        file.seek((int.from_bytes(head[48:52], "little") + 1) * sector_bytes)
        folder = file.read(max(512, sector_bytes))
    return any(name in folder for name in _NAMES_WITHIN)


FAMILY = Family(
    name="outlook",
    kind=Kind.DOCUMENT,
    version=3,
    extensions=frozenset((".msg",)),
    decoders=(
        "engine.readers.packages.mime",
        "engine.readers.texts.passages",
        "oxmsg",
        "py3langid.langid",
        "selectolax.lexbor",
    ),
    signatures=({0: _OLE},),
    probe=is_mail,
    read=read,
    members=attached,
)


@contextmanager
def _opened(path: Path) -> Iterator[Storage]:
    """The mail; whatever the library raises while it is looked at becomes NotReadableError."""
    from olefile import OleFileIO
    from oxmsg import Message
    from oxmsg.storage import Storage

    if path.stat().st_size > MOST_BYTES:
        raise whole.too_large(MOST_BYTES, noun="mail", advice="Save its attachments to files.")
    with path.open("rb") as file:
        if not file.read(len(_OLE)).startswith(_OLE):
            raise NotReadableError(
                SkipReason.WRONG_TYPE, "The file is named .msg but Outlook did not write it."
            )
        file.seek(0)
        with faults.refused(faults.mail):
            with OleFileIO(file) as ole:
                storage = Storage.from_ole(ole)
            _refuse_encrypted(Message(storage))
            yield storage


def _refuse_encrypted(mail: Message) -> None:
    kind = mail.message_class
    if kind.startswith(_ENCRYPTED) and not kind.startswith(_SIGNED):
        raise NotReadableError(
            SkipReason.ENCRYPTED,
            "The mail is encrypted. Save it decrypted to have it found.",
        )


def _letter(mail: Message) -> Letter:
    from engine.readers.packages import mime
    from engine.readers.texts import markup

    body = (mail.body or "").strip()
    if not body and (html := mail.html_body):
        body = markup.title_and_text(html)[1]
    people = [person.name or person.email_address for person in mail.recipients[:MOST_RECIPIENTS]]
    return mime.Letter(
        subject=" ".join(mail.subject.split()),
        sender=mime.words(mail.sender or ""),
        recipients=", ".join(filter(None, people)),
        sent_at=mail.sent_date,
        body=_lines(body),
    )


def _eml(inside: Storage) -> bytes:
    """A mail within a mail, without what is attached to it, as the MIME that it came from."""
    from oxmsg.domain import constants
    from oxmsg.properties import Properties

    properties = Properties(inside, properties_header_offset=_EMBEDDED_HEADER_BYTES)
    mail = EmailMessage()
    for header, value in (
        ("Subject", properties.str_prop_value(constants.PID_SUBJECT)),
        ("From", _sender(properties)),
    ):
        if words := " ".join((value or "").split()):
            mail[header] = words
    if sent_at := properties.date_prop_value(constants.PID_CLIENT_SUBMIT_TIME):
        mail["Date"] = sent_at
    mail.set_content(_lines(properties.str_prop_value(constants.PID_BODY) or ""))
    return mail.as_bytes()


def _sender(properties: Properties) -> str | None:
    from oxmsg.domain import constants

    names = (constants.PID_SENDER_NAME, constants.PID_SENT_REPRESENTING_NAME)
    found: list[str | None] = [properties.str_prop_value(name) for name in names]
    return found[0] or found[1]


def _file_name(attachment: Attachment) -> str:
    from oxmsg.domain import constants

    from engine.readers.packages import members

    properties = attachment.properties
    name = attachment.file_name or properties.str_prop_value(constants.PID_ATTACH_FILENAME)
    return members.cleaned(
        name or (properties.str_prop_value(_DISPLAY_NAME) or "").replace("/", " ")
    )


def _is_decoration(attachment: Attachment, data: bytes) -> bool:
    """Whether it is a small picture within the text: a letterhead, an icon."""
    from oxmsg.domain import constants

    from engine.readers.packages import mime

    properties = attachment.properties
    is_within = properties.str_prop_value(constants.PID_ATTACH_CONTENT_ID) or (
        (properties.int_prop_value(_FLAGS) or 0) & _SHOWN_IN_BODY
    )
    return (
        len(data) <= mime.DECORATION_BYTES
        and (attachment.mime_type or "").startswith("image/")
        and bool(is_within)
    )


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()

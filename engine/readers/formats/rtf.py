"""Reads rich text (RTF)."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from engine.readers import faults, whole
from engine.readers.family import Family
from engine.readers.packages import documents
from engine.readers.texts.passages import Part
from engine.readings import Details, Kind, PixelSpec, Reading

MOST_BYTES = 256 << 20
MOST_TEXT_BYTES = 16 << 20
"""Without pictures: the decoder looks at each character."""

_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}\s*){200,}")
_BINARY = re.compile(rb"\\bin(\d{1,9}) ?")
_INFO = re.compile(r"\{\\info\b.{0,20000}", re.DOTALL)
_DATE = re.compile(r"\\yr(\d{4})\\mo(\d{1,2})\\dy(\d{1,2})(?:\\hr(\d{1,2}))?(?:\\min(\d{1,2}))?")


def read(path: Path, _spec: PixelSpec) -> Reading:
    """The passages of a rich text, its title, author and date."""
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    data = _without_pictures(data)
    if len(data) > MOST_TEXT_BYTES:
        raise whole.too_large(MOST_TEXT_BYTES, noun="text", advice="Split it to have it searched.")
    with faults.refused(documents.damaged):
        # Bytes beyond ASCII are rare, and are meant in the document's own code page.
        rtf = _escaped(data)
        text = _text(rtf)
        return documents.reading([Part(text.replace("\0", ""))], _details(rtf))


FAMILY = Family(
    name="rtf",
    kind=Kind.DOCUMENT,
    version=2,
    extensions=frozenset((".rtf",)),
    decoders=("engine.readers.texts.passages", "py3langid.langid", "striprtf.striprtf"),
    signatures=({0: b"{\\rtf"},),
    read=read,
)


def _without_pictures(data: bytes) -> bytes:
    """The bytes without those of pictures and embedded files, which make most of a large one."""
    pieces: list[bytes] = []
    start = 0
    while found := _BINARY.search(data, start):
        pieces.append(data[start : found.start()])
        start = found.end() + int(found[1])
    pieces.append(data[start:])
    return _HEX.sub(b"", b"".join(pieces))


def _escaped(data: bytes) -> str:
    return (
        "".join(chr(byte) if byte < 0x80 else f"\\'{byte:02x}" for byte in data)
        if not data.isascii()
        else data.decode("ascii")
    )


def _text(rtf: str) -> str:
    from striprtf.striprtf import rtf_to_text

    text: str = rtf_to_text(rtf, errors="replace")
    # Characters beyond the basic plane are written as two halves.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _details(rtf: str) -> Details:
    info = _INFO.search(rtf)
    head = info[0] if info else ""
    return Details(
        title=_property(head, "title"),
        author=_property(head, "author"),
        taken_at=_date(head, "creatim") or _date(head, "revtim"),
    )


def _property(info: str, name: str) -> str | None:
    found = re.search(rf"\{{\\{name} ((?:[^{{}}\\]|\\.|\{{[^{{}}]{{0,500}}\}}){{0,1000}})\}}", info)
    if found is None:
        return None
    return _text(f"{{\\rtf1 {found[1]}}}").strip()


def _date(info: str, name: str) -> datetime | None:
    at = info.find(rf"{{\{name}")
    if at >= 0 and (found := _DATE.search(info, at, at + 100)):
        with suppress(ValueError):
            year, month, day, hour, minute = (int(number or 0) for number in found.groups())
            return documents.believable(datetime(year, month, day, hour, minute))
    return None

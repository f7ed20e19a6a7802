"""Tells the encoding of text and decodes it."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator

SAMPLE_BYTES = 32 << 10
"""How much text is looked at to guess an encoding."""
MOST_ODD = 0.02
"""Text in which more characters than this share are control characters is none."""
MOST_JAMO = 0.2
"""Korean has syllables: with more lone letters than this share, it is Japanese in EUC-JP."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What writers call by the first name they often mean as the second, which contains it.
# https://encoding.spec.whatwg.org/#names-and-labels
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
_ASCII = bytes(range(128))
_JAMO = re.compile("[\u3131-\u318e]")
_ODD = re.compile("[\0-\x06\x0e-\x1a\x1c-\x1f\x7f\ufffd]")


def decoded(data: bytes, declared: str | None = None) -> str | None:
    """The text in `data`: by byte order mark, as UTF-8, as declared, else by its statistics.

    None where it is no text.
    """
    for encoding in _candidates(data, declared):
        try:
            text = data.decode(encoding)
        except (UnicodeError, LookupError):
            continue
        if _is_text(text):
            return text
    # Text with a damaged character in it is text still.
    for encoding in _candidates(data, declared):
        try:
            text = data.decode(encoding, errors="replace")
        except (UnicodeError, LookupError):
            continue
        if _is_text(text):
            return text
    return None


def _candidates(data: bytes, declared: str | None) -> Iterator[str]:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            yield encoding
            return
    if b"\x1b$" in data or b"\x1b(" in data:
        yield "iso2022_jp"
    yield "utf-8"
    if declared and (meant := _wider(declared)):
        yield meant
    yield from _guesses(data)


def _guesses(data: bytes) -> Iterator[str]:
    # Imported here, as kind_of() must stay cheap to import.
    from charset_normalizer import from_bytes

    for sample in _samples(data):
        found = list(filter(None, (_wider(match.encoding) for match in from_bytes(sample))))
        if found:
            yield from sorted(found, key=lambda encoding: _is_in_jamo(sample, encoding))
            return


def _samples(data: bytes) -> Iterator[bytes]:
    """Stretches that say most about the encoding: lines beyond ASCII, and never half a line."""
    if b"\0" in data[:SAMPLE_BYTES]:
        yield data[:SAMPLE_BYTES]
        return
    lines = bytearray()
    for line in io.BytesIO(data):
        if line.isascii():
            continue
        if lines and len(lines) + len(line) > SAMPLE_BYTES:
            break
        lines += line if len(line) <= SAMPLE_BYTES else line.lstrip(_ASCII)
    # A line may be longer than a sample: it ends within a character of up to four bytes then.
    for cut in range(4 if len(lines) > SAMPLE_BYTES else 1):
        yield bytes(lines[: SAMPLE_BYTES - cut])


def _is_in_jamo(sample: bytes, encoding: str) -> bool:
    """Whether it would be Korean letters that stand alone, as the bytes of hiragana look like."""
    text = sample.decode(encoding, errors="ignore")
    return len(_JAMO.findall(text)) > MOST_JAMO * len(text)


def _wider(name: str) -> str | None:
    try:
        normal = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    # A page that can say so in ASCII is not in UTF-16; UTF-7 is an attack.
    if normal.startswith(("utf-16", "utf-32")) and name != normal and "_" not in name:
        return None
    return None if normal == "utf-7" else _WIDER.get(normal, normal)


def _is_text(text: str) -> bool:
    sample = text[: SAMPLE_BYTES * 2]
    return "\0" not in sample and len(_ODD.findall(sample)) <= MOST_ODD * len(sample)

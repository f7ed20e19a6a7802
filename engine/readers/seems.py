"""Says what a file seems to be, in words, where it is not what its name promises."""

from __future__ import annotations

_SIGNATURES = (
    (0, b"%PDF-", "a PDF document"),
    (0, b"PK\3\4", "a ZIP archive or an office document"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an older office document or a mail"),
    (0, b"{\\rtf", "a rich text document"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"\x1f\x8b", "a compressed file (gzip)"),
    (4, b"ftypavif", "an AVIF photo"),
    (4, b"ftyphei", "a HEIC photo"),
    (4, b"ftyphev", "a HEIC photo"),
    (4, b"ftypmif1", "a HEIC photo"),
    (4, b"ftypmsf1", "a HEIC photo"),
    (4, b"ftypavis", "an AVIF photo"),
    (4, b"ftypcrx", "a raw photo"),
    (4, b"ftyp", "a video"),
    (0, b"\xff\x0a", "a JPEG XL photo"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL photo"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 photo"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 photo"),
    (0, b"FUJIFILMCCD-RAW", "a raw photo"),
    (0, b"IIRO", "a raw photo"),
    (0, b"IIU\0", "a raw photo"),
    (0, b"\xff\xd8\xff", "a JPEG photo"),
    (0, b"\x89PNG\r\n", "a PNG photo"),
    (0, b"\x1aE\xdf\xa3", "a video"),
    (0, b"OggS", "a sound or a video"),
    (0, b"ID3", "a sound"),
    (0, b"8BPS", "a Photoshop picture"),
    (0, b"SQLite format 3\0", "a database"),
    (0, b"MZ", "a program"),
    (0, b"\x7fELF", "a program"),
)
_MARKUP = ((b"<!doctype html", "a web page"), (b"<html", "a web page"), (b"<svg", "an SVG drawing"))


def known_type(head: bytes) -> str | None:
    """What a file that begins with `head` is, as far as its first bytes give it away."""
    for offset, magic, words in _SIGNATURES:
        if head.startswith(magic, offset):
            return words
    return None


def is_text(head: bytes) -> bool:
    """Whether a file that begins with `head` seems to be a text in UTF-8."""
    # What is cut off may be the middle of a character.
    text = head.decode("utf-8", errors="ignore")
    is_whole = len(head) - len(text.encode()) <= 3
    return bool(head) and is_whole and not any(character < "\t" for character in text)


def likely_type(head: bytes) -> str | None:
    """The same, or a text, if it looks like one; None where nothing can be told."""
    if known := known_type(head):
        return known
    if not is_text(head):
        return None
    for mark, words in _MARKUP:
        if mark in head.lower():
            return words
    return "a text"

"""Reads text files: plain, Markdown, reStructuredText, CSV, logs and HTML, in any encoding."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from charset_normalizer import from_bytes
from selectolax.lexbor import LexborHTMLParser

from engine.readers import passages
from engine.readers.family import Family, NotReadableError
from engine.records import Kind, PixelSpec, ReadFailure, Reading, SkipReason

MOST_BYTES = 32 << 20
SAMPLE_BYTES = 64 << 10
TITLE_CHARS = 200

_HTML = (".html", ".htm")
_MARKDOWN = (".md", ".markdown")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HTML_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9_.:-]+)", re.IGNORECASE
)
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
_BLANK_LINES = re.compile(r"\s*\n\s*\n\s*")


def read(path: Path, _spec: PixelSpec) -> Reading:
    """The passages of a text file, and its title where it has one."""
    if path.stat().st_size > MOST_BYTES:
        raise _failed(
            SkipReason.TOO_LARGE,
            f"The text is larger than {MOST_BYTES >> 20} MiB. Split it to have it searched.",
        )
    data = path.read_bytes()
    extension = path.suffix.lower()
    is_html = extension in _HTML
    text = _decoded(data, path, is_html)
    title = None
    if is_html:
        title, text = _html_text(text)
    elif extension in _MARKDOWN and (heading := _HEADING.search(text)):
        title = heading[1]
    if not text.strip():
        raise _failed(SkipReason.NO_TEXT, "There is no text in the file.")
    return Reading(
        kind=Kind.DOCUMENT,
        passages=tuple(passages.split(text)),
        title=title[:TITLE_CHARS] if title else None,
    )


FAMILY = Family(
    name="text",
    kind=Kind.DOCUMENT,
    extensions=frozenset(
        (".txt", ".text", ".md", ".markdown", ".rst", ".csv", ".tsv", ".log", *_HTML)
    ),
    recognises=lambda _head: False,
    read=read,
)


def _failed(reason: SkipReason, detail: str) -> NotReadableError:
    return NotReadableError(ReadFailure(reason, detail))


def _decoded(data: bytes, path: Path, is_html: bool) -> str:
    """The text in `data`: by byte order mark, as UTF-8, as declared, else by its statistics."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = _guessed(data, path, is_html)
    # A NUL stands in no text; control characters stand in few.
    if "\0" in text[:SAMPLE_BYTES]:
        raise _failed(SkipReason.WRONG_TYPE, f"The file is named {path.suffix} but holds no text.")
    return text


def _guessed(data: bytes, path: Path, is_html: bool) -> str:
    declared = _HTML_CHARSET.search(data[:SAMPLE_BYTES]) if is_html else None
    if declared is not None:
        try:
            return data.decode(declared[1].decode("ascii"), errors="replace")
        except LookupError:
            pass
    best = from_bytes(data[:SAMPLE_BYTES]).best()
    if best is None:
        raise _failed(
            SkipReason.WRONG_TYPE,
            f"The file is named {path.suffix} but holds no text in a known encoding.",
        )
    return data.decode(best.encoding, errors="replace")


def _html_text(html: str) -> tuple[str | None, str]:
    tree = LexborHTMLParser(html)
    title_node = tree.css_first("title")
    title = " ".join(title_node.text().split()) if title_node else None
    for node in tree.css("script, style, template, noscript, head"):
        node.decompose()
    body = tree.body or tree.root
    text = body.text(separator="\n", strip=False) if body is not None else ""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return title or None, _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()

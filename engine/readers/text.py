"""Reads text files: plain, Markdown, reStructuredText, CSV, logs and HTML, in any encoding."""

from __future__ import annotations

import re
from pathlib import Path

from engine.paths import shown
from engine.readers import encodings, seems, titles
from engine.readers.family import HEAD_BYTES, Family, NotReadableError
from engine.records import Kind, PixelSpec, Reading, SkipReason

MOST_BYTES = 32 << 20
TITLE_CHARS = 200

_HTML = (".html", ".htm")
_MARKDOWN = (".md", ".markdown")
_CHARSET_WITHIN = 64 << 10
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_UNSEEN = "script, style, template, noscript, head, [hidden]"
_APART = (
    "p, div, h1, h2, h3, h4, h5, h6, ul, ol, dl, table, pre, blockquote, section, article, "
    "header, footer, nav, aside, main, figure, form, address, hr"
)
_LINES = "br, li, tr, dt, dd, option, figcaption, caption"
_CELLS = "td, th"
_BREAK = "\ue000"


def read(path: Path, _spec: PixelSpec) -> Reading:
    """The passages of a text file, and its title where it has one."""
    from engine.readers import passages

    # One byte more than is read at most: a log may grow meanwhile.
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise NotReadableError(
            SkipReason.TOO_LARGE,
            f"The text is larger than {MOST_BYTES >> 20} MiB. Split it to have it searched.",
        )
    title, text = _title_and_text(_decoded(data, path), path.suffix.lower())
    if not text.strip():
        raise NotReadableError(
            SkipReason.NO_TEXT, "There are no words in the file: nothing in it can be searched."
        )
    return Reading(
        kind=Kind.DOCUMENT,
        passages=tuple(passages.split(text)),
        title=title[:TITLE_CHARS] if title else None,
    )


FAMILY = Family(
    name="text",
    kind=Kind.DOCUMENT,
    extensions=frozenset(
        (".txt", ".text", *_MARKDOWN, ".rst", ".csv", ".tsv", ".log", *_HTML),
    ),
    decoders=("engine.readers.passages", "charset_normalizer", "selectolax.lexbor"),
    read=read,
)


def _decoded(data: bytes, path: Path) -> str:
    head = data[:HEAD_BYTES]
    known = seems.known_type(head) if not _is_ascii_words(head) else None
    declared = None
    if path.suffix.lower() in _HTML and (found := _CHARSET.search(data[:_CHARSET_WITHIN])):
        declared = found[1].decode("ascii")
    text = None if known else encodings.decoded(data, declared)
    if text is None:
        raise NotReadableError(
            SkipReason.WRONG_TYPE,
            f"The file is named {shown(path.suffix)} but seems to be "
            f"{known or 'data of an unknown kind'}. If so, give it its right extension.",
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_ascii_words(head: bytes) -> bool:
    """Whether a signature may be chance: texts may begin with "MZ" or "ID3" too."""
    return head.isascii() and not head.startswith((b"%PDF-", b"{\\rtf")) and b"\0" not in head


def _title_and_text(text: str, extension: str) -> tuple[str | None, str]:
    if extension in _HTML:
        return _html(text)
    if extension in _MARKDOWN:
        return titles.of_markdown(text), text
    if extension == ".rst":
        return titles.of_rst(text), text
    return None, text


def _html(html: str) -> tuple[str | None, str]:
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(html.replace(_BREAK, ""))
    title_node = tree.css_first("title")
    title = " ".join(title_node.text().split()) if title_node else None
    for node in tree.css(_UNSEEN):
        node.decompose()
    # Words run on across inline elements, and end with blocks and cells.
    for node in tree.css(_APART):
        node.insert_before(_BREAK)
        node.insert_after(_BREAK)
    for node in tree.css(_LINES):
        node.insert_before(_BREAK)
    for node in tree.css(_CELLS):
        node.insert_before(" ")
    body = tree.body or tree.root
    text = " ".join((body.text() if body is not None else "").split())
    lines = (line.strip() for line in text.split(_BREAK))
    return title or None, re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

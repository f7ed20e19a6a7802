"""Turns HTML into its text and title, without loading or running anything."""

from __future__ import annotations

import re

_UNSEEN = (
    "script, style, template, noscript, head, [hidden], "
    "[style*='display:none' i], [style*='display: none' i]"
)
_APART = (
    "p, div, h1, h2, h3, h4, h5, h6, ul, ol, dl, table, pre, blockquote, section, article, "
    "header, footer, nav, aside, main, figure, form, address, hr"
)
_LINES = "br, li, tr, dt, dd, option, figcaption, caption"
_CELLS = "td, th"
_BREAK = "\ue000"
_CHARSET_WITHIN = 64 << 10
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)


def declared_charset(html: bytes) -> str | None:
    """The encoding that a page says it is in, where it does."""
    found = _CHARSET.search(html[:_CHARSET_WITHIN])
    return found[1].decode("ascii") if found else None


def title_and_text(html: str) -> tuple[str | None, str]:
    """The title of a page, where it has one, and the text that a reader of it would see.

    Blocks, rows and items stand on lines of their own.
    """
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

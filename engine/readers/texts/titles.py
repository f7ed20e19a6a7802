"""Finds the title of a text, its first heading, and tidies the titles that documents carry."""

from __future__ import annotations

import re
from itertools import pairwise

TITLE_CHARS = 200

_LINES_LOOKED_AT = 2000
_WRITTEN_BY_PROGRAMS = re.compile(
    r"^(Microsoft (Office )?(Word|Excel|PowerPoint) - |"
    r"(untitled|title|no title|(power ?point|microsoft powerpoint) presentation|"
    r"(slide|document|dokument|book|workbook|presentation|folie|diapositive) ?\d*|"
    r"无标题|未命名|幻灯片 ?\d*)$)",
    re.IGNORECASE,
)
_HASHES = re.compile(r" {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$")
_SETEXT = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_ADORNMENT = re.compile(r"([=\-`:'\"~^_*+#<>.])\1{2,}[ \t]*$")


def tidy(title: str | None) -> str | None:
    """A title on one line, without what programs write there of themselves; None if none is."""
    words = " ".join((title or "").replace("\0", " ").split())
    return _WRITTEN_BY_PROGRAMS.sub("", words)[:TITLE_CHARS] or None


def of_markdown(text: str) -> str | None:
    """The first heading, underlined or behind number signs, outside blocks of code."""
    lines = _without_code(_without_front_matter(_lines(text)))
    for line, below in pairwise([*lines, ""]):
        if heading := _HASHES.match(line):
            return heading[1]
        if line[:1].isalnum() and _SETEXT.match(below):
            return line.strip()
    return None


def of_rst(text: str) -> str | None:
    """The first line that is underlined, at least as far as it is wide."""
    for line, below in pairwise([*_lines(text), ""]):
        title = line.strip()
        if title and not _ADORNMENT.match(line) and _ADORNMENT.match(below):
            return title
    return None


def _lines(text: str) -> list[str]:
    return text.split("\n", _LINES_LOOKED_AT)[:_LINES_LOOKED_AT]


def _without_front_matter(lines: list[str]) -> list[str]:
    if lines[0].rstrip() == "---" and "---" in (rest := [line.rstrip() for line in lines[1:]]):
        return lines[rest.index("---") + 2 :]
    return lines


def _without_code(lines: list[str]) -> list[str]:
    kept: list[str] = []
    fence = ""
    for line in lines:
        if mark := _FENCE.match(line):
            if not fence:
                fence = mark[1]
            elif fence == mark[1]:
                fence = ""
        elif not fence:
            kept.append(line)
    return kept

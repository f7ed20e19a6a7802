"""Puts hits under headings: by band after a search, by month before one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from desktop import formats
from desktop.grid_layout import Section
from engine.records import Band, Hit

_BANDS = {Band.STRONG: "Strong matches", Band.MAYBE: "Maybe", Band.WEAK: "Weak matches"}


def by_band(hits: Sequence[Hit]) -> list[Section]:
    """Sections of hits that are ordered by band."""
    return _sections((_BANDS[hit.band] for hit in hits), counted=True)


def by_month(hits: Sequence[Hit]) -> list[Section]:
    """Sections of hits that are ordered by date."""
    return _sections((formats.month(hit.shown_at) for hit in hits), counted=False)


def _sections(titles: Iterable[str], *, counted: bool) -> list[Section]:
    sections = []
    for title, group in groupby(titles):
        count = sum(1 for _ in group)
        sections.append(Section(f"{title} · {count:,}" if counted else title, count))
    return sections

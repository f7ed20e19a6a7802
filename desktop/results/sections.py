"""Puts hits under headings: by band or month after a search, by month before one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from desktop import formats
from desktop.results.grid_layout import Section
from engine.search_records import Band, Hit

_BANDS = {Band.STRONG: "Strong matches", Band.MAYBE: "Maybe", Band.WEAK: "Weak matches"}


def by_band(hits: Sequence[Hit], *, all_known: bool = True) -> list[Section]:
    """Sections of hits that are ordered by band; unless `all_known`, more would follow."""
    counts = [(band, len(list(group))) for band, group in groupby(hits, lambda hit: hit.band)]
    headings = [f"{_BANDS[band]} · {count:,}" for band, count in counts]
    if headings and not all_known:
        headings[-1] += "+"
    return [Section(title, count) for title, (_, count) in zip(headings, counts, strict=True)]


def newest_first(hits: Sequence[Hit], *, all_known: bool = True) -> tuple[list[Hit], list[Section]]:
    """Hits that fit, newest first under their months; then the weak ones, as they were ordered."""
    fitting = [hit for hit in hits if hit.band is not Band.WEAK]
    # By the clock where each was taken, as they are listed: few know their time zone.
    fitting.sort(key=lambda hit: hit.shown_at.replace(tzinfo=None), reverse=True)
    weak = [hit for hit in hits if hit.band is Band.WEAK]
    return [*fitting, *weak], [*by_month(fitting), *by_band(weak, all_known=all_known)]


def by_month(hits: Sequence[Hit]) -> list[Section]:
    """Sections of hits that are ordered by date."""
    # Months are compared as numbers and named once: there may be 100,000 hits.
    groups = groupby((hit.shown_at for hit in hits), lambda shown: (shown.year, shown.month))
    sections = []
    for _, group in groups:
        moments = list(group)
        sections.append(Section(formats.month(moments[0]), len(moments)))
    return sections

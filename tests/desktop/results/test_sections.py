from datetime import UTC, datetime

from desktop.results import sections
from desktop.results.grid_layout import Section
from engine.readings import Details
from engine.search_records import Band


def test_hits_are_under_their_bands(make_hit) -> None:
    hits = [make_hit(1), make_hit(2), make_hit(3, band=Band.WEAK)]
    assert sections.by_band(hits) == [
        Section("Strong matches · 2", 2),
        Section("Weak matches · 1", 1),
    ]


def test_a_count_that_more_would_follow_says_so(make_hit) -> None:
    hits = [make_hit(1), make_hit(2, band=Band.MAYBE)]
    assert [section.title for section in sections.by_band(hits, all_known=False)] == [
        "Strong matches · 1",
        "Maybe · 1+",
    ]


def test_hits_are_under_their_months(make_hit) -> None:
    dates = [datetime(2024, 5, 9), datetime(2024, 5, 1), datetime(2023, 5, 2)]
    hits = [make_hit(number, details=Details(taken_at=date)) for number, date in enumerate(dates)]
    assert sections.by_month(hits) == [Section("May 2024", 2), Section("May 2023", 1)]


def test_what_fits_is_under_its_months_and_the_rest_comes_last(make_hit) -> None:
    dates = [datetime(2023, 5, 2), datetime(2024, 5, 9, tzinfo=UTC), datetime(2025, 1, 1)]
    bands = [Band.STRONG, Band.MAYBE, Band.WEAK]
    best_first = [
        make_hit(number, band=band, details=Details(taken_at=date))
        for number, (band, date) in enumerate(zip(bands, dates, strict=True))
    ]
    hits, headings = sections.newest_first(best_first, all_known=False)
    assert [hit.content_id for hit in hits] == [1, 0, 2]
    assert headings == [
        Section("May 2024", 1),
        Section("May 2023", 1),
        Section("Weak matches · 1+", 1),
    ]

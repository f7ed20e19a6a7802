from datetime import UTC, datetime, timedelta, timezone

import pytest

from engine.readers.family import NotReadableError
from engine.readers.packages import documents
from engine.readers.texts.passages import Part
from engine.readings import Details, SkipReason


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2021-03-04T05:06:07Z", datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)),
        (
            "2021-03-04T05:06:07+02:00",
            datetime(2021, 3, 4, 5, 6, 7, tzinfo=timezone(timedelta(hours=2))),
        ),
        ("2021-03-04", datetime(2021, 3, 4)),
        ("1601-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_that_cannot_be_are_none(written: str | None, date: datetime | None) -> None:
    assert documents.when(written) == date


def test_a_document_without_anything_is_refused() -> None:
    with pytest.raises(NotReadableError) as caught:
        documents.reading([Part(" \n ")], Details(title="A title alone"))
    assert caught.value.failure.reason is SkipReason.NO_TEXT
    # A scan has no text of its own; it is recognised later.
    assert documents.reading([], Details(), textless=(1,)).textless == (1,)

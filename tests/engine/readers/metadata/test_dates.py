from datetime import UTC, datetime, timedelta, timezone
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.readers.metadata import dates


def at(*numbers: int, hours: float | None = None) -> datetime:
    zone = None if hours is None else timezone(timedelta(hours=hours))
    return datetime(*numbers, tzinfo=zone)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2023:05:06 07:08:09", at(2023, 5, 6, 7, 8, 9)),
        ("2023-05-06T07:08:09.123", at(2023, 5, 6, 7, 8, 9)),
        ("2023-05-06T07:08:09+02:00", at(2023, 5, 6, 7, 8, 9, hours=2)),
        ("2023-05-06T07:08:09-0930", at(2023, 5, 6, 7, 8, 9, hours=-9.5)),
        ("2023-05-06T07:08:09Z", at(2023, 5, 6, 7, 8, 9, hours=0)),
        ("2023:05:06 07:08", at(2023, 5, 6, 7, 8)),
        ("2023-05-06", at(2023, 5, 6)),
        ("2016:12:31 23:59:60", at(2016, 12, 31, 23, 59, 59)),
        ("1935:06:01 12:00:00", at(1935, 6, 1, 12)),
        ("0000:00:00 00:00:00", None),
        ("    :  :     :  :  ", None),
        ("2023:13:01 00:00:00", None),
        ("2023:02:30 00:00:00", None),
        ("1904:01:01 00:00:00", None),
        ("1970:01:01 00:00:00", None),
        ("1980:01:01 00:00:12", None),
        ("1600:01:01 12:00:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates_are_read_as_cameras_and_programs_write_them(text: str, moment: object) -> None:
    assert dates.written(text) == moment


def test_nothing_is_from_the_future_but_a_clock_that_is_half_a_day_ahead() -> None:
    now = datetime.now(UTC)
    assert dates.plausible(now + timedelta(days=2)) is None
    assert dates.plausible(datetime(9999, 12, 31, 23, 59)) is None
    ahead = (now + timedelta(hours=14)).replace(tzinfo=None)
    assert dates.plausible(ahead) == ahead


@pytest.mark.parametrize(
    ("local", "utc", "hours"),
    [
        (at(2024, 4, 14, 2, 20, 31), at(2024, 4, 13, 20, 35, 31, hours=0), 5.75),
        (at(2024, 4, 13, 17, 35, 30), at(2024, 4, 13, 20, 35, 28, hours=0), -3),
        (at(2024, 4, 13, 17, 35, 30), at(2024, 4, 13, 17, 39, 0, hours=0), 0),
        (at(2024, 4, 13, 17, 35, 30), at(2024, 4, 10, 17, 39, 0, hours=0), None),
        (at(2024, 4, 13, 17, hours=1), at(2024, 4, 13, 17, hours=0), 1),
    ],
)
def test_satellites_tell_the_time_zone(local: datetime, utc: datetime, hours: object) -> None:
    found = dates.in_zone_of(local, utc)
    assert found.replace(tzinfo=None) == local.replace(tzinfo=None)
    assert found.utcoffset() == (None if hours is None else timedelta(hours=hours))


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("IMG_20240413_153000.jpg", at(2024, 4, 13, 15, 30)),
        ("IMG_20240413_153000_1.jpg", at(2024, 4, 13, 15, 30)),
        ("PXL_20240413_153000123.jpg", at(2024, 4, 13, 15, 30, hours=0)),
        ("PXL_20240413_153000123.MP.jpg", at(2024, 4, 13, 15, 30, hours=0)),
        ("VID_20240413_153000.mp4", at(2024, 4, 13, 15, 30)),
        ("20240413_153000.jpg", at(2024, 4, 13, 15, 30)),
        ("20240413153000.jpg", at(2024, 4, 13, 15, 30)),
        ("2024-04-13 15.30.00.jpg", at(2024, 4, 13, 15, 30)),
        ("2024-04-13_15-30-00.png", at(2024, 4, 13, 15, 30)),
        ("Screenshot_20240413-153000.png", at(2024, 4, 13, 15, 30)),
        ("Screenshot_2024-04-13-15-30-00-12_abc.jpg", at(2024, 4, 13, 15, 30)),
        ("Screenshot 2024-04-13 at 3.30.00 PM.png", at(2024, 4, 13, 15, 30)),
        ("Screenshot 2024-04-13 at 12.30.00\u202fAM.png", at(2024, 4, 13, 0, 30)),
        ("Bildschirmfoto 2024-04-13 um 15.30.00.png", at(2024, 4, 13, 15, 30)),
        ("WhatsApp Image 2024-04-13 at 15.30.00.jpeg", at(2024, 4, 13, 15, 30)),
        ("signal-2024-04-13-15-30-00-123.jpg", at(2024, 4, 13, 15, 30)),
        ("IMG-20240413-WA0001.jpg", at(2024, 4, 13)),
        ("VID-20240413-WA0001.mp4", at(2024, 4, 13)),
        ("2024-04-13 Trip to the lake.jpg", at(2024, 4, 13)),
        ("Scan 2024-04-13.tif", at(2024, 4, 13)),
        ("scan_20240413.pdf", at(2024, 4, 13)),
        ("Invoice 20240413 (2).pdf", at(2024, 4, 13)),
        ("发票2024年4月13日.pdf", at(2024, 4, 13)),
        ("Rechnung 13.04.2024.pdf", at(2024, 4, 13)),
        ("Rechnung_3.4.2024 Bahn.pdf", at(2024, 4, 3)),
        ("截屏2024-04-13 下午3.30.00.png", at(2024, 4, 13, 15, 30)),
        ("截屏2024-04-13 上午12.30.00.png", at(2024, 4, 13, 0, 30)),
        ("mmexport1713022200000.jpg", at(2024, 4, 13, 15, 30, hours=0)),
        ("FB_IMG_1713022200000.jpg", at(2024, 4, 13, 15, 30, hours=0)),
        ("IMG_1234.jpg", None),
        ("DSC00042.jpg", None),
        ("20241332_153000.jpg", None),
        ("invoice 120240413.jpg", None),
        ("holiday.jpg", None),
        ("version 1.13.04.2024.zip", None),
        ("v3.4.2024.1.zip", None),
        ("order 99.99.2024.pdf", None),
        ("part20240413.pdf", None),
        ("1713022200000999.jpg", None),
        ("2999-01-01.jpg", None),
    ],
)
def test_a_name_may_hold_the_date(name: str, moment: object) -> None:
    assert dates.named(PurePath("Pictures") / name) == moment


@given(st.text(max_size=60))
def test_no_name_or_date_is_too_odd(text: str) -> None:
    for found in (dates.written(text, text), dates.named(PurePath(f"a{text}.jpg"))):
        assert found is None or found.year >= dates.EARLIEST_YEAR

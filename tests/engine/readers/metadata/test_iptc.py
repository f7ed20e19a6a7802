from datetime import datetime

import pytest

from engine.readers.metadata import iptc
from engine.readers.metadata.found import NOTHING
from engine.readings import Place


def test_what_an_agency_wrote_is_read() -> None:
    found = iptc.found(
        {
            (2, 5): b"The lake",
            (2, 25): [b"lake", "Zürich".encode(), b"lake"],
            (2, 55): b"20230506",
            (2, 60): b"070809+0200",
            (2, 80): b"Anna",
            (2, 90): "Zürich".encode("latin-1"),
            (2, 101): b"Switzerland",
            (2, 120): b"By the lake",
        }
    )
    assert found.original == datetime.fromisoformat("2023-05-06T07:08:09+02:00")
    assert found.keywords == ("lake", "Zürich")
    assert (found.title, found.author, found.caption) == ("The lake", "Anna", "By the lake")
    assert found.place == Place(city="Zürich", country="Switzerland")


@pytest.mark.parametrize("day", [b"", b"2023", b"00000000", b"yesterday", b"20231399"])
def test_a_day_that_is_none_is_left_out(day: bytes) -> None:
    assert iptc.found({(2, 55): day}).original is None


def test_nothing_says_nothing() -> None:
    assert iptc.found({}) == NOTHING
    assert iptc.found({(2, 25): [], (2, 120): [b""]}) == NOTHING

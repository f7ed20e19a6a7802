import struct
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.readers.packages import properties
from tests.engine.readers.formats.older_office_files import property_set, property_text, summary

SHORT, LONG, TEXT, WIDE_TEXT, TIME, VECTOR = 2, 3, 30, 31, 64, 0x1000
TICKS = int((datetime(2021, 3, 4, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds())


def test_numbers_texts_and_times_are_read() -> None:
    data = property_set(
        (properties.TITLE, TEXT, property_text(b"The lease")),
        (properties.AUTHOR, WIDE_TEXT, struct.pack("<I", 4) + "Zoë\0".encode("utf-16-le")),
        (properties.CREATED, TIME, struct.pack("<Q", TICKS * 10_000_000)),
        (properties.PAGES, LONG, struct.pack("<i", 7)),
        (20, SHORT, struct.pack("<h", -2)),
    )
    assert properties.properties(data) == {
        properties.TITLE: "The lease",
        properties.AUTHOR: "Zoë",
        properties.CREATED: datetime(2021, 3, 4, tzinfo=UTC),
        properties.PAGES: 7,
        20: -2,
    }


@pytest.mark.parametrize(
    ("codepage", "encoding"), [(1251, "cp1251"), (65001, "utf-8"), (932, "cp932"), (1, "cp1252")]
)
def test_texts_are_read_in_the_code_page_that_is_named(codepage: int, encoding: str) -> None:
    title = "Zähler" if encoding == "cp1252" else "Договор"
    found = properties.properties(summary(title.encode(encoding), codepage))
    assert found[properties.TITLE] == title


def test_properties_that_are_damaged_or_of_other_types_are_left_out() -> None:
    data = property_set(
        (properties.CREATED, TIME, b"\xff" * 8),
        (properties.SAVED, 77, bytes(8)),
        (properties.PAGES, LONG, struct.pack("<i", 7)),
        (properties.TITLE, TEXT, b""),
    )
    assert properties.properties(data) == {properties.PAGES: 7}


def test_a_list_that_claims_billions_of_values_takes_no_time() -> None:
    data = property_set((13, VECTOR | 0x14, b"\xff\xff\xff\x7f"), (2, TEXT, property_text(b"x")))
    started = time.monotonic()
    assert properties.properties(data) == {2: "x"}
    assert time.monotonic() - started < 1


@given(st.binary(max_size=80), st.integers(0, 120), st.integers(0, 120))
def test_any_bytes_are_read_without_an_error(junk: bytes, at: int, end: int) -> None:
    whole = summary(b"The lease", 1252)
    found = properties.properties((whole[:at] + junk + whole[at + len(junk) :])[:end])
    assert all(isinstance(value, int | str | datetime) for value in found.values())

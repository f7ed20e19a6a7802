import pytest

from desktop import formats


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "2 KB"), (2_345_678, "2.3 MB"), (5e9, "5.0 GB")],
)
def test_sizes(size_bytes: int, text: str) -> None:
    assert formats.size(size_bytes) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "less than a minute"), (61, "1 minute"), (600, "10 minutes"), (7200, "2 hours")],
)
def test_durations(seconds: float, text: str) -> None:
    assert formats.duration(seconds) == text

from pathlib import Path

import pytest

from engine.readers.family import NotReadableError
from engine.readers.packages import ole
from engine.readings import SkipReason

SECTOR_BYTES = 512


@pytest.fixture
def workbook(samples: Path) -> Path:
    return samples / "documents" / "testEXCEL_headers_footers.xls"


@pytest.mark.samples
def test_streams_are_found_and_read(workbook: Path) -> None:
    assert ole.has_stream(workbook, "Book", "Workbook")
    assert not ole.has_stream(workbook, "WordDocument")
    with ole.opened(workbook) as container:
        assert len(ole.stream(container, "Workbook")) > 10_000
        ole.refuse_circles(container)
        with pytest.raises(NotReadableError):
            ole.stream(container, "gone")


@pytest.mark.samples
def test_a_chain_that_leads_back_to_itself_is_refused(workbook: Path, tmp_path: Path) -> None:
    data = bytearray(workbook.read_bytes())
    with ole.opened(workbook) as container:
        sid = container._find("Workbook")
        first = container.direntries[sid].isectStart
        table = int.from_bytes(data[76:80], "little")
    # The table of sectors says that the second sector of the stream is followed by the first.
    at = (table + 1) * SECTOR_BYTES + 4 * (first + 1)
    data[at : at + 4] = first.to_bytes(4, "little")
    (tmp_path / "a.xls").write_bytes(data)
    with pytest.raises(NotReadableError) as caught, ole.opened(tmp_path / "a.xls") as container:
        ole.refuse_circles(container)
    assert caught.value.failure.reason is SkipReason.CORRUPT


@pytest.mark.parametrize("data", [b"", ole.SIGNATURE, ole.SIGNATURE + bytes(600), b"words"])
def test_what_is_no_container_has_no_streams(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.xls").write_bytes(data)
    assert not ole.has_stream(tmp_path / "a.xls", "Workbook")
    with pytest.raises(NotReadableError), ole.opened(tmp_path / "a.xls"):
        pass

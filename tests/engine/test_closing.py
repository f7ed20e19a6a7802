"""What is left when a library is closed."""

from pathlib import Path

import filelock

from engine.library import Library
from engine.paths import Home
from engine.search_records import Query


def test_a_library_closes_though_its_vectors_cannot_be_written(
    home: Home, pictures: Path, make_photo, caplog
) -> None:
    make_photo(pictures / "a.jpg")
    library = Library.open(home)
    for _ in library.index([pictures]):
        pass
    home.vectors.write_bytes(b"")  # a file, where their folder is to be
    library.close()
    assert "the next start takes them from SQLite" in caplog.text
    caplog.clear()
    with filelock.FileLock(home.data / "index.lock", timeout=0):
        home.vectors.unlink()
    with Library.open(home) as again:
        assert [hit.path.name for hit in again.search(Query()).hits] == ["a.jpg"]

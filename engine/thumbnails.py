"""Thumbnails, made by isolated readers when they are first asked for and kept on disk."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path

from engine.readers.isolation import ReaderPool
from engine.readings import ReadFailure, Spot
from engine.records import FoundFile, Stamp
from engine.search_records import Hit
from engine.store import contents, files
from engine.store.database import Database

SIZES_PX = (256, 512, 1024, 2048)


class Thumbnails:
    """Thumbnails by content: copies and moved files share theirs."""

    def __init__(self, directory: Path, database: Database, readers: ReaderPool) -> None:
        self._directory = directory
        self._database = database
        self._readers = readers

    def request(self, hit: Hit, edge_px: int) -> Future[bytes | None]:
        """A JPEG of a hit's picture whose longer side is about `edge_px`; None where it has none.

        Of a document it is the page that matched, of a video the moment.
        """
        result: Future[bytes | None] = Future()
        digest = contents.hash_of(self._database.reading(), hit.content_id)
        if not hit.has_picture or digest is None:
            result.set_result(None)
            return result
        size_px = next((size for size in SIZES_PX if size >= edge_px), SIZES_PX[-1])
        file = self._file(digest.hex(), hit.spot, size_px)
        try:
            result.set_result(file.read_bytes())
        except OSError:
            self._make(hit, size_px, result, file)
        return result

    def _make(self, hit: Hit, size_px: int, result: Future[bytes | None], file: Path) -> None:
        """Has a thumbnail made, and kept if it is of the bytes that were indexed."""
        placed = files.with_content(self._database.reading(), hit.content_id)
        if placed is None:
            made = self._readers.submit_thumbnail(hit.path, size_px, hit.spot, hit.member)
            made.add_done_callback(lambda done: _deliver(done, result))
            return
        found, member = placed
        made = self._readers.submit_thumbnail(found.path, size_px, hit.spot, member)
        made.add_done_callback(
            lambda done: _deliver(done, result, file if _is_as_indexed(found) else None)
        )

    def of_file(self, path: Path) -> Future[bytes | None]:
        """A small JPEG of any photo, which is not kept."""
        result: Future[bytes | None] = Future()
        made = self._readers.submit_thumbnail(path, SIZES_PX[0])
        made.add_done_callback(lambda done: _deliver(done, result))
        return result

    def forget(self, hashes: Iterable[str]) -> None:
        """Deletes the thumbnails of contents."""
        for digest in hashes:
            for file in (self._directory / digest[:2]).glob(f"{digest}-*.jpg"):
                file.unlink(missing_ok=True)

    def _file(self, digest: str, spot: Spot, size_px: int) -> Path:
        place = "" if spot.page is None else f"p{spot.page}-"
        if spot.second is not None:
            place = f"s{round(1000 * spot.second)}-"
        return self._directory / digest[:2] / f"{digest}-{place}{size_px}.jpg"


def _is_as_indexed(file: FoundFile) -> bool:
    try:
        return Stamp.of(file.path.stat()) == file.stamp
    except OSError:
        return False


def _deliver(
    made: Future[bytes | ReadFailure], result: Future[bytes | None], file: Path | None = None
) -> None:
    if made.cancelled():
        result.cancel()
        return
    if not result.set_running_or_notify_cancel():
        return
    jpeg = made.result() if made.exception() is None else None
    if jpeg is None or isinstance(jpeg, ReadFailure):
        result.set_result(None)
        return
    if file is not None:
        with contextlib.suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            temporary = file.with_suffix(".tmp")
            temporary.write_bytes(jpeg)
            temporary.replace(file)
    result.set_result(jpeg)

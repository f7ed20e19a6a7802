"""Takes files out of archives and mails, so that other programs can open them."""

from __future__ import annotations

import shutil
from concurrent.futures import Future
from pathlib import Path, PurePath

from blake3 import blake3

from engine.errors import KeepsightError
from engine.paths import shown_inside
from engine.readers.isolation import ReaderPool
from engine.readings import ReadFailure
from engine.search_records import Hit

PRIVATE_FILE_MODE = 0o600


class Unpacked:
    """Copies of files inside others, kept until the library is closed."""

    def __init__(self, directory: Path, readers: ReaderPool) -> None:
        self._directory = directory
        self._readers = readers

    def request(self, hit: Hit) -> Future[Path]:
        """The path of a hit's file: its own, or a copy where it lies inside another.

        The future raises KeepsightError where it cannot be taken out.
        """
        result: Future[Path] = Future()
        if not hit.member:
            result.set_result(hit.path)
            return result
        taken = self._readers.submit_unpack(hit.path, hit.member)
        taken.add_done_callback(lambda done: self._deliver(hit, done, result))
        return result

    def clear(self) -> None:
        """Deletes the copies."""
        shutil.rmtree(self._directory, ignore_errors=True)

    def _deliver(self, hit: Hit, taken: Future[bytes | ReadFailure], result: Future[Path]) -> None:
        if taken.cancelled():
            result.cancel()
        elif result.set_running_or_notify_cancel():
            try:
                result.set_result(self._write(hit, taken.result()))
            except KeepsightError as error:
                result.set_exception(error)

    def _write(self, hit: Hit, data: bytes | ReadFailure) -> Path:
        if isinstance(data, ReadFailure):
            raise KeepsightError(
                "This file cannot be taken out",
                f"{shown_inside(hit.path, hit.member)}: {data.detail}",
                hit.path,
            )
        try:
            return self._copy(hit, data)
        except OSError as error:
            raise KeepsightError(
                "This file cannot be taken out",
                f"{shown_inside(hit.path, hit.member)}: {error.strerror}. Check that the disk is "
                "not full.",
                hit.path,
            ) from error

    def _copy(self, hit: Hit, data: bytes) -> Path:
        # A folder of its own for each: names inside archives are often alike.
        place = f"{hit.path}\0{hit.member}".encode(errors="surrogateescape")
        folder = self._directory / blake3(place).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / PurePath(hit.member).name
        file.write_bytes(data)
        file.chmod(PRIVATE_FILE_MODE)
        return file

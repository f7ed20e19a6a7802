"""The only crossing between the engine's threads and Qt: calls go in, signals come out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from desktop import mishaps
from desktop.models.bridge import ModelsBridge
from engine.events import Event, Failure, IndexProgress, LibraryChanged
from engine.library import Library
from engine.paths import shown
from engine.readings import Box
from engine.records import Background, ContentId, Counts, Folder, FolderId, SegmentId
from engine.search_records import Hit, Query, SearchResult

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Overview:
    """What the panels around the results show."""

    folders: tuple[Folder, ...]
    counts: Counts


class Bridge(QObject):
    """Asks the library on threads of its own and answers with signals on the GUI thread.

    Of several questions only the last is answered.
    """

    search_finished = Signal(SearchResult)
    search_failed = Signal(str, str)
    thumbnail_loaded = Signal(int, int, QImage)
    file_picture_loaded = Signal(Path, QImage)
    region_found = Signal(int, Box)
    text_loaded = Signal(int, str)
    places_loaded = Signal(int, list)
    file_ready = Signal(Path)
    progress_changed = Signal(IndexProgress)
    library_changed = Signal()
    overview_loaded = Signal(Overview)
    skips_loaded = Signal(list)
    background_set = Signal(Background)
    failed = Signal(str, str)

    def __init__(self, library: Library, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._asked: Query | None = None
        self._search: Future[SearchResult] | None = None
        self._region: Future[Box | None] | None = None
        self._wanted: set[tuple[SegmentId, int]] = set()
        self._wanted_lock = threading.Lock()
        self._closed = False
        self._looks = ThreadPoolExecutor(1, thread_name_prefix="keepsight-window")
        # Apart from the looks, as what forgets a folder erases its traces, which takes long.
        self._changes = ThreadPoolExecutor(1, thread_name_prefix="keepsight-changes")
        self._thumbnails = ThreadPoolExecutor(2, thread_name_prefix="keepsight-thumbnail")
        self._unsubscribe = library.subscribe(self._on_event)
        self.models = ModelsBridge(library, self)

    def search(self, query: Query) -> None:
        """Answers with `search_finished` or `search_failed`, unless another question follows.

        The same question may be asked again before it is answered.
        """
        if self._closed:
            return
        if self._search is not None:
            self._search.cancel()  # where it still waits behind another
        self._asked = query

        def deliver(done: Future[SearchResult]) -> None:
            # Compared as questions: while files are indexed, the same one is asked ever again, and
            # an answer that takes longer than that would never come.
            if self._closed or done.cancelled() or query != self._asked:
                return
            error = done.exception()
            if error is not None:
                self.search_failed.emit(*mishaps.told(error))
            else:
                self.search_finished.emit(done.result())

        self._search = self._library.search_async(query)
        self._search.add_done_callback(deliver)

    def want_thumbnails(self, hits: list[Hit], edge_px: int) -> None:
        """Loads the thumbnails of these hits; those that were wanted before no longer are."""
        with self._wanted_lock:
            wanted = {(hit.segment_id, edge_px) for hit in hits}
            fresh = [hit for hit in hits if (hit.segment_id, edge_px) not in self._wanted]
            self._wanted = wanted
        for hit in fresh:
            self._fetch(hit, edge_px, always=False)

    def load_picture(self, hit: Hit, edge_px: int) -> None:
        """Loads one larger picture; answers with `thumbnail_loaded`."""
        self._fetch(hit, edge_px, always=True)

    def find_region(self, hit: Hit) -> None:
        """Finds the part of a hit's picture that the last question's words fit best.

        Answers with `region_found` where there is one, unless another hit or question follows.
        """
        query = self._asked
        if self._closed or query is None:
            return
        if self._region is not None:
            self._region.cancel()

        def deliver(done: Future[Box | None]) -> None:
            if self._closed or done.cancelled() or query != self._asked or done is not self._region:
                return
            if done.exception() is None and (region := done.result()) is not None:
                self.region_found.emit(hit.segment_id, region)

        self._region = self._library.region_async(hit, query)
        self._region.add_done_callback(deliver)

    def load_file_picture(self, path: Path) -> None:
        """Loads a small picture of a file anywhere; answers with `file_picture_loaded`."""

        if self._closed:
            return

        def deliver(done: Future[bytes | None]) -> None:
            if self._closed or done.cancelled():
                return
            self.file_picture_loaded.emit(path, _image(done.result()))

        self._library.picture_async(path).add_done_callback(deliver)

    def want_file(self, hit: Hit) -> None:
        """Gets the file to open for a hit; answers with `file_ready` or `failed`."""

        def take() -> None:
            with suppress(CancelledError):  # as the library closes
                self.file_ready.emit(self._library.file_async(hit).result())

        self._look(take)

    def load_text(self, content_id: ContentId) -> None:
        """Loads a document's text; answers with `text_loaded`."""
        self._look(
            lambda: self.text_loaded.emit(content_id, self._library.passage_text(content_id))
        )

    def load_places(self, content_id: ContentId) -> None:
        """Loads where a content is; answers with `places_loaded`."""
        self._look(lambda: self.places_loaded.emit(content_id, self._library.places(content_id)))

    def load_overview(self) -> None:
        """Loads folders and counts; answers with `overview_loaded`."""

        def load() -> None:
            folders = tuple(self._library.folders())
            self.overview_loaded.emit(Overview(folders, self._library.counts()))

        self._look(load)

    def load_skips(self) -> None:
        """Loads the skipped files; answers with `skips_loaded`."""
        self._look(lambda: self.skips_loaded.emit(self._library.skips()))

    def add_folder(self, path: Path) -> None:
        """Watches a folder from now on; answers with `overview_loaded` or `failed`."""

        def add() -> None:
            self._library.add_folder(path)
            self.load_overview()

        self._change(add)

    def remove_folder(self, folder_id: FolderId) -> None:
        """Forgets a folder."""
        self._change(lambda: self._library.remove_folder(folder_id))

    def retry(self) -> None:
        """Tries the skipped files again."""
        self._change(self._library.retry)

    def pause(self) -> None:
        """Pauses indexing."""
        self._library.pause()

    def resume(self) -> None:
        """Goes on with indexing."""
        self._library.resume()

    @property
    def background(self) -> Background:
        """What goes on when everything is indexed."""
        return self._library.background

    def set_background(self, chosen: Background) -> None:
        """Chooses that; answers with `background_set`, and `failed` where it stays as it was."""

        def choose() -> None:
            try:
                self._library.set_background(chosen)
            finally:
                self.background_set.emit(self.background)

        self._change(choose)

    def close(self) -> None:
        """Closes the library; no signal follows."""
        self._closed = True
        self._unsubscribe()
        with self._wanted_lock:
            self._wanted = set()
        self.models.close()
        self._thumbnails.shutdown(wait=False, cancel_futures=True)
        self._looks.shutdown(cancel_futures=True)
        self._changes.shutdown(cancel_futures=True)
        self._library.close()
        self._thumbnails.shutdown()

    def _look(self, task: Callable[[], None]) -> None:
        self._run(self._looks, task)

    def _change(self, task: Callable[[], None]) -> None:
        self._run(self._changes, task)

    def _run(self, thread: ThreadPoolExecutor, task: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                if not self._closed:
                    task()
            except Exception as error:  # noqa: BLE001 - nobody else would hear of it
                if not self._closed:
                    self.failed.emit(*mishaps.told(error))

        if not self._closed:
            thread.submit(guarded)

    def _fetch(self, hit: Hit, edge_px: int, *, always: bool) -> None:
        # The window may ask once more while it closes.
        if not self._closed:
            self._thumbnails.submit(self._load_thumbnail, hit, edge_px, always=always)

    def _load_thumbnail(self, hit: Hit, edge_px: int, *, always: bool) -> None:
        with self._wanted_lock:
            skip = not always and (hit.segment_id, edge_px) not in self._wanted
        if skip or self._closed:
            return
        try:
            jpeg = self._library.thumbnail_async(hit, edge_px).result()
        except CancelledError:  # as the library closes
            return
        except Exception:
            if not self._closed:
                log.exception("no thumbnail of %s", shown(hit.path))
            jpeg = None
        image = _image(jpeg)
        with self._wanted_lock:
            self._wanted.discard((hit.segment_id, edge_px))  # it may be wanted again
        if not self._closed:
            self.thumbnail_loaded.emit(hit.segment_id, edge_px, image)

    def _on_event(self, event: Event) -> None:
        if self._closed:
            return
        match event:
            case IndexProgress():
                self.progress_changed.emit(event)
            case LibraryChanged():
                self.library_changed.emit()
            case Failure():
                self.failed.emit(event.title, event.message)


def _image(jpeg: bytes | None) -> QImage:
    """The picture, a null one where there is none or it is damaged."""
    if not jpeg:
        return QImage()
    # PySide's stubs want bytes for the format, and PySide itself a string.
    return QImage.fromData(jpeg, "JPEG")  # type: ignore[arg-type]

"""The one door to the engine: open a library, watch folders, index, search, close."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import filelock

from engine import settings
from engine.errors import LibraryBusyError, ModelError
from engine.events import Event, Failure, IndexProgress, LibraryChanged
from engine.indexing.indexer import RETRIABLE, Indexer
from engine.indexing.passes import Passes
from engine.indexing.pipeline import Pipeline
from engine.own_words import OwnWords
from engine.paths import Home, shown
from engine.readers import registry
from engine.readers.isolation import ReaderPool, reader_workers
from engine.readings import Box, Kind, PixelSpec, ReadFailure, Reading
from engine.records import Background, ContentId, Counts, Folder, FolderId, Skip
from engine.regions import Regions
from engine.roster.in_use import ModelInUse, ModelsInUse
from engine.roster.shelf import ModelShelf
from engine.search.fuse import Ranked
from engine.search_records import Hit, Query, SearchResult
from engine.sources.scan import LeftOut
from engine.store import census, contents, files, folders, recognition, segments
from engine.store.database import Database
from engine.thumbnails import Thumbnails
from engine.unpacked import Unpacked
from engine.watched_folders import WatchedFolders

log = logging.getLogger(__name__)

Listener = Callable[[Event], None]


class Library:
    """One library: its folders, its index and its answers. Safe to use from several threads."""

    def __init__(self, home: Home, database: Database, model: ModelInUse) -> None:
        self._home = home
        self._database = database
        self._listeners: list[Listener] = []
        self._lock = filelock.FileLock(home.data / "index.lock", timeout=0, thread_local=False)
        self._was_busy = False
        self._index_readers = ReaderPool(reader_workers())
        # A second pool, so that a person never waits behind the files that are being indexed.
        self._asked_readers = ReaderPool(1)
        embedder = model.embedder(database, self._index_readers)
        self._pipeline = Pipeline(database, embedder, self._index_readers)
        self._passes = Passes(home, database, self._index_readers)
        self._thumbnails = Thumbnails(home.thumbnails, database, self._asked_readers)
        self._indexer = Indexer(
            database, self._pipeline, self._passes.in_order, self._thumbnails, self._announce
        )
        self._models = ModelsInUse(
            home, database, model, self._indexer, self._index_readers, self._read_asked
        )
        self._shelf = ModelShelf(home, database, reader_workers(), self._models)
        self._own_words = OwnWords(
            database, self._models, self._read_asked, lambda: self._announce(LibraryChanged())
        )
        self._unpacked = Unpacked(home.unpacked, self._asked_readers)
        self._folders = WatchedFolders(database, self._indexer.request, self._announce)
        self._searches = ThreadPoolExecutor(1, thread_name_prefix="keepsight-search")
        self._regions = Regions(self._thumbnails, self._models)
        self._closed = threading.Event()

    @classmethod
    def open(cls, home: Home) -> Library:
        """Opens the library of `home`, which is made where there is none.

        Raises DatabaseDamagedError, DatabaseTooNewError or ModelError, with nothing changed.
        """
        home.create()
        database = Database(home.database)
        try:
            return cls(home, database, ModelInUse.load(home, database, settings.load(home).model))
        except BaseException:
            database.close()
            raise

    # What happens

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener`, on threads of the engine, with every event; returns how to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def progress(self) -> IndexProgress:
        """How far indexing is."""
        return self._indexer.progress

    # Folders

    def folders(self) -> list[Folder]:
        """The watched folders."""
        return self._folders.all()

    def add_folder(self, path: Path) -> Folder:
        """Watches a folder from now on, and takes over those that lie inside it.

        Raises FolderError where it is none or lies inside a folder that is watched already.
        """
        folder = self._folders.add(path)
        self._announce(LibraryChanged())
        return folder

    def remove_folder(self, folder_id: FolderId) -> None:
        """Forgets a folder: its rows, vectors and thumbnails. The files themselves stay."""
        self._folders.unwatch(folder_id)
        with self._database.writing() as connection:
            folders.remove(connection, folder_id)
            forgotten = contents.purge_orphans(connection, at_once=True)
            self._models.prune(connection)
        # It is gone from here on; what follows erases traces, which may take time or room.
        self._announce(LibraryChanged())
        self._thumbnails.forget(forgotten)
        self._models.publish()
        self._database.erase_free_pages()

    # Indexing

    def start(self) -> None:
        """Sweeps every folder, indexes what is new and watches from then on, in the background.

        A model that was to take over goes on with that, once it is loaded. Raises LibraryBusyError
        where another Keepsight does.
        """
        self._take_lock()
        self._indexer.start(self._resume_switch)
        self._folders.start()
        self._passes.want(self._passes.chosen)
        self._indexer.request_everything()
        for problem in self.problems():
            self._announce(problem)

    def index(
        self,
        paths: Sequence[Path],
        *,
        recognises_text: bool = False,
        looks_closer: bool = False,
    ) -> Iterator[IndexProgress]:
        """Indexes folders on the calling thread, telling how far it is; it may be stopped anywhere.

        Text in photos is looked for, which takes about a second for each, if `recognises_text`;
        parts of photos are embedded too, which takes four times as long as the photos, if
        `looks_closer`.
        Raises FolderError or LibraryBusyError.
        """
        self._take_lock()
        self._passes.want(Background(looks_closer, recognises_text))
        self._resume_switch()
        for folder_id, below in [self._folders.holding(path) for path in paths]:
            self._indexer.request({folder_id: frozenset({below})})
        yield from self._indexer.run_until_done()

    def pause(self) -> None:
        """Stops indexing after the batch in hand."""
        self._indexer.pause()

    def resume(self) -> None:
        """Goes on with indexing."""
        self._indexer.resume()

    @property
    def background(self) -> Background:
        """What goes on when everything is indexed, after `start`."""
        return self._passes.chosen

    def set_background(self, chosen: Background) -> None:
        """Chooses what goes on then, for good: at once, or no longer than for the picture in hand.

        What was made already stays and counts.
        """
        self._passes.choose(chosen)
        self._indexer.wake()

    def retry(self) -> None:
        """Lets every skipped file of a known type be tried again, and text be looked for again in
        the pictures where that went wrong."""
        with self._database.writing() as connection:
            files.retry_skipped(connection, RETRIABLE)
            recognition.retry(connection)
        self._indexer.request_everything()

    def contents_by_path(self) -> dict[Path, ContentId]:
        """Which content each indexed file has; files with the same bytes share one."""
        return files.contents_by_path(self._database.reading())

    def counts(self) -> Counts:
        """The library in numbers."""
        return census.counts(self._database.reading())

    def skips(self) -> list[Skip]:
        """Every file that was not indexed, with its reason; files of unknown types come last."""
        return census.skips(self._database.reading())

    def left_out(self) -> list[LeftOut]:
        """The files and folders that are not looked at, for instance because of their names."""
        return self._folders.left_out()

    # Answers

    def search(self, query: Query) -> SearchResult:
        """The best hits for a query, or the newest contents where it asks for nothing.

        Raises QueryError where its picture cannot be read.
        """
        return self._models.searcher.search(query)

    def search_async(self, query: Query) -> Future[SearchResult]:
        """`search`, on a thread of its own; a query waits for the one before it."""
        return self._searches.submit(self.search, query)

    def rank(self, query: Query) -> list[Ranked]:
        """The ranking behind `search`, without the hits' details: for evaluation."""
        return self._models.searcher.rank(query)

    def thumbnail_async(self, hit: Hit, edge_px: int) -> Future[bytes | None]:
        """A JPEG of at most `edge_px` on its longer side, or None where there can be none."""
        return self._thumbnails.request(hit, edge_px)

    def region_async(self, hit: Hit, query: Query) -> Future[Box | None]:
        """The part of a hit's picture that the query's words fit best.

        None where the whole is what they mean, where there is no telling, or where the hit was not
        found by what it shows. A question waits for the one before it.
        """
        return self._regions.request(hit, query)

    def picture_async(self, path: Path) -> Future[bytes | None]:
        """A small JPEG of a photo anywhere on this computer, or None where it cannot be read."""
        return self._thumbnails.of_file(path)

    def file_async(self, hit: Hit) -> Future[Path]:
        """The file to open for a hit; one inside another is taken out of it, into a copy.

        The future raises KeepsightError where that cannot be done.
        """
        return self._unpacked.request(hit)

    def passage_text(self, content_id: ContentId) -> str:
        """The text of a content, as it was written or recognised."""
        passages = segments.passages(self._database.reading(), content_id)
        return "\n\n".join(passage.text for passage in passages)

    def places(self, content_id: ContentId) -> list[tuple[Path, str]]:
        """Where a content is: the files that are it, or have it inside them by the name given."""
        return files.places(self._database.reading(), content_id)

    @property
    def models(self) -> ModelShelf:
        """The models: which there are, and what can be done with them."""
        return self._shelf

    @property
    def own_words(self) -> OwnWords:
        """What a person taught the model in use."""
        return self._own_words

    def problems(self) -> list[Failure]:
        """What is wrong with the library itself, beside the files that were skipped."""
        problem = self._own_words.problem
        return [problem] if problem is not None else []

    def close(self) -> None:
        """Stops everything in the background; what is left waits for the next start."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._listeners.clear()
        self._folders.stop()
        self._indexer.halt()
        # The readers go first: a step that waits for one of them then ends at once.
        self._index_readers.close()
        self._passes.close()
        self._indexer.join()
        self._asked_readers.close()
        self._pipeline.close()
        self._searches.shutdown(cancel_futures=True)
        self._regions.close()
        self._shelf.close()
        if self._lock.is_locked:  # else a window may write them, and have these open
            self._publish()
            self._unpacked.clear()
        self._models.close()
        self._database.close()
        self._lock.release(force=True)

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _publish(self) -> None:
        try:
            self._models.publish()
        except (OSError, RuntimeError) as error:  # usearch's own is no OSError
            log.error("vectors are not written; the next start takes them from SQLite: %s", error)

    def _resume_switch(self) -> None:
        try:
            self._models.resume()
        except ModelError as error:  # the present one goes on answering
            self._announce(Failure(error.title, error.message))

    def _read_asked(self, path: Path, spec: PixelSpec) -> Reading | ReadFailure:
        return self._asked_readers.submit_read(path, spec).result()

    def _announce(self, event: Event) -> None:
        for listener in tuple(self._listeners):
            listener(event)

    def _take_lock(self) -> None:
        try:
            self._lock.acquire()
        except filelock.Timeout as error:
            self._was_busy = True
            raise LibraryBusyError(
                "Another Keepsight is indexing this library",
                f"{shown(self._home.data)} is in use. Searching works meanwhile; to index, close "
                "the other Keepsight first.",
                self._home.data,
            ) from error
        if self._was_busy:
            self._was_busy = False
            self._models.catch_up()


def photo_extensions() -> list[str]:
    """How the names of photos that can be read end, with the dot."""
    photos = (family for family in registry.FAMILIES if family.kind is Kind.PHOTO)
    return sorted(extension for family in photos for extension in family.extensions)

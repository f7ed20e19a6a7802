"""Looks for text in photos and scanned pages, when there is nothing else to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from engine.events import Phase
from engine.indexing.embedding import Embedder
from engine.indexing.stages import ahead
from engine.readers.isolation import ReaderPool
from engine.readings import Passage, ReadFailure, Spot
from engine.records import ContentId, FoundFile
from engine.store import embeddings, files, recognition
from engine.store.database import Database
from engine.store.recognition import Unrecognised

VERSION = 1
"""Raised when recognising gets something else out of the same pictures."""

AHEAD = 2

_LIKE_TEXT = (
    *("a screenshot of a text", "a scanned document", "a photo of a receipt", "a page of a book"),
    *("a sign with words on it", "a handwritten note", "a letter"),
)
_UNLIKE_TEXT = (
    *("a landscape", "people smiling", "an animal", "a building", "food on a plate", "the sky"),
)


class Recogniser:
    """Gives photos and scanned pages their text. Used by one thread."""

    phase = Phase.RECOGNISING

    def __init__(self, database: Database, readers: ReaderPool) -> None:
        self.is_wanted = False
        self._database = database
        self._readers = readers
        self._begun: ContentId | None = None
        self._outcomes: dict[Spot, tuple[Passage, ...] | ReadFailure] = {}
        """Of the spots of `_begun` that were looked at."""

    def run(self, embedder: Embedder) -> Iterator[tuple[int, int]]:
        """Recognises what nobody has looked at yet; yields how many of how many are done.

        Scanned pages come first, then the photos that look most like text to the model in use. It
        may be stopped after each page: the others come first the next time.
        """
        connection = self._database.reading()
        waiting = self._most_likely_first(recognition.unrecognised(connection, VERSION), embedder)
        placed = (
            (content, *found)
            for content in waiting
            if (found := files.with_content(connection, content.content_id)) is not None
        )
        for done, (content, file, member) in enumerate(placed, start=1):
            for left in self._look(content, file, member):
                if left:
                    yield done - 1, len(waiting)
            if all(spot in self._outcomes for spot in content.spots):
                recognised = self._recognised(content)
                with self._database.writing() as writing:
                    recognition.keep(writing, content.content_id, *recognised, VERSION)
                self._begun = None
            yield done, len(waiting)

    def _look(self, content: Unrecognised, file: FoundFile, member: str) -> Iterator[int]:
        """Looks at each spot that was not looked at yet; yields how many are left.

        It ends where one may be read the next time.
        """
        if self._begun != content.content_id:
            self._begun, self._outcomes = content.content_id, {}
        for spot, outcome in ahead(
            [spot for spot in content.spots if spot not in self._outcomes],
            lambda spot: self._readers.submit_recognise(file.path, file.stamp, spot, member),
            AHEAD,
        ):
            if isinstance(outcome, ReadFailure) and outcome.reason in files.TRANSIENT:
                return
            self._outcomes[spot] = outcome
            yield len(content.spots) - len(self._outcomes)

    def _recognised(self, content: Unrecognised) -> tuple[list[Passage], str]:
        """The text of every spot, one after the other, and why that of some is missing."""
        passages: list[Passage] = []
        problem, start = "", 0
        for spot in content.spots:
            outcome = self._outcomes[spot]
            if isinstance(outcome, ReadFailure):
                problem = outcome.detail
                continue
            passages += [
                replace(each, start=start + each.start, end=start + each.end, page=spot.page)
                for each in outcome
            ]
            start = max((passage.end for passage in passages), default=0) + 1
        return passages, problem

    def _most_likely_first(
        self, waiting: Sequence[Unrecognised], embedder: Embedder
    ) -> list[Unrecognised]:
        """The photos in the order of how much nearer to words for texts than to others they are."""
        photos = np.array([c.photo for c in waiting if c.photo is not None], np.int64)
        if not len(photos):
            return list(waiting)
        like, unlike = (embedder.encode_texts(words) for words in (_LIKE_TEXT, _UNLIKE_TEXT))
        likeness: dict[int, float] = {}
        pages = embeddings.vectors(
            self._database.reading(), embedder.vectors.model_id, np.sort(photos)
        )
        for ids, vectors in pages:
            near = vectors.astype(np.float32)
            share = (near @ like.T).max(axis=1) - (near @ unlike.T).max(axis=1)
            likeness |= dict(zip(ids.tolist(), share.tolist(), strict=True))
        first = max(likeness.values(), default=0.0) + 1
        return sorted(
            waiting,
            key=lambda c: -(first if c.photo is None else likeness.get(c.photo, -first)),
        )

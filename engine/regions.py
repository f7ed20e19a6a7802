"""Finds where in the picture of a hit what was asked for is to be seen, on a thread of its own."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from engine.readings import Box
from engine.roster.in_use import ModelsInUse
from engine.search_records import Hit, Query, Retriever
from engine.thumbnails import Thumbnails

PICTURE_PX = 512
"""The picture that is looked at: its windows are then as large as encoders want them."""


class Regions:
    """Regions of pictures, one after the other."""

    def __init__(self, thumbnails: Thumbnails, models: ModelsInUse) -> None:
        self._thumbnails = thumbnails
        self._models = models
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="keepsight-regions")

    def request(self, hit: Hit, query: Query) -> Future[Box | None]:
        """The part of a hit's picture that the query's words fit best.

        None where the whole is what they mean, where there is no telling, or where the hit was not
        found by what it shows.
        """
        return self._thread.submit(self._find, hit, query)

    def close(self) -> None:
        """Ends after the one in hand."""
        self._thread.shutdown(cancel_futures=True)

    def _find(self, hit: Hit, query: Query) -> Box | None:
        if all(match.retriever is not Retriever.PHOTO_MEANING for match in hit.matches):
            return None
        jpeg = self._thumbnails.request(hit, PICTURE_PX).result()
        try:
            return None if jpeg is None else self._models.searcher.region(query, jpeg)
        except OSError:  # a thumbnail that was damaged on the disk
            return None

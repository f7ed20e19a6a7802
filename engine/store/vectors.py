"""Nearest neighbours over the embeddings of one model: usearch files, rebuilt from SQLite at will.

Below EXACT_BELOW vectors every search scans all of them; above, it walks an HNSW graph (Malkov &
Yashunin, 2018). Embeddings never change under their segment's id, so a file whose set of keys is
SQLite's set of keys is right; what it lacks is added when the file is loaded. What SQLite no longer
has is passed over by searches, and left out of a copy once it is much.

WORKAROUND https://github.com/unum-cloud/USearch/pull/769: after some removals, usearch finds what
was removed and loops for minutes, so that nothing is ever removed from an index, until a release
has this.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray
from usearch.index import Index, MetricKind
from usearch.index import search as scan

from engine.hubness import searched
from engine.records import Medium, ModelCard, ModelId, SegmentId
from engine.store import embeddings

log = logging.getLogger(__name__)

EXACT_BELOW = 1_000_000
"""A scan of fewer is over before a person notices, and misses nothing; to make their graph takes
minutes, in which no search is answered."""

OVER_FETCH = 4
"""How many times the hits asked for are fetched: a graph misses some, and filters drop some."""

SAMPLE_TOLERANCE = 0.05
"""A sample serves until the index has grown or shrunk by this share."""

SURPLUS = 0.05
"""An index is copied when its vectors that SQLite no longer has are more than this share."""

Floats = NDArray[np.float32]

_FLAT = {"connectivity": 2, "expansion_add": 1}
_GRAPH = {"connectivity": 16, "expansion_add": 128, "expansion_search": 256}


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Segments near a vector, nearest first: (n,) ids and (n,) inner products."""

    segments: NDArray[np.int64]
    nearness: NDArray[np.float32]


class VectorIndex:
    """The vectors of the pictures, or of the texts, under one model, with their hubness.

    Safe to use from several threads.
    """

    def __init__(
        self,
        directory: Path,
        card: ModelCard,
        model_id: ModelId,
        medium: Medium,
        unrelated: Mapping[Medium, Floats],
    ) -> None:
        """`unrelated` are (B, D) vectors of each medium, the other one's to tell hubs by."""
        # Names of models hold what no name of a file may, and begin alike.
        named = re.sub(r"[^A-Za-z0-9.-]+", "-", card.name)[:40]
        stamp = blake3(card.fingerprint.encode()).hexdigest()[:12]
        self._file = directory / f"{named}-{stamp}-{medium}.usearch"
        self._stamp_file = self._file.with_suffix(".json")
        self._temporary = self._file.with_suffix(".tmp")
        self._card, self._model_id, self._medium = card, model_id, medium
        self._bank = unrelated[medium.other]
        self.unrelated = self.level(unrelated[medium])
        """(B, D + 1) vectors of its medium that have to do with nothing asked for."""
        self._lock = threading.Lock()
        self._index = self._empty(0)
        self._unsaved = False
        self._drawn = (0, self.level(np.empty((0, card.dimension), np.float32)))

    def __len__(self) -> int:
        return len(self._index)

    @property
    def file_stem(self) -> str:
        """What the names of its files begin with."""
        return self._file.stem

    def level(self, vectors: NDArray[np.floating]) -> Floats:
        """(N, D) vectors of its medium as they are searched here: (N, D + 1)."""
        return searched(vectors, self._bank)

    def load(self, connection: sqlite3.Connection) -> None:
        """Reads the file, then adds and removes until it holds what SQLite holds."""
        stored = embeddings.keys(connection, self._model_id, self._medium)
        index = self._read() or self._empty(len(stored))
        present = _keys(index)
        lacking = np.setdiff1d(stored, present, assume_unique=True)
        kept = np.intersect1d(present, stored, assume_unique=True)
        is_surplus = len(present) - len(kept) > SURPLUS * len(stored)
        if is_surplus or len(present) < EXACT_BELOW <= len(present) + len(lacking):
            index = self._copy(index, kept, len(stored))
        for ids, vectors in embeddings.vectors(connection, self._model_id, lacking):
            index.add(ids, self.level(vectors).astype(np.float16))
        self._unsaved = bool(is_surplus or len(lacking))
        self._index = index

    def catch_up(self, connection: sqlite3.Connection) -> None:
        """Adds the vectors that SQLite has since another process made them."""
        stored = embeddings.keys(connection, self._model_id, self._medium)
        with self._lock:
            present = _keys(self._index)
        lacking = np.setdiff1d(stored, present, assume_unique=True)
        for ids, vectors in embeddings.vectors(connection, self._model_id, lacking):
            self.add(ids.tolist(), vectors.astype(np.float32))

    def prune(self, connection: sqlite3.Connection) -> None:
        """Removes the vectors that SQLite no longer has."""
        stored = embeddings.keys(connection, self._model_id, self._medium)
        with self._lock:
            self._keep_only(stored)

    def erase(self, connection: sqlite3.Connection) -> None:
        """Removes the vectors that SQLite no longer has, and every trace of them.

        The file goes at once; the next one is published without them.
        """
        stored = embeddings.keys(connection, self._model_id, self._medium)
        with self._lock:
            self._delete_files()
            self._unsaved = True
            self._keep_only(stored)

    def add(self, segments: Sequence[SegmentId], vectors: NDArray[np.float32]) -> None:
        """Adds (N, D) vectors of N segments."""
        level = self.level(vectors).astype(np.float16)
        with self._lock:
            grown = len(self._index) + len(segments)
            if len(self._index) < EXACT_BELOW <= grown:
                self._index = self._copy(self._index, _keys(self._index), grown)
            self._index.add(np.asarray(segments, np.int64), level)
            self._unsaved = True

    def search(
        self,
        vector: NDArray[np.float32],
        limit: int,
        allowed: NDArray[np.int64] | None = None,
    ) -> Neighbours:
        """The `limit` segments nearest to a (D + 1,) vector, out of `allowed` if it is given."""
        query = vector.astype(np.float16)
        with self._lock:
            size = len(self._index)
            if not size or limit <= 0 or (allowed is not None and not len(allowed)):
                return Neighbours(np.empty(0, np.int64), np.empty(0, np.float32))
            wanted = limit * OVER_FETCH
            # What a graph has to look at for that many would be the whole index.
            exhausted = wanted * _GRAPH["connectivity"] > size
            exact = size < EXACT_BELOW or allowed is not None or exhausted
            if exact and allowed is None:
                wanted = limit  # a scan misses none, and takes longer the more it is asked for
            found = self._index.search(query, min(wanted, size), exact=exact)
        ids, nearness = found.keys.astype(np.int64), 1 - found.distances
        if allowed is not None:
            inside = np.isin(ids, allowed)
            ids, nearness = ids[inside], nearness[inside]
            if len(ids) < limit and wanted < size:
                return self._among(allowed, query, limit)
        return Neighbours(ids[:limit], nearness[:limit])

    def _among(
        self, allowed: NDArray[np.int64], query: NDArray[np.float16], limit: int
    ) -> Neighbours:
        """The nearest of `allowed`, each of which is compared with.

        The time that a scan of the index takes is the square of how many it is asked for, so that
        those allowed cannot be picked out of all.
        """
        ids, nearness = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
        for start in range(0, len(allowed), embeddings.PAGE):
            present, matrix = self._matrix(allowed[start : start + embeddings.PAGE])
            if len(present):
                wanted = min(limit, len(present))
                near = scan(matrix, query, wanted, MetricKind.IP, exact=True)
                ids.append(present[near.keys.astype(np.int64)])
                nearness.append(1 - near.distances)
        nearest = np.argsort(-np.concatenate(nearness), kind="stable")[:limit]
        return Neighbours(np.concatenate(ids)[nearest], np.concatenate(nearness)[nearest])

    def sample(self, size: int) -> Floats:
        """(n, D + 1) vectors of up to `size` segments, drawn anew when it has changed a lot."""
        count = len(self._index)
        drawn_from, drawn = self._drawn
        if abs(count - drawn_from) > SAMPLE_TOLERANCE * drawn_from or len(drawn) > size:
            with self._lock:
                keys = _keys(self._index)
            chosen = np.random.default_rng(0).permutation(keys)[:size]
            drawn = self._matrix(chosen)[1].astype(np.float32)
            self._drawn = (count, drawn)
        return drawn

    def publish(self) -> None:
        """Writes the file whole or not at all; a crash leaves the former one."""
        with self._lock:
            if not self._unsaved:
                return
            if not len(self._index):
                self._delete_files()
                return
            self._file.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._index.save(str(self._temporary))
                stamp = self._stamp() | {"blake3": blake3(self._temporary.read_bytes()).hexdigest()}
                _replace(self._temporary, self._file)
                self._temporary.write_text(json.dumps(stamp))
                _replace(self._temporary, self._stamp_file)
            finally:
                self._temporary.unlink(missing_ok=True)  # a part takes room on a full disk
            self._unsaved = False

    def _matrix(self, segments: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
        """Those of `segments` that are here, and their (n, D + 1) vectors."""
        with self._lock:
            if len(self._index) and len(segments):
                segments = segments[np.asarray(self._index.contains(segments.astype(np.uint64)))]
            if not len(self._index) or not len(segments):
                return segments[:0], np.empty((0, self._index.ndim), np.float16)
            vectors = self._index.get(segments.astype(np.uint64))
        return segments, np.stack(vectors)

    def _empty(self, size: int) -> Index:
        shape = _GRAPH if size >= EXACT_BELOW else _FLAT
        return Index(ndim=self._card.dimension + 1, metric="ip", dtype="f16", **shape)

    def _copy(self, index: Index, keys: NDArray[np.int64], size: int) -> Index:
        """The vectors of `keys` out of an index, in one of the shape for `size` vectors."""
        copy = self._empty(size)
        for start in range(0, len(keys), embeddings.PAGE):
            page = keys[start : start + embeddings.PAGE].astype(np.uint64)
            copy.add(page, np.stack(index.get(page)))
        return copy

    def _keep_only(self, stored: NDArray[np.int64]) -> None:
        present = _keys(self._index)
        kept = np.intersect1d(present, stored, assume_unique=True)
        if len(kept) < len(present):
            self._index = self._copy(self._index, kept, len(kept))
            self._unsaved = True

    def _delete_files(self) -> None:
        for file in (self._file, self._stamp_file, self._temporary):
            file.unlink(missing_ok=True)

    def _stamp(self) -> dict[str, object]:
        return {
            "model": self._card.fingerprint,
            "dimension": self._card.dimension,
            "medium": self._medium.value,
            "bank": blake3(np.ascontiguousarray(self._bank).tobytes()).hexdigest(),
            "count": len(self._index),
        }

    def _read(self) -> Index | None:
        """The file's index, or None where it is missing or anything about it is not as stamped.

        WORKAROUND https://github.com/unum-cloud/usearch/issues/195: restoring a damaged or empty
        file may end the process, so that nothing is restored whose hash is not the stamped one.
        """
        try:
            stamp = json.loads(self._stamp_file.read_text())
            if stamp["blake3"] != blake3(self._file.read_bytes()).hexdigest():
                raise ValueError("its bytes are not those that were written")
            index = Index.restore(str(self._file))
            if index is None or stamp != self._stamp() | {
                "blake3": stamp["blake3"],
                "count": len(index),
            }:
                raise ValueError("its stamp does not fit it")
            if len(np.unique(_keys(index))) != len(index):
                raise ValueError("it has a key twice")
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            log.info("rebuilding %s: %s", self._file.name, error)
            return None
        is_flat = index.connectivity == _FLAT["connectivity"]
        return index if is_flat == (len(index) < EXACT_BELOW) else None


def _keys(index: Index) -> NDArray[np.int64]:
    """(N,) ids of the segments in an index, ascending."""
    return np.sort(np.asarray(index.keys[:] if len(index) else (), np.int64))


def _replace(temporary: Path, file: Path) -> None:
    with temporary.open("rb+") as written:
        os.fsync(written.fileno())
    temporary.chmod(0o600)
    temporary.replace(file)

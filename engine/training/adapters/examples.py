"""Turns what a person says about photos into vectors to fit an adapter to.

Photos of the library have theirs already. Others are read and encoded, and not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import CaptionsError
from engine.hubness import OF_PICTURES, asking
from engine.models.base import Encoder
from engine.paths import shown
from engine.readings import Kind, PixelSpec, ReadFailure, Reading
from engine.records import Medium
from engine.search_records import Filters
from engine.store import embeddings, files, listing, parts
from engine.store.database import Database
from engine.store.model_index import ModelIndex
from engine.training.adapters.adapter import Floats
from engine.training.adapters.fit import Examples
from engine.training.adapters.judgements import Judgement

Read = Callable[[Path, PixelSpec], Reading | ReadFailure]
Progress = Callable[[str, int, int], None]
"""What is done, how much of it, and how much there is."""

MOST_QUERIES = 4_000
"""More are thinned out evenly: weights this few learn little from them."""

LIBRARY_SAMPLE = 1024
HARD_QUERIES = 256
HARD_PHOTOS = 16
"""Photos of the library that the queries find now: negatives from which something is learnt."""
MOST_NEAR = 8 * HARD_PHOTOS
"""Among them are parts of photos, which are left out."""

SAME_PHOTO = 0.98
"""A photo of the library with such a cosine to one of the examples is a copy of it, or near."""

ENCODED_AT_ONCE = 16

EVERYDAY = (
    "dog cat bird horse beach sea mountain snow forest tree flower garden car bus train bicycle "
    "boat street city house kitchen table food cake pizza coffee wine fruit child baby woman man "
    "wedding birthday party sunset night sky cloud rain river lake bridge church window door chair "
    "bed book phone computer screen football concert dance hiking swimming skiing ticket letter "
    "map sign poster drawing painting statue shoes hat dress glasses camera plane airport hotel "
    "shop market toy ball bear cow sheep fish butterfly 狗 猫 鸟 马 海滩 山 雪 森林 树 花 "
    "汽车 火车 自行车 船 街道 城市 房子 厨房 "
    "食物 蛋糕 咖啡 孩子 女人 男人 婚礼 生日 日落 夜晚 河 湖 桥 书"
)
"""What people ask for anyway, whose answers an adapter is to leave as they are."""


class ExampleSource:
    """Makes examples of what a person says, with the vectors of one library under one model."""

    def __init__(
        self, database: Database, encoder: Encoder, vectors: ModelIndex, read: Read
    ) -> None:
        self._database = database
        self._encoder = encoder
        self._vectors = vectors
        self._read = read

    def examples(
        self, judgements: Sequence[Judgement], on_progress: Progress = lambda *_: None
    ) -> Examples:
        """The vectors of queries, of their photos, of other photos and of everyday queries.

        Queries of which the model knows no word are left out. Raises CaptionsError where a photo
        cannot be read or is a document.
        """
        answers = _by_query(judgements)
        known = np.zeros(len(answers), np.bool_)
        queries = np.zeros((0, self._encoder.card.dimension), np.float32)
        if answers:
            queries = self._encoder.encode_texts(list(answers))
            known |= queries.any(axis=1)
        chosen = [answers[text] for text, knows in zip(answers, known, strict=True) if knows]
        paths = list(dict.fromkeys(path for judged in chosen for path in judged))
        numbers = {path: number for number, path in enumerate(paths)}
        judged = np.zeros((len(chosen), len(paths)), np.int8)
        for row, of_query in enumerate(chosen):
            for path, answer in of_query.items():
                judged[row, numbers[path]] = answer
        photos = self._photos(paths, on_progress)
        words = EVERYDAY.split()
        return Examples(
            queries=queries[known],
            photos=photos,
            judged=judged,
            library=self._others(queries[known], photos),
            everyday=self._everyday(words[::2]),
            more_everyday=self._everyday(words[1::2]),
        )

    def _photos(self, paths: Sequence[Path], on_progress: Progress) -> Floats:
        """(P, D) vectors of photos, from the library as far as it has them."""
        connection = self._database.reading()
        contents = files.contents_by_path(connection)
        inside = [contents[path] for path in paths if path in contents]
        known = listing.details(connection, inside, Filters())
        vectors = np.zeros((len(paths), self._encoder.card.dimension), np.float32)
        absent: list[int] = []
        for number, path in enumerate(paths):
            details = known.get(contents[path]) if path in contents else None
            if details is not None and details.kind is not Kind.PHOTO:
                raise _no_photo(path, "It is a document; only photos can be taught.")
            stored = np.zeros((0, self._encoder.card.dimension), np.float32)
            if details is not None:
                model_id = self._vectors.model_id
                stored = embeddings.of_content(
                    connection, model_id, details.content_id, Medium.PICTURE
                )
            if len(stored):
                vectors[number] = stored[0]
            else:
                absent.append(number)
        self._encode(absent, paths, vectors, on_progress)
        return vectors

    def _encode(
        self, absent: Sequence[int], paths: Sequence[Path], into: Floats, on_progress: Progress
    ) -> None:
        for start in range(0, len(absent), ENCODED_AT_ONCE):
            on_progress("Encoding", start, len(absent))
            some = absent[start : start + ENCODED_AT_ONCE]
            pixels = np.stack([self._pixels(paths[number]) for number in some])
            into[some] = self._encoder.encode_images(pixels)
        if absent:
            on_progress("Encoding", len(absent), len(absent))

    def _pixels(self, path: Path) -> NDArray[np.uint8]:
        reading = self._read(path, self._encoder.card.pixels)
        if isinstance(reading, ReadFailure):
            raise _no_photo(path, reading.detail)
        if reading.pixels is None:
            raise _no_photo(path, "It is a document; only photos can be taught.")
        return reading.pixels

    def _others(self, queries: Floats, photos: Floats) -> Floats:
        """(N, D) photos of the library: a sample, and those that the queries find as it is.

        Whole ones: a part of a photo that is liked would speak against it.
        """
        connection, model_id = self._database.reading(), self._vectors.model_id
        step = max(1, len(queries) // HARD_QUERIES)
        asked = [asking(query, OF_PICTURES) for query in queries[::step]]
        found = [self._vectors.pictures.search(query, MOST_NEAR).segments for query in asked]
        near = [parts.others(connection, each)[:HARD_PHOTOS] for each in found]
        keys = embeddings.keys(connection, model_id, Medium.PICTURE)
        wholes = parts.others(connection, np.random.default_rng(0).permutation(keys))
        chosen = np.unique(np.concatenate([*near, wholes[:LIBRARY_SAMPLE]]))
        pages = embeddings.vectors(connection, model_id, chosen)
        none = np.empty((0, self._encoder.card.dimension), np.float32)
        others = np.concatenate([none, *(page.astype(np.float32) for _, page in pages)])
        if len(others) and len(photos):
            others = others[(others @ photos.T).max(axis=1) < SAME_PHOTO]
        return np.unique(others, axis=0)

    def _everyday(self, words: Sequence[str]) -> Floats:
        """(T, D) words and, of each, a sentence with it; those that the model knows."""
        sentences = [f"a photo of a {w}" if w.isascii() else f"{w}的照片" for w in words]
        vectors = self._encoder.encode_texts([*words, *sentences])
        return vectors[vectors.any(axis=1)]


def _by_query(judgements: Sequence[Judgement]) -> dict[str, dict[Path, int]]:
    """What each query's photos are, 1 or -1; at most MOST_QUERIES."""
    found: dict[str, dict[Path, int]] = {}
    for judgement in judgements:
        if judgement.query.strip():
            answers = found.setdefault(judgement.query, {})
            answers.update(dict.fromkeys(judgement.rejected, -1))
            answers.update(dict.fromkeys(judgement.liked, 1))
    step = -(-len(found) // MOST_QUERIES) or 1
    return {text: found[text] for text in list(found)[::step]}


def _no_photo(path: Path, why: str) -> CaptionsError:
    return CaptionsError("A photo cannot be learnt from", f"{shown(path)}: {why}", path)

"""What is asked of a model: queries, what is searched, and which answers are right.

- text to image: a caption finds the photo that it was written for.
- image to text: a photo finds its captions.
- image to image: a photo finds the other photos that are like it: half of both's labels are the
  same or, without labels, three in ten of the content words of both's captions.
- text to text: a caption finds the other captions of its photo; a query finds the documents of a
  corpus that answer it.

Captions that are the same text are one candidate, as they are one content in a library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.training.data.captioned import content_words
from engine.training.data.layouts import CaptionedPhoto, Collection, TextCorpus

ANY = "any"
"""The language of a task that has none, or whose texts do not say theirs."""

ALIKE_LABELS = 0.5
ALIKE_CAPTIONS = 0.3
"""The shares of both photos' words that they have in common when they are alike (the index of
P. Jaccard, 1901). Of 1,000 photos of Flickr8k, 185 have one whose captions are alike: a black dog
that leaps into water, and another; at 0.5 there is none, at 0.25 they begin to differ in what is
done."""

_ROWS_AT_ONCE = 1_024


class Task(StrEnum):
    """What is looked for, by what."""

    TEXT_TO_IMAGE = "text_to_image"
    IMAGE_TO_TEXT = "image_to_text"
    IMAGE_TO_IMAGE = "image_to_image"
    TEXT_TO_TEXT = "text_to_text"


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One task in one language. A photo is a path, a text a string.

    For each query: `right` has the gains of right candidates, by their numbers; `itself` is the
    number of the candidate that is the query, which is left out; queries of one of the `groups`
    belong to one photo.
    """

    task: Task
    language: str
    queries: Sequence[Path | str]
    candidates: Sequence[Path | str]
    right: Sequence[Mapping[int, float]]
    itself: Sequence[int | None]
    groups: Sequence[int]


def trials(collection: Collection, tasks: Sequence[Task] = tuple(Task)) -> list[Trial]:
    """The trials of `tasks` that a collection has something for."""
    found: list[Trial] = []
    photos = collection.photos
    if Task.TEXT_TO_IMAGE in tasks:
        found += [_text_to_image(photos, language) for language in _languages(photos)]
    if Task.IMAGE_TO_TEXT in tasks:
        found += [_image_to_text(photos, language) for language in _languages(photos)]
    if Task.IMAGE_TO_IMAGE in tasks and photos:
        found.append(_image_to_image(photos))
    if Task.TEXT_TO_TEXT in tasks:
        found += [_text_to_text(photos, language) for language in _languages(photos)]
        if collection.corpus is not None:
            found.append(_corpus(collection.corpus))
    return [trial for trial in found if trial.queries]


def _languages(photos: Sequence[CaptionedPhoto]) -> list[str]:
    return sorted({language for photo in photos for language in photo.captions})


def _text_to_image(photos: Sequence[CaptionedPhoto], language: str) -> Trial:
    asked = [
        (text, number)
        for number, photo in enumerate(photos)
        for text in photo.captions.get(language, ())
    ]
    return Trial(
        Task.TEXT_TO_IMAGE,
        language,
        queries=[text for text, _ in asked],
        candidates=[photo.path for photo in photos],
        right=[{number: 1.0} for _, number in asked],
        itself=[None] * len(asked),
        groups=[number for _, number in asked],
    )


def _numbered_captions(photos: Sequence[CaptionedPhoto], language: str) -> dict[str, int]:
    texts = (text for photo in photos for text in photo.captions.get(language, ()))
    return {text: number for number, text in enumerate(dict.fromkeys(texts))}


def _image_to_text(photos: Sequence[CaptionedPhoto], language: str) -> Trial:
    numbers = _numbered_captions(photos, language)
    asked = [number for number, photo in enumerate(photos) if photo.captions.get(language)]
    return Trial(
        Task.IMAGE_TO_TEXT,
        language,
        queries=[photos[number].path for number in asked],
        candidates=list(numbers),
        right=[
            {numbers[text]: 1.0 for text in photos[number].captions[language]} for number in asked
        ],
        itself=[None] * len(asked),
        groups=asked,
    )


def _image_to_image(photos: Sequence[CaptionedPhoto]) -> Trial:
    labels = [frozenset(photo.labels) for photo in photos]
    words = [content_words(" ".join(photo.captions.get("en", ()))) for photo in photos]
    alike = _alike(labels, ALIKE_LABELS) if any(labels) else _alike(words, ALIKE_CAPTIONS)
    asked = [number for number, others in enumerate(alike) if len(others)]
    return Trial(
        Task.IMAGE_TO_IMAGE,
        ANY,
        queries=[photos[number].path for number in asked],
        candidates=[photo.path for photo in photos],
        right=[dict.fromkeys(alike[number].tolist(), 1.0) for number in asked],
        itself=asked,
        groups=asked,
    )


def _alike(words: Sequence[frozenset[str]], share: float) -> list[NDArray[np.int64]]:
    """For each set of words, which others have such a share of both's words in common."""
    columns = {word: column for column, word in enumerate(sorted(frozenset().union(*words)))}
    has = np.zeros((len(words), len(columns)), np.float32)
    for row, of_photo in enumerate(words):
        has[row, [columns[word] for word in of_photo]] = 1
    sizes = has.sum(axis=1)
    found: list[NDArray[np.int64]] = []
    for start in range(0, len(words), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        common = has[rows] @ has.T
        alike = (common > 0) & (common >= share * (sizes[rows, None] + sizes - common))
        found += [
            others[others != start + row]
            for row, others in enumerate(np.flatnonzero(line) for line in alike)
        ]
    return found


def _text_to_text(photos: Sequence[CaptionedPhoto], language: str) -> Trial:
    numbers = _numbered_captions(photos, language)
    asked: list[tuple[int, int, dict[int, float]]] = []
    for number, photo in enumerate(photos):
        own = dict.fromkeys(numbers[text] for text in photo.captions.get(language, ()))
        for caption in own:
            others = {other: 1.0 for other in own if other != caption}
            if others:
                asked.append((number, caption, others))
    texts = list(numbers)
    return Trial(
        Task.TEXT_TO_TEXT,
        language,
        queries=[texts[caption] for _, caption, _ in asked],
        candidates=texts,
        right=[others for _, _, others in asked],
        itself=[caption for _, caption, _ in asked],
        groups=[number for number, _, _ in asked],
    )


def _corpus(corpus: TextCorpus) -> Trial:
    numbers = {document: number for number, document in enumerate(corpus.documents)}
    return Trial(
        Task.TEXT_TO_TEXT,
        ANY,
        queries=list(corpus.queries.values()),
        candidates=list(corpus.documents.values()),
        right=[
            {numbers[document]: gain for document, gain in corpus.relevance[query].items()}
            for query in corpus.queries
        ],
        # As in BEIR, a document of the query's own id is the query itself.
        itself=[
            None if query in corpus.relevance[query] else numbers.get(query)
            for query in corpus.queries
        ],
        groups=list(range(len(corpus.queries))),
    )

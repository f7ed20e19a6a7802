"""Measures a model through the whole stack: captioned photos are indexed, then searched for.

Each caption becomes a text file of its own, so that image to text too goes through reading,
splitting, storing and searching.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine import settings
from engine.errors import CaptionsError
from engine.library import Library
from engine.paths import Home, shown
from engine.records import ContentId, IndexProgress, Kind, Query

CUTOFFS = (1, 5, 10)
LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class CaptionedPhoto:
    """A photo and what people said of it, by language."""

    path: Path
    captions: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Metrics:
    """How well the right answers ranked. Recall is in per cent; the median rank counts from 1.

    recall@k is the share of queries with a right answer among the first k (Hodosh, Young &
    Hockenmaier, "Framing Image Description as a Ranking Task", 2013).
    """

    recall: dict[int, float]
    median_rank: float
    queries: int

    @classmethod
    def of(cls, ranks: Sequence[float]) -> Metrics:
        """The metrics of the best ranks of right answers, infinite where none was found."""
        return cls(
            recall={k: 100.0 * sum(rank <= k for rank in ranks) / len(ranks) for k in CUTOFFS},
            median_rank=float(np.median(ranks)),
            queries=len(ranks),
        )

    def as_json(self) -> dict[str, float | int | None]:
        """The metrics as `keepsight eval --json` prints them."""
        return {
            **{f"recall@{k}": round(value, 2) for k, value in self.recall.items()},
            "median_rank": self.median_rank if np.isfinite(self.median_rank) else None,
            "queries": self.queries,
        }


Report = dict[str, dict[str, Metrics]]
"""Metrics by direction (`text_to_image`, `image_to_text`) and language."""


def read_captions(file: Path, split: str | None = None) -> list[CaptionedPhoto]:
    """Reads JSON lines of `file`, `split` (optional) and captions by language.

    Without a `split`, photos that a model may have been trained on (`train`) are left out unless
    there are no others. Raises CaptionsError, naming the line.
    """
    rows: list[tuple[str | None, CaptionedPhoto]] = []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CaptionsError(
            "The captions cannot be read", f"{shown(file)}: {error}", file
        ) from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            photo = file.parent / row["file"]
            captions = {code: tuple(map(str, row[code])) for code in LANGUAGES if row.get(code)}
        except (ValueError, KeyError, TypeError) as error:
            raise CaptionsError(
                "The captions cannot be read",
                f"{shown(file)}, line {number}: {error!r}. Each line must be a JSON object with "
                '"file" and captions as lists under "en" or "zh".',
                file,
            ) from error
        if not photo.is_file():
            raise CaptionsError(
                "A captioned photo is missing",
                f"{shown(photo)} (line {number}) does not exist.",
                photo,
            )
        rows.append((row.get("split"), CaptionedPhoto(photo, captions)))
    wanted = [photo for name, photo in rows if (name == split if split else name != "train")]
    if not wanted and not split:
        wanted = [photo for _, photo in rows]
    if not wanted:
        raise CaptionsError(
            "There is nothing to evaluate", f"{shown(file)} has no photos of split “{split}”.", file
        )
    return wanted


def evaluate(
    photos: Sequence[CaptionedPhoto],
    *,
    model: str = settings.STARTER,
    on_index: Callable[[IndexProgress], None] = lambda _: None,
    on_query: Callable[[int, int], None] = lambda _done, _total: None,
) -> Report:
    """Indexes `photos` and their captions in a temporary home; searches for each by the other."""
    with tempfile.TemporaryDirectory(prefix="keepsight-eval-") as directory:
        root = Path(directory)
        corpus = _write_corpus(photos, root / "corpus")
        home = Home.at(root / "home").create()
        settings.save(home, settings.Settings(model=model))
        with Library.open(home) as library:
            for progress in library.index([root / "corpus"]):
                on_index(progress)
            return _measure(library, corpus, on_query)


@dataclass(frozen=True, slots=True)
class _Corpus:
    """Where the photos and captions of an evaluation lie."""

    photos: list[Path]
    captions: dict[str, list[tuple[str, Path, int]]]
    """By language: a caption, its file, and which photo it belongs to."""


def _write_corpus(photos: Sequence[CaptionedPhoto], root: Path) -> _Corpus:
    places = []
    captions: dict[str, list[tuple[str, Path, int]]] = {}
    # Names are numbers, so that no caption is found by the name of its file.
    for number, photo in enumerate(photos):
        place = root / "p" / f"{number:06d}{photo.path.suffix}"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(photo.path, place)
        places.append(place)
        for language, texts in photo.captions.items():
            for index, text in enumerate(texts):
                file = root / f"c-{language}" / f"{number:06d}-{index}.txt"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
                captions.setdefault(language, []).append((text, file, number))
    return _Corpus(places, captions)


def _measure(library: Library, corpus: _Corpus, on_query: Callable[[int, int], None]) -> Report:
    content = library.contents_by_path()
    total = sum(map(len, corpus.captions.values())) + len(corpus.photos) * len(corpus.captions)
    done = 0

    def counted(items: Iterable[int]) -> Iterator[int]:
        nonlocal done
        for item in items:
            yield item
            done += 1
            on_query(done, total)

    report: Report = {"text_to_image": {}, "image_to_text": {}}
    for language, captions in corpus.captions.items():
        ranks = []
        for index in counted(range(len(captions))):
            text, _, number = captions[index]
            query = Query(text=text, kind=Kind.PHOTO, limit=len(corpus.photos))
            ranks.append(_best_rank(library, query, {content[corpus.photos[number]]}))
        report["text_to_image"][language] = Metrics.of(ranks)

        right: dict[int, set[ContentId]] = {}
        for _, file, number in captions:
            right.setdefault(number, set()).add(content[file])
        ranks = []
        for number in counted(sorted(right)):
            query = Query(
                text=f"in:c-{language}",
                picture=corpus.photos[number],
                kind=Kind.DOCUMENT,
                limit=len(captions),
            )
            ranks.append(_best_rank(library, query, right[number]))
        report["image_to_text"][language] = Metrics.of(ranks)
    return report


def _best_rank(library: Library, query: Query, right: set[ContentId]) -> float:
    ranked = (entry.content_id for entry in library.rank(query))
    return next((float(i) for i, content in enumerate(ranked, 1) if content in right), float("inf"))

"""Asks the whole stack: photos and texts are indexed in a library of their own, then searched for.

Each text becomes a file, so that it too goes through reading, splitting, storing and searching.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import settings
from engine.errors import CaptionsError
from engine.evaluation.report import Progress
from engine.evaluation.tasks import Trial
from engine.library import Library
from engine.paths import Home, shown
from engine.readings import Kind
from engine.records import ContentId, FolderId
from engine.search_records import Query
from engine.training.metrics import Answers, Ranks, ranks_in_list

DEEPEST = 1_000
"""How far down a ranking is looked; beyond, an answer counts as not found, as is usual at TREC."""


def answer(
    model: str, trials: Sequence[Trial], on_progress: Progress = lambda *_: None
) -> list[Answers]:
    """The answers to each trial by a library with `model`, made in a temporary home.

    Raises CaptionsError where a photo cannot be read, or ModelError.
    """
    with tempfile.TemporaryDirectory(prefix="keepsight-eval-") as directory:
        root = Path(directory)
        corpus = _write_corpus(trials, root / "corpus")
        home = Home.at(root / "home").create()
        settings.save(home, settings.Settings(model=model))
        with Library.open(home) as library:
            for progress in library.index(corpus.folders, looks_closer=True):
                on_progress("Indexing", progress.done, progress.total)
            return _answers(library, corpus, trials, on_progress)


@dataclass(frozen=True, slots=True)
class _Corpus:
    """Where the photos are, and the texts of each kind, such as the captions of a language."""

    photos: dict[Path, Path]
    texts: dict[str, dict[str, Path]]

    @property
    def folders(self) -> list[Path]:
        """The folders to index, as far as there is something in them."""
        places = [*self.photos.values()]
        for files in self.texts.values():
            places += files.values()
        return sorted({place.parent for place in places})


def _write_corpus(trials: Sequence[Trial], root: Path) -> _Corpus:
    photos: dict[Path, Path] = {}
    texts: dict[str, dict[str, Path]] = {}
    # Names are numbers, so that no text is found by the name of its file.
    for trial in trials:
        for item in (*trial.candidates, *trial.queries):
            if isinstance(item, Path) and item not in photos:
                photos[item] = root / "p" / f"{len(photos):06d}{item.suffix}"
                _copy(item, photos[item])
        for item in trial.candidates:
            files = texts.setdefault(trial.language, {})
            if isinstance(item, str) and item not in files:
                files[item] = root / f"t-{trial.language}" / f"{len(files):06d}.txt"
                files[item].parent.mkdir(parents=True, exist_ok=True)
                files[item].write_text(item, encoding="utf-8")
    return _Corpus(photos, texts)


def _copy(photo: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(photo, place)
    except OSError as error:
        raise CaptionsError(
            "A captioned photo cannot be read", f"{shown(photo)}: {error.strerror}", photo
        ) from error


def _answers(
    library: Library, corpus: _Corpus, trials: Sequence[Trial], on_progress: Progress
) -> list[Answers]:
    contents = library.contents_by_path()
    for photo, place in corpus.photos.items():
        if place not in contents:
            why = next((skip.detail for skip in library.skips() if skip.path == place), "")
            raise CaptionsError("A captioned photo cannot be read", f"{shown(photo)}: {why}", photo)
    folders = {folder.path.name: folder.id for folder in library.folders()}
    total = sum(len(trial.queries) for trial in trials)
    done = 0
    answers = []
    for trial in trials:
        texts = corpus.texts[trial.language]
        places = [corpus.photos[i] if isinstance(i, Path) else texts[i] for i in trial.candidates]
        # A text without words is no content: it gets an id that nothing has, and is never found.
        owners = [contents.get(p, ContentId(-1 - number)) for number, p in enumerate(places)]
        found: list[tuple[Ranks, int]] = []
        for number, query in enumerate(trial.queries):
            itself = trial.itself[number]
            own = None if itself is None else owners[itself]
            right: dict[ContentId, float] = {}
            for item, gain in trial.right[number].items():
                if owners[item] != own:
                    right[owners[item]] = max(gain, right.get(owners[item], 0.0))
            # A photo whose only right answer is a copy of itself has none: they are one content.
            if right:
                asked = _query(trial, query, corpus, folders)
                ranked = [e.content_id for e in library.rank(asked) if e.content_id != own]
                found.append((ranks_in_list(ranked, right), trial.groups[number]))
            done += 1
            on_progress("Searching", done, total)
        if not found:
            raise CaptionsError("There is nothing to evaluate", "All photos are copies of one.")
        answers.append(Answers.of([ranks for ranks, _ in found], [group for _, group in found]))
    return answers


def _query(
    trial: Trial, query: Path | str, corpus: _Corpus, folders: Mapping[str, FolderId]
) -> Query:
    among_photos = isinstance(trial.candidates[0], Path)
    return Query(
        text="" if isinstance(query, Path) else query,
        picture=corpus.photos[query] if isinstance(query, Path) else None,
        kind=Kind.PHOTO if among_photos else Kind.DOCUMENT,
        folder_id=None if among_photos else folders[f"t-{trial.language}"],
        limit=min(len(trial.candidates), DEEPEST),
    )

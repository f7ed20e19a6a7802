"""Reads photos with captions, and texts with queries, from the layouts that people keep them in.

- JSON lines of `file`, captions as lists under a language's code, and optionally `split` and
  `labels` (words for what is in the photo).
- The JSON of A. Karpathy's splits of Flickr8k, Flickr30k and COCO ("Deep Visual-Semantic
  Alignments for Generating Image Descriptions", CVPR 2015).
- The token file of Flickr8k and Flickr30k: `photo.jpg#0`, a tab and a caption. Splits are those of
  the lists beside it (`Flickr_8k.devImages.txt` and so on).
- A folder as BEIR has it (N. Thakur et al., "BEIR: A Heterogeneous Benchmark for Zero-shot
  Evaluation of Information Retrieval Models", 2021): corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv.

Which it is, is told from the content. Photos of the second and third lie beside the file, or in a
folder beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import CaptionsError
from engine.paths import shown

LANGUAGES = ("en", "zh")
TRAINED_ON = ("train", "restval")
"""Splits that a model may have been trained on; the second is Karpathy's."""

_LANGUAGE = re.compile(r"[a-z]{2}")
_TOKEN = re.compile(r"(?P<name>[^\t\n]+)#\d+\t(?P<caption>.+)")
_NEVER_PUBLISHED = ".jpg.1"


@dataclass(frozen=True, slots=True)
class CaptionedPhoto:
    """A photo, what people said of it by language, and words for what is in it."""

    path: Path
    captions: dict[str, tuple[str, ...]]
    labels: tuple[str, ...] = ()
    split: str | None = None


@dataclass(frozen=True, slots=True)
class TextCorpus:
    """Texts and queries by their ids, and the gains of the documents that answer each query."""

    documents: dict[str, str]
    queries: dict[str, str]
    relevance: dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Collection:
    """What a layout holds: photos, or a corpus of texts."""

    photos: tuple[CaptionedPhoto, ...] = ()
    corpus: TextCorpus | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    """A photo of a file of captions, and where in it."""

    where: str
    photo: CaptionedPhoto


def read(path: Path, split: str | None = None) -> Collection:
    """Reads what is at `path`, of `split` only.

    Without a `split`, photos that a model may have been trained on are left out unless there are no
    others; of a BEIR folder `test` is taken, or else its only split. Raises CaptionsError, naming
    the file and the line.
    """
    if path.is_dir():
        return Collection(corpus=_read_corpus(path, split))
    rows = _rows(path)
    names = {row.photo.split for row in rows}
    wanted = {split} if split else names.difference(TRAINED_ON) or names
    chosen = [row for row in rows if row.photo.split in wanted]
    if not chosen:
        has = ", ".join(sorted(name or "no name" for name in names))
        raise CaptionsError(
            "There is nothing to evaluate",
            f"{shown(path)} has no photos of split “{split}”. Splits: {has or 'none'}.",
            path,
        )
    for row in chosen:
        if not row.photo.path.is_file():
            raise CaptionsError(
                "A captioned photo is missing",
                f"{shown(row.photo.path)} ({row.where} of {shown(path)}) does not exist.",
                row.photo.path,
            )
    return Collection(tuple(row.photo for row in chosen))


def read_captions(file: Path, split: str | None = None) -> list[CaptionedPhoto]:
    """The photos of a file of captions, as `read` takes it. Raises CaptionsError."""
    return list(read(file, split).photos)


def _rows(file: Path) -> list[_Row]:
    text = _text(file)
    if _TOKEN.match(text):
        return list(_token_rows(file, text))
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None  # JSON lines, or damaged: read line by line, to name the line
    if isinstance(whole, dict) and isinstance(whole.get("images"), list):
        return list(_karpathy_rows(file, whole["images"]))
    return list(_json_rows(file, text))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CaptionsError(
            "The captions cannot be read", f"{shown(file)}: {error}", file
        ) from error


def _unusable(file: Path, where: str, error: object, wanted: str) -> CaptionsError:
    return CaptionsError(
        "The captions cannot be read", f"{shown(file)}, {where}: {error!r}. {wanted}", file
    )


def _json_rows(file: Path, text: str) -> Iterator[_Row]:
    for where, row in _objects(
        file,
        text,
        'Each line must be a JSON object with "file" and captions as lists under "en" or "zh".',
        _captioned,
    ):
        name, captions, labels, split = row
        yield _Row(where, CaptionedPhoto(file.parent / name, captions, labels, split))


def _objects(
    file: Path, text: str, wanted: str, of: Callable[[Any], Any]
) -> Iterator[tuple[str, Any]]:
    """What `of` makes of each line of JSON. Raises CaptionsError, saying what was wanted."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            made = of(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            raise _unusable(file, f"line {number}", error, wanted) from error
        yield f"line {number}", made


def _captioned(
    row: Mapping[str, Any],
) -> tuple[str, dict[str, tuple[str, ...]], tuple[str, ...], str | None]:
    name, split = row["file"], row.get("split")
    if not isinstance(name, str) or not isinstance(split, str | None):
        raise TypeError("a file and a split are named by strings")
    if any(isinstance(row.get(key), str) for key in (*LANGUAGES, "labels")):
        raise TypeError("captions and labels are lists, even where there is one")
    captions = {
        key: tuple(map(str, value))
        for key, value in row.items()
        if value and _LANGUAGE.fullmatch(key) and (isinstance(value, list) or key in LANGUAGES)
    }
    return name, captions, tuple(map(str, row.get("labels") or ())), split


def _karpathy_rows(file: Path, images: list[Any]) -> Iterator[_Row]:
    place = _beside(file)
    for number, image in enumerate(images, 1):
        where = f"image {number}"
        try:
            path = place(Path(image.get("filepath") or "") / image["filename"])
            texts = tuple(str(sentence["raw"]).strip() for sentence in image["sentences"])
        except (KeyError, TypeError, AttributeError) as error:
            wanted = 'Each image must have "filename" and "sentences", each of these "raw".'
            raise _unusable(file, where, error, wanted) from error
        yield _Row(where, CaptionedPhoto(path, {"en": texts}, split=image.get("split")))


def _token_rows(file: Path, text: str) -> Iterator[_Row]:
    found: dict[str, list[str]] = {}
    first_at: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        match = _TOKEN.fullmatch(line.rstrip())
        if match is None:
            wanted = "Each line must be a photo's name, #, a number, a tab and a caption."
            raise _unusable(file, f"line {number}", line, wanted)
        # WORKAROUND: Flickr8k.token.txt captions a photo “….jpg.1” that was never published.
        if not match["name"].endswith(_NEVER_PUBLISHED):
            found.setdefault(match["name"], []).append(match["caption"].strip())
            first_at.setdefault(match["name"], number)
    split_of = {
        name: split
        for split in ("train", "dev", "test")
        for listed in sorted(file.parent.glob(f"*{split}Images.txt"))
        for name in _text(listed).split()
    }
    place = _beside(file)
    for name, captions in found.items():
        photo = CaptionedPhoto(place(Path(name)), {"en": tuple(captions)}, split=split_of.get(name))
        yield _Row(f"line {first_at[name]}", photo)


def _beside(file: Path) -> Callable[[Path], Path]:
    """Where a photo lies: beside `file`, or in a folder beside it."""
    folders = [file.parent, *sorted(path for path in file.parent.iterdir() if path.is_dir())]

    def place(name: Path) -> Path:
        return next((p for folder in folders if (p := folder / name).is_file()), folders[0] / name)

    return place


def _read_corpus(folder: Path, split: str | None) -> TextCorpus:
    for name in ("corpus.jsonl", "queries.jsonl"):
        if not (folder / name).is_file():
            raise CaptionsError(
                "This folder cannot be evaluated",
                f"{shown(folder)} has no {name}. A folder needs corpus.jsonl, queries.jsonl and "
                "qrels/test.tsv, as in BEIR.",
                folder / name,
            )
    documents = dict(_beir_texts(folder / "corpus.jsonl"))
    queries = dict(_beir_texts(folder / "queries.jsonl"))
    qrels = _qrels(folder, split)
    relevance: dict[str, dict[str, float]] = {}
    for where, query, document, gain in _judgements(qrels):
        if query not in queries or document not in documents:
            missing = document if query in queries else query
            raise _unusable(qrels, where, missing, "No query or document has this _id.")
        if gain > 0:
            relevance.setdefault(query, {})[document] = gain
    if not relevance:
        raise CaptionsError(
            "There is nothing to evaluate", f"{shown(qrels)} calls no document right.", qrels
        )
    return TextCorpus(documents, {query: queries[query] for query in relevance}, relevance)


def _beir_texts(file: Path) -> Iterable[tuple[str, str]]:
    # BEIR's models read a title and a text as one text.
    wanted = 'Each line must be a JSON object with "_id" and "text".'
    return (
        made
        for _, made in _objects(
            file,
            _text(file),
            wanted,
            lambda row: (str(row["_id"]), f"{row.get('title') or ''} {row['text']}".strip()),
        )
    )


def _qrels(folder: Path, split: str | None) -> Path:
    there = sorted((folder / "qrels").glob("*.tsv"))
    named = folder / "qrels" / f"{split or 'test'}.tsv"
    if named in there:
        return named
    if split is None and len(there) == 1:
        return there[0]
    raise CaptionsError(
        "There is nothing to evaluate",
        f"{shown(named)} does not exist. Splits: {', '.join(p.stem for p in there) or 'none'}.",
        named,
    )


def _judgements(file: Path) -> Iterator[tuple[str, str, str, float]]:
    for number, line in enumerate(_text(file).split("\n"), 1):
        cells = line.rstrip("\r").split("\t")
        if not line.strip() or (number == 1 and cells[-1] == "score"):
            continue
        try:
            query, document, gain = cells
            yield f"line {number}", query, document, float(gain)
        except ValueError as error:
            wanted = "Each line must be a query's id, a document's id and a score, between tabs."
            raise _unusable(file, f"line {number}", error, wanted) from error

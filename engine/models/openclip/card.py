"""Makes the card of an OpenCLIP model, with the fingerprint that names its vectors."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.errors import ModelError
from engine.models.openclip.spec import CONFIGURATION, PREFIX
from engine.readings import PixelSpec
from engine.records import Calibration, ModelCard

logger = logging.getLogger(__name__)

PREPROCESSING = "openclip-halves-1"
"""Changes whenever the same picture or text would be prepared differently."""

PICTURES = ("mean", "std", "interpolation", "resize_mode")
"""What a model's preprocessing consists of, in OpenCLIP's words."""

NOT_FITTED = Calibration(slope=1.7, offset=-7.0)
"""The starter's for photos: its z is relative to the library, so it carries over, roughly."""

INSTALLED = "installed.json"
"""What is known of a model that was installed into a folder. It does not change its vectors."""


@dataclass(frozen=True, slots=True)
class Notes:
    """What `INSTALLED` says: languages as ISO codes, the licence, whether templates help."""

    languages: tuple[str, ...] = ()
    licence: str = ""
    templates: bool = False


def make_card(
    spec: str, title: str, identity: str, pictures: dict[str, Any], *, dimension: int
) -> ModelCard:
    """The card of what `spec` names.

    `identity` says which weights, configuration and tokenizer it has, `pictures` how OpenCLIP
    prepares its pictures. Raises ModelError where these are not square.
    """
    size = pictures["size"]
    edges = {size} if isinstance(size, int) else set(size)
    if len(edges) != 1:
        raise ModelError("The model cannot be used", f"{spec} wants pictures that are not square.")
    seen = json.dumps({key: pictures[key] for key in (*PICTURES, "size")}, sort_keys=True)
    notes = read_notes(spec)
    digest = _digest(identity, seen, PREPROCESSING)
    return ModelCard(
        name=spec,
        title=title,
        version=digest[:8],
        dimension=dimension,
        pixels=PixelSpec(edge_px=edges.pop(), squash=pictures["resize_mode"] == "squash"),
        languages=notes.languages,
        licence=notes.licence or "see the model's publisher",
        fingerprint=f"openclip-{digest[:16]}",
        photo_calibration=NOT_FITTED,
        passage_calibration=NOT_FITTED,
        picture_calibration=NOT_FITTED,
    )


def quantised_fingerprint(fingerprint: str, graphs: str) -> str:
    """The fingerprint of vectors that 8-bit `graphs` (their hashes) make instead.

    They are up to 0.01 of cosine away from those of the model's own numbers, as far as good and
    mediocre matches are from each other, so the two are never compared.
    """
    return f"openclip-int8-{_digest(fingerprint, graphs)[:16]}"


def read_notes(spec: str) -> Notes:
    """What is noted of the folder that `spec` names; nothing where it has no readable notes."""
    if not spec.startswith(PREFIX):
        return Notes()
    path = Path(spec.removeprefix(PREFIX)).expanduser() / INSTALLED
    try:
        read = json.loads(path.read_bytes())
    except OSError:
        return Notes()
    except ValueError as error:
        logger.warning("%s cannot be read (%s); going on without", path, error)
        return Notes()
    if not isinstance(read, dict):
        return Notes()
    languages = read.get("languages")
    return Notes(
        languages=tuple(map(str, languages)) if isinstance(languages, list) else (),
        licence=str(read.get("licence") or ""),
        templates=read.get("templates") is True,
    )


def hash_folder(folder: Path) -> str:
    """Of the weights, the vocabulary and the configuration in a model's folder."""
    files = (path for path in sorted(folder.iterdir()) if path.is_file())
    return " ".join(
        f"{path.name}={hash_file(path)}"
        for path in files
        if path.suffix != ".md" and path.name != INSTALLED
    )


def hash_file(path: Path) -> str:
    """SHA-256 in hexadecimal; read once in a process, until the file's size or mtime changes."""
    status = path.stat()
    return _hash_as_of(path.absolute(), status.st_size, status.st_mtime_ns)


# A model that was idle comes back in the middle of a query, and has gigabytes of weights.
@lru_cache(maxsize=256)
def _hash_as_of(path: Path, _size_bytes: int, _modified_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_configuration(folder: Path) -> dict[str, Any]:
    """What OpenCLIP saved beside a model's weights. Raises ModelError."""
    path = folder / CONFIGURATION
    try:
        read = json.loads(path.read_bytes())
        described: dict[str, Any] = {**read, "model_cfg": dict(read["model_cfg"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            "The model's configuration cannot be read",
            f"{path.name}: {type(error).__name__}: {error}. Install the model again.",
            path,
        ) from error
    return described


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()

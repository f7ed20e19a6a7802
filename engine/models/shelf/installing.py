"""Installs a model from the hub: one of the catalog, or any other that OpenCLIP knows."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import ModelError, pip_command
from engine.models.openclip import architectures
from engine.models.openclip.architectures import WEIGHTS, Architecture
from engine.models.openclip.spec import CONFIGURATION, PREFIX
from engine.models.shelf.choices import Choice, choices
from engine.models.shelf.hub import Hub, RemoteFile
from engine.models.shelf.installed import InstalledModel, ModelStore, Origin, name_of
from engine.models.shelf.ledger import Ledger
from engine.models.shelf.room import require_room

OnBytes = Callable[[int, int], None]
"""Is told how many bytes are done, and of how many."""

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
)
"""What transformers' tokenizers consist of; a repository has some of them."""

VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", "tokenizer.model", "spiece.model")
"""One of these makes a tokenizer."""

TEXT_TOWER = "config.json"
"""Describes a text tower that is not OpenCLIP's own."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model to install, before anything is known of its files."""

    name: str
    architecture: str
    tag: str
    choice: Choice | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    """A file to fetch, and what it is called in the model's folder."""

    file: RemoteFile
    name: str


def wanted(name: str) -> Wanted:
    """A name of the catalog, or `ARCHITECTURE/WEIGHTS` as OpenCLIP has it. Raises ModelError."""
    for known in choices():
        if name in (known.name, f"{known.architecture}/{known.tag}"):
            return Wanted(known.name, known.architecture, known.tag, known)
    architecture, slash, tag = name.removeprefix(PREFIX).rpartition("/")
    if not slash or not architecture or not tag:
        raise ModelError(
            "There is no such model",
            f"“{name}” is neither in the catalog ({', '.join(c.name for c in choices())}) nor of "
            "the form ARCHITECTURE/WEIGHTS, such as ViT-B-32/laion2b_s34b_b79k.",
        )
    return Wanted(name_of(f"{architecture}-{tag}"), architecture, tag)


def install(
    store: ModelStore,
    ledger: Ledger,
    model: Wanted,
    on_bytes: OnBytes = lambda *_: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> InstalledModel:
    """Downloads a model, checks it and makes it ready to use. Raises ModelError.

    After an error, or a crash, there is no such model; what was fetched waits in the store, and
    the next try goes on from there.
    """
    store.require_free(model.name)
    _require_packages(model)
    architecture = architectures.published(model.architecture, model.tag)
    with store.staging(model.name, resumable=True) as folder:
        with Hub(ledger, f"installing {model.name}", is_cancelled) as hub:
            parts = _parts(hub, architecture)
            _require_room(folder, parts)
            _fetch(hub, parts, folder, on_bytes)
        architectures.write_configuration(architecture.configuration, folder)
        if parts[0].name != WEIGHTS:
            architectures.rewrite(folder / parts[0].name, folder)
        architectures.require_tensors(folder / WEIGHTS)
        keep = [CONFIGURATION, WEIGHTS, *(part.name for part in parts[1:])]
        origin = replace(_origin(model), repository=architecture.repository)
        return store.publish(model.name, keep, replace(origin, revision=parts[0].file.revision))


def _origin(model: Wanted) -> Origin:
    origin = Origin(
        title=f"{model.architecture} ({model.tag})",
        architecture=model.architecture,
        tag=model.tag,
        source="hub",
        licence="see the model's publisher",
    )
    if model.choice is None:
        return origin
    return replace(
        origin,
        title=model.choice.title,
        catalog=model.choice.name,
        licence=model.choice.licence,
        languages=model.choice.languages,
        templates=model.choice.templates,
    )


def _require_packages(model: Wanted) -> None:
    needs = model.choice.needs if model.choice else ()
    missing = [package for package in needs if importlib.util.find_spec(package) is None]
    if missing:
        raise ModelError(
            "The model needs something that is not installed",
            f"{model.name} works with: {pip_command(missing)}. Nothing was downloaded.",
        )


def _parts(hub: Hub, architecture: Architecture) -> list[_Part]:
    """What to fetch, the weights first."""
    own = hub.files(architecture.repository)
    weights = next((own[name] for name in architecture.weights if name in own), None)
    if weights is None:
        raise ModelError(
            "The hub does not have it",
            f"{architecture.repository} holds none of: {', '.join(architecture.weights)}.",
        )
    is_safe = weights.name.endswith(".safetensors")
    # Not under its own name: it comes from outside, and no path is taken from there.
    parts = [_Part(weights, WEIGHTS if is_safe else f"checkpoint{Path(weights.name).suffix}")]
    if architecture.tokenizer:
        files = own if _has_tokenizer(own) else hub.files(architecture.tokenizer)
        parts += [_Part(files[name], name) for name in TOKENIZER_FILES if name in files]
    if architecture.text_tower:
        tower = hub.files(architecture.text_tower)
        parts += [_Part(tower[name], name) for name in (TEXT_TOWER,) if name in tower]
    return parts


def _has_tokenizer(files: dict[str, RemoteFile]) -> bool:
    return any(name in files for name in VOCABULARIES)


def _require_room(folder: Path, parts: Sequence[_Part]) -> None:
    missing_bytes = sum(part.file.size_bytes for part in parts)
    missing_bytes -= sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if parts[0].name != WEIGHTS:
        missing_bytes += parts[0].file.size_bytes  # it is rewritten beside itself
    require_room(folder, max(0, missing_bytes), "The model")


def _fetch(hub: Hub, parts: Sequence[_Part], folder: Path, on_bytes: OnBytes) -> None:
    total = sum(part.file.size_bytes for part in parts)
    before = 0
    for part in parts:
        target = folder / part.name
        hub.fetch(part.file, target, lambda done, before=before: on_bytes(before + done, total))  # type: ignore[misc]
        before += part.file.size_bytes

"""Brings in models from files, for computers that never go online, and writes such files.

An archive is what `export` writes: a zip of a model's folder, not compressed, since weights do not
compress.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO

from engine.errors import ModelError, StoppedError
from engine.models.openclip import architectures
from engine.models.openclip.architectures import CHECKPOINTS, WEIGHTS
from engine.models.openclip.card import read_configuration
from engine.models.openclip.spec import CONFIGURATION
from engine.models.shelf.installed import (
    RECORD,
    InstalledFile,
    InstalledModel,
    ModelStore,
    Origin,
    parse_record,
)
from engine.models.shelf.installing import TEXT_TOWER, TOKENIZER_FILES, OnBytes
from engine.models.shelf.room import require_room
from engine.paths import shown

PIECE_BYTES = 1 << 20
MOST_FILES = 64
MOST_RECORD_BYTES = 1_000_000
MOST_BYTES = 100_000_000_000
"""More than any model that OpenCLIP publishes has."""

IsCancelled = Callable[[], bool]


def import_model(
    store: ModelStore,
    source: Path,
    name: str,
    architecture: str = "",
    on_bytes: OnBytes = lambda *_: None,
    is_cancelled: IsCancelled = lambda: False,
) -> InstalledModel:
    """Installs a model as `name` from an archive, a folder that OpenCLIP saved, or a checkpoint.

    Only a checkpoint takes, and needs, the name of its `architecture`. Raises ModelError; then
    nothing is installed.
    """
    store.require_free(name)
    if source.is_dir():
        return _import_folder(store, source, name)
    if not source.is_file():
        raise ModelError("There is no such file", f"{shown(source)} does not exist.", source)
    if source.suffix.lower() in CHECKPOINTS:
        return _import_checkpoint(store, source, name, architecture)
    if zipfile.is_zipfile(source):
        return _Archive(source, on_bytes, is_cancelled).install(store, name)
    raise ModelError(
        "The file is no model",
        f"{shown(source)} is neither an archive that `keepsight models export` wrote nor a "
        f"checkpoint ({', '.join(CHECKPOINTS)}).",
        source,
    )


def export_model(
    store: ModelStore, name: str, file: Path, on_bytes: OnBytes = lambda *_: None
) -> None:
    """Writes an installed model into one file, whole or not at all. Raises ModelError."""
    model = store.model(name)
    if file.exists():
        raise ModelError("The file exists already", f"{shown(file)} is left as it is.", file)
    if not file.parent.is_dir():
        raise ModelError(
            "There is no such folder", f"{shown(file.parent)} does not exist.", file.parent
        )
    require_room(file.parent, model.size_bytes, "The archive")
    temporary = file.with_name(f".{file.name}.part")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            archive.write(model.folder / RECORD, RECORD)
            done = 0
            for entry in model.files:
                with (
                    (model.folder / entry.name).open("rb") as opened,
                    archive.open(entry.name, "w", force_zip64=True) as out,
                ):
                    _copy(opened, out, entry, lambda n, d=done: on_bytes(d + n, model.size_bytes))  # type: ignore[misc]
                done += entry.size_bytes
        temporary.replace(file)
    except OSError as error:
        raise ModelError(
            "The archive cannot be written", f"{shown(file)}: {error.strerror or error}.", file
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def _import_folder(store: ModelStore, source: Path, name: str) -> InstalledModel:
    configuration = read_configuration(source)
    if not isinstance(configuration["model_cfg"].get("text_cfg"), dict):
        raise ModelError(
            "This folder holds no model", f"Its {CONFIGURATION} is no model's.", source
        )
    weights = next(
        (source / n for n in architectures.PUBLISHED_WEIGHTS if (source / n).is_file()), None
    )
    if weights is None:
        raise ModelError(
            "This folder holds no weights",
            f"There is neither of: {', '.join(architectures.PUBLISHED_WEIGHTS)}.",
            source,
        )
    others = [n for n in (*TOKENIZER_FILES, TEXT_TOWER) if (source / n).is_file()]
    sizes = [(source / other).stat().st_size for other in others]
    with store.staging(name) as folder:
        require_room(folder, weights.stat().st_size + sum(sizes), "The model")
        for other in others:
            shutil.copyfile(source / other, folder / other)
        architectures.write_configuration(configuration, folder)
        architectures.rewrite(weights, folder)
        origin = Origin(
            title=name, architecture="", source=source.name, licence="see the model's publisher"
        )
        return store.publish(name, [CONFIGURATION, WEIGHTS, *others], origin)


def _import_checkpoint(
    store: ModelStore, source: Path, name: str, architecture: str
) -> InstalledModel:
    if not architecture:
        raise ModelError(
            "The architecture is not known",
            f"{shown(source)} does not say of which it is: add --architecture, such as ViT-B-32.",
            source,
        )
    about = architectures.described(architecture)
    if about.tokenizer or about.text_tower:
        raise ModelError(
            "A single file is not enough",
            f"{architecture} has a tokenizer of its own. Import the folder that OpenCLIP saved, or "
            "an archive that `keepsight models export` wrote.",
            source,
        )
    with store.staging(name) as folder:
        require_room(folder, source.stat().st_size, "The model")
        architectures.write_configuration(about.configuration, folder)
        architectures.rewrite(source, folder)
        origin = Origin(
            title=f"{architecture} ({source.name})",
            architecture=architecture,
            source=source.name,
            licence="see the model's publisher",
        )
        return store.publish(name, [CONFIGURATION, WEIGHTS], origin)


class _Archive:
    """A file that claims to be what `export_model` wrote."""

    def __init__(self, file: Path, on_bytes: OnBytes, is_cancelled: IsCancelled) -> None:
        self._file = file
        self._on_bytes = on_bytes
        self._is_cancelled = is_cancelled

    def install(self, store: ModelStore, name: str) -> InstalledModel:
        try:
            with zipfile.ZipFile(self._file) as archive:
                origin, entries = self._contents(archive)
                with store.staging(name) as folder:
                    size_bytes = sum(entry.size_bytes for entry in entries)
                    require_room(folder, size_bytes, "The model")
                    self._unpack(archive, entries, folder, size_bytes)
                    architectures.require_tensors(folder / WEIGHTS)
                    return store.publish(name, [entry.name for entry in entries], origin)
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise self._damaged(str(error)) from error

    def _contents(self, archive: zipfile.ZipFile) -> tuple[Origin, tuple[InstalledFile, ...]]:
        """What the record says, where the archive holds that and nothing else."""
        listed = {member.filename: member.file_size for member in archive.infolist()}
        if len(listed) > MOST_FILES or listed.get(RECORD, 0) > MOST_RECORD_BYTES:
            raise self._damaged("it holds too much")
        record = json.loads(archive.read(RECORD))
        origin, entries = parse_record(record)
        allowed = {CONFIGURATION, WEIGHTS, *TOKENIZER_FILES, TEXT_TOWER}
        claimed = {entry.name: entry.size_bytes for entry in entries}
        if not {CONFIGURATION, WEIGHTS} <= claimed.keys() or not claimed.keys() <= allowed:
            raise self._damaged("its files are not those of a model")
        if claimed | {RECORD: listed[RECORD]} != listed or sum(claimed.values()) > MOST_BYTES:
            raise self._damaged("it holds something else than its record says")
        return replace(origin, source=self._file.name), entries

    def _unpack(
        self,
        archive: zipfile.ZipFile,
        entries: tuple[InstalledFile, ...],
        folder: Path,
        size_bytes: int,
    ) -> None:
        done = 0
        for entry in entries:
            target = folder / entry.name

            def on_piece(copied: int, before: int = done) -> None:
                if self._is_cancelled():
                    raise StoppedError("The import was stopped", "Nothing was installed.")
                self._on_bytes(before + copied, size_bytes)

            with archive.open(entry.name) as opened, target.open("wb") as out:
                _copy(opened, out, entry, on_piece)
            done += entry.size_bytes

    def _damaged(self, detail: str) -> ModelError:
        return ModelError(
            "The archive is damaged, or none of Keepsight's",
            f"{shown(self._file)}: {detail[:200]}. Nothing was installed. Copy it again, or export "
            "it anew.",
            self._file,
        )


def _copy(
    source: IO[bytes], target: IO[bytes], entry: InstalledFile, on_piece: Callable[[int], None]
) -> None:
    """Copies a file of a model. Raises ModelError where it is not what its record says."""
    digest, copied = hashlib.sha256(), 0
    while piece := source.read(PIECE_BYTES):
        copied += len(piece)
        if copied > entry.size_bytes:
            break
        digest.update(piece)
        target.write(piece)
        on_piece(copied)
    if copied != entry.size_bytes or digest.hexdigest() != entry.sha256:
        raise ModelError(
            "The model is damaged",
            f"{entry.name} does not have the checksum that was recorded. Nothing was written.",
        )

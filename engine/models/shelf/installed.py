"""Keeps the installed models: a folder each, which OpenCLIP loads, and where it came from."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import filelock

from engine.errors import ModelError
from engine.models.openclip.spec import PREFIX
from engine.paths import PRIVATE_DIR_MODE, shown

RECORD = "installed.json"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}[A-Za-z0-9]")
_NAME_CHARS = 64
_RESERVED = re.compile(r"starter|(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""The built-in model, and what Windows takes for devices."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of a model beside its weights, and how it came here."""

    title: str
    architecture: str
    source: str
    """`hub`, or the name of the file or folder that it was imported from."""
    licence: str
    tag: str = ""
    catalog: str = ""
    """Its name in the catalog, if it is from there."""
    repository: str = ""
    revision: str = ""
    languages: tuple[str, ...] = ()
    templates: bool = False
    """Whether short queries gain from English prompt templates."""


@dataclass(frozen=True, slots=True)
class InstalledFile:
    """A file of a model; `name` is relative to its folder, with slashes."""

    name: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model on this computer, or what is left of one: then `problem` says what is wrong."""

    name: str
    folder: Path
    origin: Origin | None = None
    files: tuple[InstalledFile, ...] = ()
    installed_at: str = ""
    problem: str = ""

    @property
    def size_bytes(self) -> int:
        """What it takes on the disk."""
        return sum(file.size_bytes for file in self.files)


def name_of(text: str) -> str:
    """The name nearest to `text` that a model can have, as far as letters and length go."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip(".-_")
    return name[:_NAME_CHARS].rstrip(".-_")


class ModelStore:
    """The folder of installed models. Names that begin with a dot are work in progress."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def models(self) -> tuple[InstalledModel, ...]:
        """What is installed, by name; broken ones too."""
        if not self.folder.is_dir():
            return ()
        names = sorted(p.name for p in self.folder.iterdir() if p.is_dir() and _is_name(p.name))
        return tuple(self._read(name) for name in names)

    def model(self, name: str) -> InstalledModel:
        """An installed model that is whole. Raises ModelError."""
        if not _is_name(name) or not (self.folder / name).is_dir():
            known = ", ".join(model.name for model in self.models())
            raise ModelError(
                "There is no such model here",
                f"“{name}” is not installed. " + (f"Installed: {known}." if known else ""),
            )
        found = self._read(name)
        if found.problem:
            raise ModelError(
                "The model is damaged",
                f"{found.problem}. Remove it (keepsight models remove {name}) and install it "
                "again.",
                found.folder,
            )
        return found

    def resolve(self, name: str) -> str:
        """What `catalog.load` takes: the folder of an installed model, anything else unchanged."""
        if _is_name(name) and (self.folder / name).is_dir():
            return f"{PREFIX}{self.folder / name}"
        return name

    def remove(self, name: str) -> bool:
        """Deletes a model, and what an unfinished installation left; tells whether there was any.

        Raises ModelError.
        """
        _require_name(name)
        with self._locked():
            parts = [p for p in (self.folder / name, self._staging(name)) if p.exists()]
            for part in parts:
                # Out of sight first, so that no half of it is ever found.
                doomed = self.folder / f".removed-{part.name}"
                try:
                    shutil.rmtree(doomed, ignore_errors=True)
                    part.replace(doomed)
                    shutil.rmtree(doomed)
                except OSError as error:
                    raise ModelError(
                        "The model cannot be removed", f"{shown(part)}: {error.strerror}.", part
                    ) from error
        return bool(parts)

    def require_free(self, name: str) -> None:
        """Raises ModelError where a model cannot be called so, or one is called so already."""
        _require_name(name)
        if (self.folder / name).exists():
            raise ModelError(
                "The model is installed already",
                f"There is a model “{name}”. To use it: keepsight models use {name}. To install it "
                f"anew, remove it first: keepsight models remove {name}.",
                self.folder / name,
            )

    @contextmanager
    def staging(self, name: str, *, resumable: bool = False) -> Iterator[Path]:
        """A hidden folder to make a model in; what an earlier try left is still there.

        After an error it is kept where it is `resumable`. Raises ModelError where the model is
        installed already, another process is at it, or a file in it cannot be written.
        """
        self.require_free(name)
        folder = self._staging(name)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            folder.mkdir(exist_ok=True, mode=PRIVATE_DIR_MODE)
        except OSError as error:
            raise _unwritable(error) from error
        with self._locked():
            try:
                yield folder
            except BaseException as error:
                if not resumable:
                    shutil.rmtree(folder, ignore_errors=True)
                if isinstance(error, OSError):
                    raise _unwritable(error) from error
                raise

    def publish(self, name: str, keep: Sequence[str], origin: Origin) -> InstalledModel:
        """Makes a model of the files `keep` in its staging folder, whole or not at all.

        What else lies there is deleted. Raises ModelError.
        """
        staging = self._staging(name)
        for path in sorted(staging.rglob("*"), reverse=True):
            if path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path.relative_to(staging).as_posix() not in keep:
                path.unlink()
        files = tuple(InstalledFile(n, *_settled(staging / n)) for n in sorted(keep))
        record = {
            "format": 1,
            **asdict(origin),
            "files": [asdict(file) for file in files],
            "installed_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        with (staging / RECORD).open("w", encoding="utf-8") as out:
            json.dump(record, out, indent=2, ensure_ascii=False)
            out.flush()
            os.fsync(out.fileno())
        staging.replace(self.folder / name)
        return self.model(name)

    def unfinished(self) -> tuple[tuple[str, int], ...]:
        """Installations that did not end: their names, and how many bytes of them are there."""
        if not self.folder.is_dir():
            return ()
        found = [p for p in sorted(self.folder.iterdir()) if p.name.startswith(".installing-")]
        return tuple(
            (p.name.removeprefix(".installing-"), sum(f.stat().st_size for f in p.rglob("*")))
            for p in found
        )

    def _staging(self, name: str) -> Path:
        return self.folder / f".installing-{name}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if not self.folder.is_dir():
            yield
            return
        lock = filelock.FileLock(self.folder / ".lock", timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise ModelError(
                "Models are being installed or removed already",
                "Another Keepsight is at it. Wait until it is done, and try again.",
                self.folder,
            ) from error
        try:
            yield
        finally:
            lock.release()

    def _read(self, name: str) -> InstalledModel:
        folder = self.folder / name
        try:
            record = json.loads((folder / RECORD).read_text("utf-8"))
            origin, files = parse_record(record)
            problem = next(filter(None, (_wrong_with(folder, file) for file in files)), "")
            return InstalledModel(name, folder, origin, files, str(record["installed_at"]), problem)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            detail = getattr(error, "strerror", None) or str(error)
            return InstalledModel(
                name, folder, problem=f"{shown(folder / RECORD)} cannot be read ({detail})"
            )


def parse_record(record: dict[str, Any]) -> tuple[Origin, tuple[InstalledFile, ...]]:
    """What RECORD says. Raises ValueError, KeyError or TypeError where it is none."""
    words = {f.name: str(record[f.name]) for f in fields(Origin) if f.name in record}
    languages = tuple(str(language) for language in record.get("languages", ()))
    others = {"languages": languages, "templates": bool(record.get("templates"))}
    origin = Origin(**words | others)  # type: ignore[arg-type]
    files = (
        InstalledFile(str(f["name"]), str(f["sha256"]), int(f["size_bytes"]))
        for f in record["files"]
    )
    return origin, tuple(files)


def _wrong_with(folder: Path, file: InstalledFile) -> str:
    path = folder / file.name
    if not path.is_file():
        return f"{shown(path)} is missing"
    if path.stat().st_size != file.size_bytes:
        return f"{shown(path)} has {path.stat().st_size} bytes instead of {file.size_bytes}"
    return ""


def _unwritable(error: OSError) -> ModelError:
    where = f"{shown(error.filename)}: " if error.filename else ""
    if error.errno == errno.ENOSPC:
        return ModelError("The disk is full", f"{where}make room, and try again.")
    return ModelError("A model's file cannot be read or written", f"{where}{error.strerror}.")


def _settled(path: Path) -> tuple[str, int]:
    """The SHA-256 and size of a file, which is on the disk from then on, also without power."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def _is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and _RESERVED.fullmatch(name) is None


def _require_name(name: str) -> None:
    if not _is_name(name):
        raise ModelError(
            "A model cannot be called so",
            f"“{name}”: take letters, digits, dots, dashes and underscores; at most 64, with a "
            "letter or digit at both ends, and not the name of the built-in model.",
        )

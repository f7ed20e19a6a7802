"""Fetches files from the model hub: what a repository holds, and its files, whole and checked.

`huggingface_hub` knows the protocol; its own download is not used, since it forgets what has
arrived when it breaks off.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import ModelError, StoppedError
from engine.models.shelf.hub_client import TIMEOUT_S, Visit, import_http, import_hub
from engine.models.shelf.ledger import Ledger
from engine.paths import shown

DETAIL_CHARACTERS = 200
"""As much of a library's error as is shown."""

NETWORK_AUTHENTICATION_REQUIRED = 511


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file at the hub, with what tells that it arrived whole: one of the two checksums."""

    repository: str
    revision: str
    """The commit, so that all files are of one version."""
    name: str
    size_bytes: int
    sha256: str
    git_sha1: str
    """Of small files the hub knows only git's hash."""


class Hub:
    """A visit to the model hub. Connections are open within `with Hub(…) as hub` only.

    `why` is what the ledger says; `is_cancelled` is asked before each piece of a download.
    """

    def __init__(
        self, ledger: Ledger, why: str, is_cancelled: Callable[[], bool] = lambda: False
    ) -> None:
        self._visit = Visit(ledger, why)
        self._is_cancelled = is_cancelled

    def __enter__(self) -> Hub:
        self._visit.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        self._visit.__exit__(*raised)

    def files(self, repository: str) -> dict[str, RemoteFile]:
        """What the newest version of a repository holds, by name. Raises ModelError."""
        api = import_hub().HfApi(endpoint=self._visit.endpoint, token=False)
        with self._explained(f"the files of {repository}"):
            try:
                info = api.model_info(repository, files_metadata=True, timeout=TIMEOUT_S)
                found = [_remote(repository, info.sha, one) for one in info.siblings or ()]
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise self._no_hub(f"what it says of {repository} is not understood") from error
        return {file.name: file for file in found}

    def fetch(self, file: RemoteFile, target: Path, on_bytes: Callable[[int], None]) -> None:
        """Writes a file to `target`, whole and checked, telling how many bytes of it are there.

        What an earlier try left in the same folder is gone on with. Raises ModelError; then what
        has arrived stays for the next try, unless its checksum is wrong.
        """
        with self._explained(file.name):
            if target.is_file() and _is_right(target, file):
                on_bytes(file.size_bytes)
                return
            # Named after the content: a piece of another version is never gone on with.
            part = target.with_name(f"{target.name}.{(file.sha256 or file.git_sha1)[:16]}.part")
            while (before := _size(part)) < file.size_bytes:
                try:
                    self._stream(file, part, before, on_bytes)
                    if _size(part) <= before:
                        raise self._no_hub(f"{file.name} is shorter than it should be")
                except import_http().TransportError:
                    self._visit.note("broken off")
                    if _size(part) <= before:
                        raise  # nothing came: the connection is gone, not just broken
            self._publish(file, part, target)

    def _stream(
        self, file: RemoteFile, part: Path, before: int, on_bytes: Callable[[int], None]
    ) -> None:
        hub = import_hub()
        url = hub.hf_hub_url(
            file.repository, file.name, revision=file.revision, endpoint=self._visit.endpoint
        )
        headers = {"Accept-Encoding": "identity"}
        if before:
            headers["Range"] = f"bytes={before}-"
        with hub.get_session().stream("GET", url, headers=headers, timeout=TIMEOUT_S) as response:
            if response.status_code >= 400:
                response.read()  # the error quotes it
            hub.utils.hf_raise_for_status(response)
            goes_on = response.headers.get("Content-Range", "").startswith(f"bytes {before}-")
            done = before if goes_on else 0
            pieces = response.iter_bytes()
            first = next(pieces, b"")
            if first.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
                raise self._visit.portal()  # before it takes the place of what has arrived
            with part.open("ab" if goes_on else "wb") as out:
                on_bytes(done)
                for piece in itertools.chain([first], pieces):
                    self._stop_if_cancelled()
                    done += len(piece)
                    if done > file.size_bytes:
                        raise self._no_hub(f"{file.name} is longer than it should be")
                    out.write(piece)
                    on_bytes(done)
                out.flush()
                os.fsync(out.fileno())

    def _publish(self, file: RemoteFile, part: Path, target: Path) -> None:
        if not file.size_bytes:
            part.touch()
        if _is_right(part, file):
            part.replace(target)
            return
        part.unlink()
        raise ModelError(
            "The download is damaged",
            f"{file.name} of {file.repository} does not have the checksum that "
            f"{self._visit.host} names. It is deleted, and nothing was installed. Run the command "
            "again; if it happens again, something between this computer and the hub changes "
            "files.",
        )

    def _stop_if_cancelled(self) -> None:
        if self._is_cancelled():
            self._visit.note("cancelled")
            raise StoppedError(
                "The download was stopped",
                "What was fetched is kept: the same command goes on from there.",
            )

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        http, errors = import_http(), import_hub().errors
        try:
            yield
        except (http.TransportError, http.InvalidURL, http.TooManyRedirects) as error:
            self._visit.note(type(error).__name__)
            raise ModelError(
                f"There is no connection to {self._visit.host}",
                f"{str(error)[:DETAIL_CHARACTERS] or type(error).__name__}, while getting {what}. "
                "Check the network and the proxy, and try again: it goes on from where "
                "it was. For a computer without network, `keepsight models import` takes files.",
            ) from error
        except errors.GatedRepoError as error:
            raise ModelError(
                "The model is not free to download",
                f"{self._visit.host} gives it only to people who have an account and accept its "
                "terms. Get the files there, then use `keepsight models import`.",
            ) from error
        except errors.HfHubHTTPError as error:
            raise self._status(what, error.response.status_code) from error
        except OSError as error:
            raise self._unwritable(what, error) from error

    def _unwritable(self, what: str, error: OSError) -> ModelError:
        if error.errno != errno.ENOSPC:
            where = f" ({shown(error.filename)})" if error.filename else ""
            return ModelError("A file cannot be written", f"{what}: {error.strerror}{where}.")
        self._visit.note("disk full")
        return ModelError(
            "The disk is full",
            f"There was no room for the rest of {what}. Make room, and try again: it "
            "goes on from where it was.",
        )

    def _status(self, what: str, code: int) -> ModelError:
        if code == NETWORK_AUTHENTICATION_REQUIRED:
            return self._visit.portal()
        if code in (401, 404):
            return ModelError(
                "The hub does not have it",
                f"{self._visit.host} knows nothing of {what}. Check the name; it may have been "
                "renamed or withdrawn.",
            )
        return ModelError(
            "The hub did not answer as it should",
            f"{self._visit.host} answered {code} for {what}. Wait a while, and run the command "
            "again.",
        )

    def _no_hub(self, reason: str) -> ModelError:
        return ModelError(
            "This is not the model hub",
            f"What answers as {self._visit.host} does not behave like it: {reason}. Check the "
            "network, the proxy, and HF_ENDPOINT if you set it.",
        )


def _remote(repository: str, revision: str, sibling: Any) -> RemoteFile:
    return RemoteFile(
        repository=repository,
        revision=revision,
        name=sibling.rfilename,
        size_bytes=int(sibling.size),
        sha256=sibling.lfs.sha256 if sibling.lfs else "",
        git_sha1=sibling.blob_id or "",
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _is_right(path: Path, file: RemoteFile) -> bool:
    if path.stat().st_size != file.size_bytes:
        return False
    with path.open("rb") as opened:
        if file.sha256:
            return hashlib.file_digest(opened, "sha256").hexdigest() == file.sha256
        digest = hashlib.sha1(b"blob %d\0" % file.size_bytes, usedforsecurity=False)
        for piece in iter(lambda: opened.read(1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest() == file.git_sha1

"""The network ledger: one line for each request that ever left this computer for Keepsight."""

from __future__ import annotations

import json
import logging
import os
import uuid
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from engine.errors import ModelError
from engine.paths import shown

log = logging.getLogger(__name__)

ASKED = "no answer"
"""The outcome of a request of which nothing more was written: it failed, or the process ended."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request: when it left (ISO 8601, UTC), to which host, why, and what came of it.

    `outcome` is the status of the answer, followed by what went wrong with it, if anything.
    """

    id: str
    when: str
    host: str
    why: str
    received_bytes: int = 0
    outcome: str = ASKED


class Ledger:
    """An append-only file of JSON lines. Each request has a line when it leaves and one when it
    is over, under the same `id`: so that none is missing, whatever happens in between."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def asked(self, host: str, why: str) -> Request:
        """Writes that a request is about to leave. Raises ModelError: unwritten, it must not."""
        when = datetime.now(UTC).isoformat(timespec="seconds")
        request = Request(uuid.uuid4().hex, when, host, why)
        try:
            self._append(request)
        except OSError as error:
            raise ModelError(
                "The network ledger cannot be written",
                f"{shown(self._file)}: {error.strerror}. Nothing is sent that is not written down; "
                "make room, or make the file writable.",
                self._file,
            ) from error
        return request

    def over(self, request: Request, received_bytes: int, outcome: str) -> None:
        """Writes what came of a request; where that fails, the first line stands."""
        try:
            self._append(replace(request, received_bytes=received_bytes, outcome=outcome))
        except OSError as error:
            log.warning("%s cannot be written: %s", shown(self._file), error)

    def requests(self) -> tuple[Request, ...]:
        """All requests, oldest first. A line that a crash cut off is left out."""
        found: dict[str, Request] = {}
        try:
            lines = self._file.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return ()
        for line in lines:
            try:
                request = Request(**json.loads(line))
            except (ValueError, TypeError):
                continue
            found[request.id] = request
        return tuple(found.values())

    def _append(self, request: Request) -> None:
        line = json.dumps(asdict(request), ensure_ascii=False) + "\n"
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(line.encode())

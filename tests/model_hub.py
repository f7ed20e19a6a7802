"""The hub's stand-in, with a tiny model that OpenCLIP believes to know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.models.openclip import architectures
from tests.engine.models import tiny_published
from tests.engine.models.hub_standin import StandIn, serve
from tests.engine.models.tiny_published import ARCHITECTURE, REPOSITORY, TAG

ASKED = f"{ARCHITECTURE}/{TAG}"
NAME = f"{ARCHITECTURE}-{TAG}"


@contextmanager
def tiny_hub(monkeypatch: pytest.MonkeyPatch, weights: dict[str, Path]) -> Iterator[StandIn]:
    """Serves `weights`, what `tiny_published.weights` made, as the model ASKED."""
    tiny_published.publish(monkeypatch)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serve() as hub:
        files = {architectures.WEIGHTS: weights[".safetensors"].read_bytes()}
        hub.repositories[REPOSITORY] = files
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub

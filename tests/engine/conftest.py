"""What tests of the engine share: another model than the starter, and patience."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.events import Event, Phase
from engine.library import Library
from engine.search_records import Query

PATIENCE_S = 60

TINY = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    """The name of a tiny OpenCLIP model, saved to disk with random weights."""
    from engine.models.openclip.weights import import_offline

    open_clip, torch = import_offline()
    torch.manual_seed(0)
    model = open_clip.CLIP(**TINY)
    folder = tmp_path / "tiny"
    folder.mkdir()
    config = {
        "model_cfg": TINY,
        "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.5] * 3, "resize_mode": "squash"},
    }
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    torch.save(model.state_dict(), folder / "open_clip_pytorch_model.bin")
    return f"openclip:{folder}"


class Observer:
    """Waits until the library is as it should be, woken by its events."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._changed = threading.Condition()
        library.subscribe(self._on_event)

    def _on_event(self, _event: Event) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, holds: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(holds, PATIENCE_S)

    def names(self) -> set[str]:
        return {hit.path.name for hit in self.library.search(Query(limit=1000)).hits}

    def wait_for_names(self, *names: str) -> None:
        self.wait_for(lambda: self.names() == set(names) and self.is_idle())

    def is_idle(self) -> bool:
        return self.library.progress.phase is Phase.IDLE


@pytest.fixture
def observe() -> Callable[[Library], Observer]:
    """Watches what a library tells."""
    return Observer

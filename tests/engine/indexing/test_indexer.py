"""The index thread: what it tells, what it survives, and when it writes to disk."""

from pathlib import Path

import pytest

from engine.indexing.pipeline import Pipeline
from engine.library import Library
from engine.records import Event, Failure, IndexProgress, Phase


def test_it_survives_a_mistake_and_tells_of_it(
    library: Library, pictures: Path, make_photo, observe, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Event] = []
    library.subscribe(heard.append)
    observer = observe(library)
    make_photo(pictures / "first.jpg", seed=1)

    def fail(_pipeline: Pipeline) -> None:
        raise RuntimeError("nobody thought of this")

    with monkeypatch.context() as broken:
        broken.setattr(Pipeline, "read_waiting", fail)
        library.add_folder(pictures)
        library.start()
        observer.wait_for(
            lambda: any(isinstance(event, Failure) for event in heard) and observer.is_idle()
        )
    (failure,) = [event for event in heard if isinstance(event, Failure)]
    assert "nobody thought of this" in failure.message
    make_photo(pictures / "second.jpg", seed=2)
    observer.wait_for_names("first.jpg", "second.jpg")


def test_a_pause_is_told_though_the_batch_in_hand_is_finished(
    library: Library, pictures: Path, make_photo, observe, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Pipeline._write
    told: list[Phase] = []

    def pause_first(pipeline: Pipeline, *what: object) -> object:
        told.clear()
        library.pause()
        return write(pipeline, *what)

    monkeypatch.setattr(Pipeline, "_write", pause_first)
    library.subscribe(
        lambda event: told.append(event.phase) if isinstance(event, IndexProgress) else None
    )
    observer = observe(library)
    make_photo(pictures / "a.jpg")
    library.add_folder(pictures)
    library.start()
    observer.wait_for(lambda: library.counts().indexed == 1 and len(told) >= 2)
    assert set(told) == {Phase.PAUSED}
    library.resume()
    observer.wait_for(observer.is_idle)

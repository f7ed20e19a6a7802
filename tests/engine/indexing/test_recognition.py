"""Text in photos and scans, looked for in the background by the real recogniser."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from engine import settings
from engine.events import Event, IndexProgress, Phase
from engine.library import Library
from engine.paths import Home
from engine.readers.isolation import ReaderPool
from engine.readings import Kind, ReadFailure, SkipReason
from engine.search_records import Query, Retriever

pytestmark = pytest.mark.slow


def written(path: Path, text: str) -> Path:
    """A picture of black words on white."""
    image = Image.new("RGB", (900, 240), "white")
    ImageDraw.Draw(image).text((40, 80), text, "black", ImageFont.load_default(60))
    image.save(path)
    return path


def run(library: Library, folder: Path) -> list[Phase]:
    return [step.phase for step in library.index([folder], recognises_text=True)]


@pytest.fixture
def receipt(pictures: Path, make_photo) -> Iterator[Path]:
    make_photo(pictures / "noise.jpg", size=(640, 480))
    return written(pictures / "a.png", "Invoice number 4711")


def test_words_in_a_photo_are_found_with_their_place(library: Library, receipt: Path) -> None:
    assert Phase.RECOGNISING in run(library, receipt.parent)
    (hit,) = library.search(Query('"number 4711"')).hits
    assert (hit.path, hit.kind, hit.snippet) == (receipt, Kind.PHOTO, "Invoice number 4711")
    assert Retriever.WORDS in {match.retriever for match in hit.matches}
    (box,) = hit.boxes
    assert box.left == pytest.approx(40 / 900, abs=0.03)
    assert box.top < 0.5 < box.bottom
    assert library.passage_text(hit.content_id) == "Invoice number 4711"
    assert library.thumbnail_async(hit, 256).result() is not None


def test_it_is_looked_for_once_and_only_where_asked(library: Library, receipt: Path) -> None:
    for _ in library.index([receipt.parent]):
        pass
    assert library.search(Query('"number 4711"')).hits == ()
    assert Phase.RECOGNISING in run(library, receipt.parent)
    assert Phase.RECOGNISING not in run(library, receipt.parent)


def test_what_looks_like_text_comes_first(
    library: Library, receipt: Path, real_photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The receipt is the oldest of all, but the model sees that it is one."""
    receipt.with_name("noise.jpg").unlink()  # which is like nothing, and so like texts too
    for name in ("cat", "rocket", "coffee", "astronaut", "motorcycle"):
        shutil.copy(real_photos[name], receipt.parent)
    os.utime(receipt, (1e9, 1e9))
    asked: list[str] = []
    submit = ReaderPool.submit_recognise

    def noted(self, path, *arguments):
        asked.append(path.name)
        return submit(self, path, *arguments)

    monkeypatch.setattr(ReaderPool, "submit_recognise", noted)
    run(library, receipt.parent)
    assert asked[0] == receipt.name
    assert len(asked) == len(list(receipt.parent.iterdir()))


def test_what_is_stopped_goes_on_with_the_next(library: Library, receipt: Path) -> None:
    written(receipt.with_name("b.png"), "Second sheet of paper")
    for step in library.index([receipt.parent], recognises_text=True):
        if step.phase is Phase.RECOGNISING:
            break
    steps = [
        step
        for step in library.index([receipt.parent], recognises_text=True)
        if step.phase is Phase.RECOGNISING
    ]
    assert 1 <= len(steps) <= 2
    for words in ('"number 4711"', '"sheet of paper"'):
        assert len(library.search(Query(words)).hits) == 1


@pytest.mark.parametrize(("name", "kind"), [("a.pdf", Kind.DOCUMENT), ("a.tif", Kind.PHOTO)])
def test_each_page_of_a_scan_is_found_by_its_words(
    library: Library, pictures: Path, name: str, kind: Kind
) -> None:
    first = written(pictures / "1.png", "Rental agreement")
    second = written(pictures / "2.png", "The tenant pays")
    with Image.open(first) as one, Image.open(second) as two:
        one.convert("RGB").save(pictures / name, save_all=True, append_images=[two.convert("RGB")])
    first.unlink()
    second.unlink()
    run(library, pictures)
    (hit,) = library.search(Query('"tenant pays"')).hits
    assert (hit.path.name, hit.kind, hit.spot.page) == (name, kind, 2)
    assert library.passage_text(hit.content_id).split("\n\n") == [
        "Rental agreement",
        "The tenant pays",
    ]


def test_a_long_scan_is_stopped_after_each_page_and_goes_on_with_the_next(
    library: Library, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("Rental agreement", "The tenant pays", "Signed in spring")
    first, *others = (written(pictures / f"{text}.png", text) for text in words)
    with Image.open(first) as one:
        more = [Image.open(file).convert("RGB") for file in others]
        one.convert("RGB").save(pictures / "scan.pdf", save_all=True, append_images=more)
    for file in (first, *others):
        file.unlink()
    asked: list[int] = []
    submit = ReaderPool.submit_recognise

    def noted(self, path, stamp, spot, member):
        asked.append(spot.page)
        return submit(self, path, stamp, spot, member)

    monkeypatch.setattr(ReaderPool, "submit_recognise", noted)
    for step in library.index([pictures], recognises_text=True):
        if step.phase is Phase.RECOGNISING:
            assert (step.done, step.total) == (0, 1)
            break
    assert asked == [1, 2], "one is read ahead"
    run(library, pictures)
    assert asked == [1, 2, 2, 3]
    (hit,) = library.search(Query()).hits
    assert library.passage_text(hit.content_id).split("\n\n") == list(words)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> dict[str, ReadFailure]:
    """Names of files whose recognition is said to fail, for as long as they are in it, and how."""
    how: dict[str, ReadFailure] = {}
    submit = ReaderPool.submit_recognise

    def submit_recognise(self, path, *arguments):
        future = submit(self, path, *arguments)
        if path.name not in how:
            return future
        future.result()
        failed = type(future)()
        failed.set_result(how[path.name])
        return failed

    monkeypatch.setattr(ReaderPool, "submit_recognise", submit_recognise)
    return how


def test_a_picture_that_cannot_be_read_stops_nothing_and_can_be_retried(
    library: Library, receipt: Path, failing: dict[str, ReadFailure]
) -> None:
    other = written(receipt.with_name("b.png"), "Second sheet of paper")
    failing[other.name] = ReadFailure(SkipReason.TIMED_OUT, "It took too long.")
    run(library, receipt.parent)
    assert len(library.search(Query('"number 4711"')).hits) == 1
    problems = {hit.path.name: hit.problem for hit in library.search(Query()).hits}
    assert problems == {"noise.jpg": "", "a.png": "", "b.png": "It took too long."}
    failing.clear()
    assert Phase.RECOGNISING not in run(library, receipt.parent)
    library.retry()
    assert run(library, receipt.parent).count(Phase.RECOGNISING) == 1
    (hit,) = library.search(Query('"sheet of paper"')).hits
    assert (hit.path, hit.problem) == (other, "")


def test_a_file_that_was_away_for_a_moment_is_looked_at_the_next_time(
    library: Library, receipt: Path, failing: dict[str, ReadFailure]
) -> None:
    failing[receipt.name] = ReadFailure(SkipReason.VANISHED, "It is read if it comes back.")
    run(library, receipt.parent)
    assert library.search(Query('"number 4711"')).hits == ()
    failing.clear()
    run(library, receipt.parent)
    assert [hit.path for hit in library.search(Query('"number 4711"')).hits] == [receipt]


def test_what_is_forgotten_meanwhile_stops_nothing(
    library: Library, receipt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = ReaderPool.submit_recognise

    def forget_meanwhile(self, *arguments):
        future = submit(self, *arguments)
        future.result()
        for folder in library.folders():
            library.remove_folder(folder.id)
        return future

    monkeypatch.setattr(ReaderPool, "submit_recognise", forget_meanwhile)
    assert run(library, receipt.parent)[-1] is Phase.IDLE
    assert library.search(Query()).hits == ()


@pytest.mark.parametrize("wanted", [True, False])
def test_a_person_may_do_without(home: Home, receipt: Path, wanted: bool) -> None:
    settings.save(home, settings.Settings(recognises_text=wanted, looks_closer=False))
    idle = threading.Event()
    phases: set[Phase] = set()
    with Library.open(home) as library:

        def hear(event: Event) -> None:
            if isinstance(event, IndexProgress):
                phases.add(event.phase)
                if event.phase is Phase.IDLE and library.counts().indexed == 2:
                    idle.set()

        library.subscribe(hear)
        library.start()
        library.add_folder(receipt.parent)
        assert idle.wait(60)
    assert (Phase.RECOGNISING in phases) is wanted

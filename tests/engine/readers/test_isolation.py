import multiprocessing
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import wait
from pathlib import Path

import psutil
import pytest

from engine.readers.isolation import ReaderPool
from engine.readings import PixelSpec, ReadFailure, Reading, SkipReason

SPEC = PixelSpec(16, squash=True)


def crash(_path: Path, _argument: object) -> Reading:
    os._exit(3)


def hang(_path: Path, _argument: object) -> Reading:
    time.sleep(3600)
    raise AssertionError


def devour(_path: Path, _argument: object) -> Reading:
    hoard = [b"x" * (64 << 20) for _ in range(64)]
    raise AssertionError(len(hoard))


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        (crash, SkipReason.CRASHED),
        (hang, SkipReason.TIMED_OUT),
        pytest.param(
            devour,
            SkipReason.OUT_OF_MEMORY,
            marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces it"),
        ),
    ],
)
def test_a_bad_file_is_given_up_and_its_neighbours_are_read(
    tmp_path: Path, make_photo, deed, reason: SkipReason
) -> None:
    paths = [make_photo(tmp_path / f"{i}.png", seed=i) for i in range(4)]
    time_limit_s = 2 if reason is SkipReason.TIMED_OUT else 60
    pool = ReaderPool(1, time_limit_s=time_limit_s, memory_limit_bytes=640 << 20)
    try:
        before = [pool.submit_read(path, SPEC) for path in paths[:2]]
        bad = pool._submit(deed, tmp_path / "bad.jpg", SPEC)
        after = [pool.submit_read(path, SPEC) for path in paths[2:]]
        outcome = bad.result()
        assert isinstance(outcome, ReadFailure)
        assert outcome.reason is reason
        assert all(isinstance(future.result(), Reading) for future in before + after)
    finally:
        pool.close()


def test_closing_does_not_wait_for_a_reader_that_hangs(tmp_path: Path) -> None:
    pool = ReaderPool(1, time_limit_s=600)
    stuck = pool._submit(hang, tmp_path / "bad.jpg", SPEC)
    started = time.monotonic()
    pool.close()
    assert time.monotonic() - started < 10
    assert stuck.cancelled()
    assert pool.submit_read(tmp_path / "a.jpg", SPEC).cancelled()


def unpack_and_hang(_path: Path, told: str) -> None:
    with tempfile.NamedTemporaryFile() as unpacked:
        unpacked.write(b"a private letter")
        unpacked.flush()
        Path(told).write_text(unpacked.name)
        time.sleep(3600)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
@pytest.mark.parametrize("is_closed", [False, True])
def test_a_reader_that_is_killed_leaves_no_unpacked_files(
    tmp_path: Path, monkeypatch, is_closed: bool
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    told = tmp_path / "told"
    os.mkfifo(told)
    pool = ReaderPool(1, time_limit_s=600 if is_closed else 10)
    stuck = pool._submit(unpack_and_hang, tmp_path / "bad.zip", str(told))
    unpacked = Path(told.read_text())
    assert unpacked.is_relative_to(temporary)
    if not is_closed:
        assert isinstance(stuck.result(), ReadFailure)
    pool.close()
    assert not list(temporary.iterdir())


def stuck_in_c(_path: Path, _argument: object) -> Reading:
    re.match(r"(a+)+$", "a" * 60 + "b")
    raise AssertionError


def crash_when_idle(_path: Path, _argument: object) -> int:
    threading.Timer(0.3, os._exit, (7,)).start()
    return os.getpid()


def test_closing_ends_a_worker_that_is_stuck_in_c_at_once(tmp_path: Path, make_photo) -> None:
    pool = ReaderPool(1, time_limit_s=600)
    assert isinstance(pool.submit_read(make_photo(tmp_path / "a.png"), SPEC).result(), Reading)
    stuck = pool._submit(stuck_in_c, tmp_path / "bad.jpg", SPEC)
    time.sleep(0.5)
    started = time.monotonic()
    pool.close()
    pool.close()
    assert time.monotonic() - started < 2
    assert stuck in wait([stuck], timeout=1).done


def test_repeated_crashes_cost_no_other_file(tmp_path: Path, make_photo) -> None:
    photo = make_photo(tmp_path / "a.png")
    pool = ReaderPool(2)
    try:
        outcomes = [
            pool._submit(crash, photo, SPEC) if i % 3 == 1 else pool.submit_read(photo, SPEC)
            for i in range(15)
        ]
        for i, future in enumerate(outcomes):
            outcome = future.result(timeout=60)
            if i % 3 == 1:
                assert isinstance(outcome, ReadFailure)
                assert outcome.reason is SkipReason.CRASHED
            else:
                assert isinstance(outcome, Reading)
    finally:
        pool.close()


def test_a_worker_that_ends_between_two_files_breaks_nothing(tmp_path: Path, make_photo) -> None:
    photo = make_photo(tmp_path / "a.png")
    pool = ReaderPool(1)
    try:
        for _ in range(3):
            pid = pool._submit(crash_when_idle, photo, SPEC).result()
            for worker in multiprocessing.active_children():
                if worker.pid == pid:
                    worker.join(10)
            futures = [pool.submit_read(photo, SPEC) for _ in range(4)]
            assert all(isinstance(f.result(timeout=60), Reading) for f in futures)
    finally:
        pool.close()


def end_soon(_path: Path, delay_s: float) -> int:
    threading.Timer(delay_s, os._exit, (7,)).start()
    return 1


def test_every_file_has_an_outcome_whenever_workers_end(tmp_path: Path, make_photo) -> None:
    photo = make_photo(tmp_path / "a.png")
    pool = ReaderPool(2)
    futures = []
    for number in range(60):
        if number % 12 == 5:
            futures.append(pool._submit(end_soon, photo, number / 6000))
        else:
            futures.append(pool.submit_read(photo, SPEC))
        time.sleep(0.01)
    assert not wait(futures, timeout=60).not_done
    futures = [pool.submit_read(photo, SPEC) for _ in range(60)]
    pool.close()
    assert not wait(futures, timeout=0).not_done


def test_a_pool_can_be_closed_while_its_workers_start(tmp_path: Path) -> None:
    for _ in range(3):
        pool = ReaderPool(2)
        futures = [pool.submit_read(tmp_path / "gone.png", SPEC) for _ in range(5)]
        pool.close()
        assert all(future.cancelled() for future in futures)
    assert multiprocessing.active_children() == []


def test_a_bug_of_a_reader_is_told_and_stops_nothing(tmp_path: Path, make_photo) -> None:
    photo = make_photo(tmp_path / "a.png")
    pool = ReaderPool(1)
    try:
        for deed in (fail, answer_what_cannot_be_sent):
            outcome = pool._submit(deed, photo, SPEC).result()
            assert isinstance(outcome, ReadFailure)
            assert outcome.reason is SkipReason.CRASHED
            assert "report" in outcome.detail
        assert isinstance(pool.submit_read(photo, SPEC).result(), Reading)
    finally:
        pool.close()


def fail(_path: Path, _argument: object) -> Reading:
    raise ZeroDivisionError


def answer_what_cannot_be_sent(_path: Path, _argument: object) -> object:
    return lambda: None


def test_a_pool_starts_no_worker_before_it_is_needed() -> None:
    before = psutil.Process().children()
    pool = ReaderPool(2)
    assert psutil.Process().children() == before
    pool.close()


def test_thumbnails_and_failures_come_through_the_pool(tmp_path: Path, make_photo) -> None:
    name = os.fsdecode(b"caf\xe9 \xff.jpg")
    photo = make_photo(tmp_path / "a.jpg").rename(tmp_path / name)
    os.mkfifo(tmp_path / "pipe.jpg")
    pool = ReaderPool(1)
    try:
        assert isinstance(pool.submit_thumbnail(photo, 64).result(), bytes)
        assert isinstance(pool.submit_read(photo, SPEC).result(), Reading)
        pipe = pool.submit_read(tmp_path / "pipe.jpg", SPEC).result()
        assert isinstance(pipe, ReadFailure)
        assert pipe.reason is SkipReason.WRONG_TYPE
    finally:
        pool.close()


@pytest.mark.slow
@pytest.mark.parametrize("is_stuck", [False, True])
def test_readers_end_with_the_process_that_started_them(
    tmp_path: Path, make_photo, is_stuck: bool
) -> None:
    photo = make_photo(tmp_path / "a.png")
    script = tmp_path / "reads.py"
    (tmp_path / "busy.py").write_text(
        "import time\ndef spin(path, argument):\n    time.sleep(600)\n"
    )
    script.write_text(
        "import sys, time\n"
        "from pathlib import Path\n"
        "from engine.readers.isolation import ReaderPool\n"
        "from engine.records import PixelSpec\n"
        "if __name__ == '__main__':\n"
        "    pool = ReaderPool(2)\n"
        f"    pool.submit_read(Path({str(photo)!r}), PixelSpec(8, squash=True)).result()\n"
        + (
            "    import busy\n    pool._submit(busy.spin, Path('x'), 0)\n    time.sleep(0.5)\n"
            if is_stuck
            else ""
        )
        + "    print('ready', flush=True)\n"
        "    time.sleep(600)\n"
    )
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = os.environ | {
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "TMPDIR": str(temporary),
    }
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        workers = psutil.Process(process.pid).children(recursive=True)
        assert workers
        assert list(temporary.iterdir())
        process.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert alive == []
    # One that had not begun yet leaves its folder, and nothing in it.
    assert not [path for path in temporary.rglob("*") if path.is_file()]

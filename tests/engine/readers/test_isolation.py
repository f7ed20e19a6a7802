import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from engine.readers.isolation import ReaderPool
from engine.records import PixelSpec, ReadFailure, Reading, SkipReason

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


@pytest.mark.slow
def test_readers_end_with_the_process_that_started_them(tmp_path: Path, make_photo) -> None:
    photo = make_photo(tmp_path / "a.png")
    script = tmp_path / "reads.py"
    script.write_text(
        "import sys, time\n"
        "from pathlib import Path\n"
        "from engine.readers.isolation import ReaderPool\n"
        "from engine.records import PixelSpec\n"
        "if __name__ == '__main__':\n"
        "    pool = ReaderPool(2)\n"
        f"    pool.submit_read(Path({str(photo)!r}), PixelSpec(8, squash=True)).result()\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(600)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        workers = psutil.Process(process.pid).children(recursive=True)
        assert workers
        process.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert alive == []

"""What scripts rely on: the keys of the JSON, the exit statuses, what goes to which stream."""

import json
import os
import shutil
import signal
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from engine.cli import command_line
from engine.indexing.closer import AT_ONCE, CloserLook
from engine.library import Library
from engine.paths import Home
from engine.records import Counts

pytestmark = pytest.mark.slow  # each command is a process of its own

ROOT = Path(__file__).resolve().parents[2]

HIT = {
    *("path", "folder", "kind", "score", "band", "snippet", "retrievers", "date", "width"),
    *("height", "camera", "title", "size_bytes", "copies", "online", "problem", "member", "page"),
    *("second", "section", "taken_at", "taken_from", "lens", "iso", "rating", "keywords"),
    *("caption", "place", "latitude", "longitude", "author", "language", "pages"),
    *("duration_s", "codec"),
}
DOCTOR = {"files", "indexed", "waiting", "companions", "offline", "problems", "skipped", "left_out"}
SKIP = {"path", "member", "reason", "detail", "attempts", "skipped_at"}
FOLDER = {"id", "path", "state", "files", "indexed", "skipped"}
CARD = {"name", "title", "version", "dimension", "languages", "licence", "fingerprint"}


@pytest.fixture
def shelf(keepsight, pictures: Path, make_photo) -> Path:
    make_photo(pictures / "harbour.jpg", size=(96, 64))
    shutil.copy(pictures / "harbour.jpg", pictures / "again.jpg")
    (pictures / "note.md").write_text("# Boats\n\nBoats in a harbour at night.")
    (pictures / "empty.txt").touch()
    assert keepsight("index", pictures).returncode == 0
    return pictures


def test_the_keys_of_the_json_are_those_that_scripts_know(answer, shelf: Path) -> None:
    hits = {hit["kind"]: hit for hit in answer("search", "harbour boats")}
    assert set(hits) == {"photo", "document"}
    assert all(set(hit) == HIT for hit in hits.values())
    photo, document = hits["photo"], hits["document"]
    assert (photo["width"], photo["height"], photo["copies"]) == (96, 64, 1)
    assert document["title"] == "Boats"
    assert document["online"] is True
    assert Path(document["folder"]) == shelf
    assert document["band"] in ("strong", "maybe", "weak")
    for retriever in document["retrievers"]:
        assert set(retriever) == {"name", "rank", "score", "detail"}

    similar = answer("similar", shelf / "harbour.jpg", "--type", "photo")
    assert [set(hit) for hit in similar] == [HIT]

    doctor = answer("doctor")
    assert set(doctor) == DOCTOR
    assert [set(skip) for skip in doctor["skipped"]] == [SKIP]
    assert doctor["skipped"][0]["reason"] == "empty"
    assert doctor["files"] == doctor["indexed"] + doctor["waiting"] + len(doctor["skipped"])

    assert [set(folder) for folder in answer("folders")] == [FOLDER]
    assert set(answer("models")[0]) >= CARD


def test_doctor_tells_what_is_left_out(answer, keepsight, pictures: Path) -> None:
    for name in ("venv/deep/a.txt", ".hidden/b.txt", "c.part", "d.txt"):
        (pictures / name).parent.mkdir(parents=True, exist_ok=True)
        (pictures / name).write_text("Boats.")
    for folder in (pictures, pictures / ".hidden"):
        keepsight("index", folder)
    doctor = answer("doctor")
    assert doctor["files"] == 2, "what is left out is watched where it is added by itself"
    told = {(Path(each["path"]), each["is_folder"]) for each in doctor["left_out"]}
    assert told == {(pictures / "venv", True), (pictures / "c.part", False)}
    printed = keepsight("doctor").stdout
    assert "1 folder and 1 file are left out" in printed
    assert str(pictures / "venv") in printed


def test_doctor_tells_what_is_wrong_with_the_library_itself(answer, keepsight, home: Home) -> None:
    assert answer("doctor")["problems"] == []
    (card,) = (card for card in answer("models") if card["state"] == "in use")
    home.adapters.mkdir()
    (home.adapters / f"{card['fingerprint']}.npz").write_bytes(b"damaged")
    (problem,) = answer("doctor")["problems"]
    assert set(problem) == {"title", "message"}
    assert problem["message"] in keepsight("doctor").stdout


def test_filters_limits_and_pictures_reach_the_engine(answer, keepsight, shelf: Path) -> None:
    assert len(answer("search", "harbour boats", "-n", "1")) == 1
    assert {hit["kind"] for hit in answer("search", "boats type:document")} == {"document"}
    photo = ("search", "a red car type:photo", "-n", "1")
    (words,), (both,) = answer(*photo), answer(*photo, "--picture", shelf / "again.jpg")
    assert both["score"] > words["score"]
    assert keepsight("search", os.fsdecode(b"boats \xff")).returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["search"],
        ["search", "cat", "-n", "0"],
        ["search", "cat", "--type", "song"],
        ["index"],
        ["no-such-command"],
        ["--no-such-option"],
    ],
)
def test_misuse_exits_with_two_and_says_how_to_use_it(keepsight, arguments) -> None:
    done = keepsight(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Usage: keepsight" in done.stderr


def test_ctrl_c_ends_the_batch_and_the_rest_waits(tmp_path: Path, pictures, make_photo) -> None:
    for number in range(300):
        make_photo(pictures / f"{number}.jpg", seed=number)
    home = Home.at(tmp_path / "home")
    command = [sys.executable, "-m", "desktop", "--home", str(tmp_path / "home"), "index"]
    database_written = home.database.with_name("keepsight.db-wal")
    with subprocess.Popen(
        [*command, str(pictures)], cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as process:
        # It handles Ctrl+C from before it first writes about the folder.
        while process.poll() is None and not _has_files(home, database_written):
            os.sched_yield()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "Interrupted" in said
    assert "Traceback" not in said
    with Library.open(home) as library:
        counts: Counts = library.counts()
        assert counts.waiting > 0
        assert counts.skipped == 0
        for _ in library.index([pictures]):
            pass
        assert library.counts().indexed == 300


def test_ctrl_c_during_a_closer_look_tells_how_many_files_were_read(
    tmp_path: Path, pictures, make_photo, monkeypatch, capsys
) -> None:
    for number in range(AT_ONCE + 1):
        make_photo(pictures / f"{number}.jpg", seed=number)
    embed = CloserLook._embed

    def interrupted(*arguments: object) -> None:
        embed(*arguments)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(CloserLook, "_embed", interrupted)
    with pytest.raises(SystemExit, match=r"^0$"):
        command_line(
            lambda *_: 1, ["--home", str(tmp_path / "home"), "index", "--closer", str(pictures)]
        )
    said = capsys.readouterr().err
    assert f"{AT_ONCE + 1} files read, 0 of them skipped" in said
    assert "Interrupted" in said


def _has_files(home: Home, log: Path) -> bool:
    import sqlite3
    from contextlib import closing

    if not log.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{home.database.as_uri()}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("SELECT count(*) FROM files").fetchone()[0])
    except sqlite3.Error:
        return False


def test_a_library_that_is_being_indexed_is_searched_but_not_indexed_twice(
    keepsight, tmp_path: Path, shelf: Path
) -> None:
    with Library.open(Home.at(tmp_path / "home")) as library:
        for _ in library.index([shelf]):
            pass
        assert "note.md" in keepsight("search", "boats").stdout
        done = keepsight("index", shelf)
        assert done.returncode == 1
        assert "Another Keepsight" in done.stderr


@pytest.mark.skipif(
    not any(distribution.name == "keepsight" for distribution in distributions()),
    reason="only what is installed has a version",
)
def test_the_version_names_the_program(keepsight) -> None:
    assert keepsight("--version").stdout.startswith("keepsight")


def test_the_help_names_every_command(keepsight) -> None:
    said = keepsight("--help").stdout
    for command in ("index", "search", "similar", "folders", "models", "doctor", "eval"):
        assert command in said


def test_a_word_that_no_file_has_prints_an_empty_list(keepsight, shelf: Path) -> None:
    done = keepsight("search", '"no such phrase anywhere"', "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_a_skipped_file_is_told_where_it_is_asked_for_by_its_name(keepsight, shelf: Path) -> None:
    done = keepsight("search", "empty", "--json")
    assert isinstance(json.loads(done.stdout), list)
    assert f"1 file of this name was skipped: {shelf / 'empty.txt'} (" in done.stderr

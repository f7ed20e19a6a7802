"""The commands that others script against."""

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # each command is a process of its own


@pytest.fixture
def shelf(pictures: Path, real_photos) -> Path:
    for name in ("cat", "rocket"):
        shutil.copy(real_photos[name], pictures / f"{name[0]}1{real_photos[name].suffix}")
    (pictures / "contract.txt").write_text("The tenant pays a deposit of three months' rent.")
    (pictures / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    return pictures


def test_index_search_similar_doctor(keepsight, answer, shelf: Path) -> None:
    indexed = keepsight("index", shelf)
    assert indexed.returncode == 0
    assert indexed.stdout == ""
    assert "2 photos, 1 document and 0 videos" in indexed.stderr

    hits = answer("search", "a cat", "-n", "3")
    assert Path(hits[0]["path"]) == shelf / "c1.png"
    assert hits[0]["kind"] == "photo"
    assert 0 < hits[0]["score"] <= 1
    assert hits[0]["retrievers"][0]["name"] == "photo meaning"
    assert [hit["score"] for hit in hits] == sorted((h["score"] for h in hits), reverse=True)

    hits = answer("search", "deposit", "--type", "document")
    assert [Path(hit["path"]).name for hit in hits] == ["contract.txt"]
    assert "deposit" in hits[0]["snippet"]
    assert {r["name"] for r in hits[0]["retrievers"]} == {"passage meaning", "words"}

    assert Path(answer("similar", shelf / "r1.jpg", "-n", "1")[0]["path"]).name == "r1.jpg"

    doctor = answer("doctor")
    assert {key: doctor[key] for key in ("files", "indexed", "waiting", "offline")} == {
        "files": 4,
        "indexed": 3,
        "waiting": 0,
        "offline": 0,
    }
    assert [(Path(s["path"]).name, s["reason"]) for s in doctor["skipped"]] == [
        ("broken.jpg", "corrupt")
    ]
    assert doctor["skipped"][0]["detail"]

    assert [Path(f["path"]) for f in answer("folders")] == [shelf]
    assert answer("models")[0]["name"] == "starter"

    keepsight("folders", "--remove", shelf)
    assert answer("folders") == []
    assert answer("search", "cat") == []


def test_text_output_names_hits_and_reasons(keepsight, shelf: Path) -> None:
    keepsight("index", shelf)
    assert "contract.txt" in keepsight("search", "deposit").stdout
    assert "broken.jpg" in keepsight("doctor").stdout
    assert str(shelf) in keepsight("folders").stdout
    assert "starter" in keepsight("models").stdout


def test_eval_prints_the_figures(answer, tmp_path: Path, real_photos) -> None:
    rows = [
        {"file": str(real_photos[name]), "en": [f"a photo of a {name}"], "zh": ["照片"]}
        for name in ("cat", "rocket")
    ]
    (tmp_path / "captions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    report = answer("eval", tmp_path / "captions.jsonl")
    english = report["text_to_image"]["en"]
    assert english["recall@1"] == 100
    assert english["median_rank"] == 1
    assert set(report["image_to_text"]) == {"en", "zh"}


def test_names_of_no_encoding_round_trip_through_json(answer, keepsight, pictures, make_photo):
    path = make_photo(pictures / os.fsdecode(b"caf\xe9.jpg"))
    keepsight("index", pictures)
    assert answer("search", "noise")[0]["path"] == os.fspath(path)
    assert keepsight("search", "noise").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["index", "/no/such/folder"], "no such folder"),
        (["similar", "/no/such/file.jpg"], "gone"),
        (["eval", "/no/such/file"], "cannot be read"),
        (["folders", "--remove", "/no/such/folder"], "not watched"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_message(keepsight, arguments, message) -> None:
    done = keepsight(*arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_library_says_what_to_do(keepsight) -> None:
    done = keepsight("search", "cat")
    assert done.returncode == 0
    assert "keepsight index FOLDER" in done.stderr


@pytest.mark.parametrize("how", ["damaged", "newer"])
def test_a_database_that_cannot_be_used_is_refused_untouched(
    keepsight, tmp_path: Path, shelf: Path, how: str
) -> None:
    keepsight("index", shelf)
    database = tmp_path / "home" / "data" / "keepsight.db"
    if how == "damaged":
        data = bytearray(database.read_bytes())
        data[4096:40960] = b"\xa5" * (40960 - 4096)
        database.write_bytes(data)
    else:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA user_version = 999")
    before = database.read_bytes()
    for command in (["search", "cat"], ["index", shelf], ["doctor"]):
        done = keepsight(*command)
        assert done.returncode == 1
        assert "Nothing was changed" in done.stderr
        assert "Traceback" not in done.stderr
    assert database.read_bytes() == before

"""kill -9 at any moment of indexing, or of a change of models, loses nothing."""

import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from engine import settings
from engine.library import Library
from engine.paths import Home
from engine.search_records import Query

ROOT = Path(__file__).resolve().parents[2]
KILLS = 10


@pytest.mark.slow
def test_ten_kills_at_random_end_in_the_same_library(tmp_path, pictures, make_photo) -> None:
    for number in range(400):
        make_photo(pictures / f"{number % 7}" / f"p{number}.jpg", seed=number)
    for number in range(60):
        text = f"Note {number}. " + f"The {number} boats lie in harbour {number}. " * 30
        (pictures / f"note-{number}.txt").write_text(text)
    undisturbed = Home.at(tmp_path / "undisturbed")
    killed = Home.at(tmp_path / "killed")
    _index(undisturbed, pictures)
    rng = random.Random(7)
    interrupted = 0
    for _ in range(KILLS):
        with subprocess.Popen(_command(killed, pictures), stderr=subprocess.DEVNULL) as process:
            try:
                # The moment itself is what is tested: there is nothing to wait for.
                process.wait(rng.uniform(0.4, 1.6))
            except subprocess.TimeoutExpired:
                process.kill()
                interrupted += 1
    assert interrupted >= KILLS // 2
    _index(killed, pictures)
    assert _state(killed) == _state(undisturbed)
    expected = _answers(undisturbed, pictures)
    assert _answers(killed, pictures) == expected
    shutil.rmtree(killed.vectors)
    assert _answers(killed, pictures) == expected


TWIN = """
import dataclasses, sys
from pathlib import Path
from engine.library import Library
from engine.roster.shelf import ModelShelf
from engine.models import catalog
from engine.models.starter import StarterEncoder
from engine.paths import Home

class Twin(StarterEncoder):
    "The starter under another name, as any model that is not the starter."

    @property
    def card(self):
        towers = {"image_fingerprint": "", "text_fingerprint": ""}
        return dataclasses.replace(super().card, name="twin", fingerprint="twin", **towers)

load = catalog.load
catalog.load = lambda spec, **options: Twin(**options) if spec == "twin" else load(spec, **options)
home = Home.at(Path(sys.argv[1]))
with ModelShelf.open(home, 1) as shelf:
    shelf.use(sys.argv[2])
with Library.open(home) as library:
    for _ in library.index([]):
        pass
"""


@pytest.mark.slow
def test_ten_kills_of_a_change_of_models_leave_one_that_is_complete(
    home, embedded, pictures, make_photo
) -> None:
    for number in range(300):
        make_photo(pictures / f"p{number}.jpg", seed=number)
    (pictures / "note.txt").write_text("Boats lie in the harbour.")
    _index(home, pictures)
    rng = random.Random(11)
    wanted, ended_in, seen = "twin", set(), set()
    for number in range(KILLS):
        command = [sys.executable, "-c", TWIN, str(home.data.parent), wanted]
        with subprocess.Popen(command, cwd=ROOT) as process:
            try:
                process.wait(rng.uniform(0.5, 3.0) + number)  # a slow machine starts slowly
            except subprocess.TimeoutExpired:
                process.kill()
                ended_in.add("killed")
            else:
                ended_in.add("finished")
        chosen = settings.load(home)
        prepared = embedded()
        seen.add((chosen.model, 0 < prepared.get("twin", 0) < 301))
        assert prepared[chosen.model] == 301, "the model that answers has all"
        if (chosen.model, chosen.next_model) == (wanted, ""):
            # There and back: what is complete is forgotten, so that there is something to prepare.
            wanted = "starter" if wanted == "twin" else "twin"
            with closing(sqlite3.connect(home.database)) as connection, connection:
                connection.execute("PRAGMA foreign_keys = ON")
                connection.execute("DELETE FROM models WHERE name = ?", (wanted,))
    assert "killed" in ended_in
    assert ("starter", True) in seen, "it was killed in the middle"
    subprocess.run([*command[:-1], wanted], cwd=ROOT, check=True, timeout=200)
    assert settings.load(home).model == wanted
    assert embedded()[wanted] == 301


def _command(home: Home, folder: Path) -> list[str]:
    program = [sys.executable, "-m", "desktop", "--home", str(home.data.parent)]
    return [*program, "index", str(folder)]


def _index(home: Home, folder: Path) -> None:
    subprocess.run(
        _command(home, folder), cwd=ROOT, check=True, stderr=subprocess.DEVNULL, timeout=200
    )


def _state(home: Home) -> dict[str, object]:
    with closing(sqlite3.connect(home.database)) as connection:
        tables = ("files", "contents", "segments", "embeddings", "skips", "folders", "models")
        state: dict[str, object] = {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in (*tables, "passage_words", "name_words")
        }
        state["paths"] = sorted(
            connection.execute(
                "SELECT relative, hash, files.state FROM files "
                "JOIN contents ON contents.id = content_id"
            ).fetchall()
        )
        state["vectors"] = sorted(
            connection.execute(
                "SELECT hash, start_char, vector FROM embeddings "
                "JOIN segments ON segments.id = segment_id "
                "JOIN contents ON contents.id = content_id"
            ).fetchall(),
            key=repr,
        )
        state["waiting"] = connection.execute(
            "SELECT count(*) FROM files WHERE state != 'indexed'"
        ).fetchone()[0]
    # A batch's neighbours change the last bits of what onnxruntime computes.
    state["vectors"] = [(digest, start) for digest, start, _ in state["vectors"]]  # type: ignore[union-attr]
    return state


def _answers(home: Home, folder: Path) -> list[object]:
    queries = [
        Query(text="harbour 17"),
        Query(picture=folder / "3" / "p3.jpg", limit=5),
        Query(text="boats", limit=100),
    ]
    with Library.open(home) as library:
        assert len(library.search(Query(limit=1000)).hits) == 460
        return [_first_of(library, query) for query in queries]


def _first_of(library: Library, query: Query) -> object:
    hits = library.search(query).hits
    return hits[0].path.name, len(hits)

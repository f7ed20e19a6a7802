import sqlite3
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from subprocess import PIPE, Popen

import filelock
import pytest
from sqlite_utils import Database as SchemaDatabase

from engine.errors import DatabaseDamagedError, DatabaseTooNewError, LibraryBusyError
from engine.records import SegmentId
from engine.store import folders, fulltext
from engine.store.database import Database, copy_database
from engine.store.migrations import SCHEMA_VERSION, migrations


def test_schema_version_is_the_number_of_migrations() -> None:
    assert len(migrations._migrations) == SCHEMA_VERSION


def test_a_new_database_is_private_and_stamped(tmp_path: Path) -> None:
    database = Database(tmp_path / "k.db")
    assert database.reading().execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    assert (tmp_path / "k.db").stat().st_mode & 0o077 == 0
    database.close()


def test_a_newer_database_is_refused_and_left_untouched(tmp_path: Path) -> None:
    path = tmp_path / "k.db"
    Database(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(DatabaseTooNewError, match="newer Keepsight"):
        Database(path)
    assert path.read_bytes() == before


def test_an_opening_that_was_stopped_at_its_end_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = migrations.apply

    def stop(schema: SchemaDatabase) -> None:
        apply(schema)
        raise KeyboardInterrupt

    monkeypatch.setattr(migrations, "apply", stop)
    with pytest.raises(KeyboardInterrupt):
        Database(tmp_path / "k.db")
    monkeypatch.undo()
    with closing(Database(tmp_path / "k.db")) as database:
        (version,) = database.reading().execute("PRAGMA user_version").fetchone()
    assert version == SCHEMA_VERSION
    assert not list(tmp_path.glob("*.before-schema-*"))


@pytest.mark.parametrize("former", [None, "m003_everything"])
def test_processes_may_open_a_library_at_the_same_time(tmp_path: Path, former: str | None) -> None:
    path = tmp_path / "k.db"
    if former is not None:
        with closing(sqlite3.connect(path)) as connection:
            migrations.apply(SchemaDatabase(connection), stop_before=former)
    code = (
        "import sys, pathlib; from engine.store.database import Database; "
        "sys.stdin.read(1); Database(pathlib.Path(sys.argv[1])).close()"
    )
    command = [sys.executable, "-c", code, str(path)]
    with ExitStack() as stack:
        openers = [stack.enter_context(Popen(command, stdin=PIPE)) for _ in range(3)]
        for opener in openers:
            opener.communicate(b"x")
    assert [opener.returncode for opener in openers] == [0, 0, 0]


def test_a_library_that_another_brings_up_to_date_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.store.database.BUSY_TIMEOUT_S", 0.01)
    with (
        filelock.FileLock(tmp_path / "k.db.lock"),
        pytest.raises(LibraryBusyError, match="Wait until it is done"),
    ):
        Database(tmp_path / "k.db")
    Database(tmp_path / "k.db").close()


def _fill(path: Path) -> None:
    database = Database(path)
    with database.writing() as connection:
        for i in range(3000):
            connection.execute(
                "INSERT INTO contents (hash, kind, title) VALUES (?, 'photo', ?)",
                (i.to_bytes(32, "big"), "a title that fills pages" * 4),
            )
    database.close()


@pytest.mark.parametrize("offset", [0, 40_000])
def test_a_damaged_database_is_refused_and_left_untouched(tmp_path: Path, offset: int) -> None:
    path = tmp_path / "k.db"
    _fill(path)
    damaged = bytearray(path.read_bytes())
    damaged[offset : offset + 200_000] = b"\xa5" * min(200_000, len(damaged) - offset)
    path.write_bytes(damaged)
    with pytest.raises(DatabaseDamagedError, match="damaged"):
        Database(path)
    assert path.read_bytes() == bytes(damaged)


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "k.db")
    with pytest.raises(RuntimeError), database.writing() as connection:
        connection.execute("INSERT INTO contents (hash, kind) VALUES (x'00', 'photo')")
        raise RuntimeError
    assert database.reading().execute("SELECT count(*) FROM contents").fetchone()[0] == 0
    database.close()


def test_who_writes_while_another_does_is_told_to_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.store.database.BUSY_TIMEOUT_S", 0.01)
    with (
        closing(Database(tmp_path / "k.db")) as ours,
        closing(Database(tmp_path / "k.db")) as other,
    ):
        with other.writing() as connection:
            connection.execute("INSERT INTO contents (hash, kind) VALUES (x'00', 'photo')")
            with pytest.raises(LibraryBusyError, match="Wait until"), ours.writing():
                pass
        with ours.writing() as connection:
            assert connection.execute("SELECT count(*) FROM contents").fetchone()[0] == 1


def test_reading_connections_cannot_write(tmp_path: Path) -> None:
    database = Database(tmp_path / "k.db")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        database.reading().execute("DELETE FROM contents")
    database.close()


def test_a_copy_has_what_was_committed_while_others_hold_the_database(tmp_path: Path) -> None:
    database = Database(tmp_path / "keepsight.db")
    with database.writing() as connection:
        folders.add(connection, tmp_path)
    copy_database(tmp_path / "keepsight.db", tmp_path / "copy.db")
    database.close()
    copy = Database(tmp_path / "copy.db")
    assert [folder.path for folder in folders.all_folders(copy.reading())] == [tmp_path]
    copy.close()


def test_a_damaged_database_is_not_copied(tmp_path: Path) -> None:
    (tmp_path / "keepsight.db").write_bytes(b"no database at all, but long enough to be one" * 100)
    with pytest.raises(DatabaseDamagedError):
        copy_database(tmp_path / "keepsight.db", tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


def test_no_word_of_what_was_deleted_is_left(tmp_path: Path) -> None:
    database = Database(tmp_path / "k.db")
    (tmp_path / "k.db.before-schema-2").write_text("zyxwquartzitis")
    with database.writing() as connection:
        # As after much indexing: what is deleted lies in older parts of the full text.
        for segment in range(1, 100):
            fulltext.index_passage(connection, SegmentId(segment), f"ordinary words {segment}")
        fulltext.index_passage(connection, SegmentId(100), "my zyxwquartzitis")
        fulltext.index_member(connection, 1, "plughxyzzy.txt")
    with database.writing() as connection:
        connection.execute("DELETE FROM passage_words WHERE rowid = 100")
        connection.execute("DELETE FROM member_words")
    database.erase_free_pages()
    left = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"ordinary" in left
    assert b"zyxwquartz" not in left
    assert b"plughxyzz" not in left
    database.close()

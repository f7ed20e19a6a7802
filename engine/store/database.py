"""The SQLite file: opened safely, migrated, one writer, a reading connection for each thread."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlite_utils import Database as SchemaDatabase

from engine.errors import DatabaseDamagedError, DatabaseTooNewError, KeepsightError
from engine.paths import shown
from engine.store import folding
from engine.store.migrations import SCHEMA_VERSION, migrations

log = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 30.0
CACHE_KIB = 16_384
PRIVATE_FILE_MODE = 0o600

_FULL_TEXT_TABLES = "SELECT name FROM sqlite_schema WHERE sql LIKE '%USING fts5%'"


class Database:
    """One library's SQLite file.

    Raises DatabaseDamagedError or DatabaseTooNewError, before anything is written, where the file
    cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connections: list[sqlite3.Connection] = []
        self._local = threading.local()
        self._write_lock = threading.RLock()
        if path.exists() and path.stat().st_size > 0:
            _refuse_unusable(path)
        path.touch(mode=PRIVATE_FILE_MODE)
        self._writer = self._connect()
        self._migrate()

    def reading(self) -> sqlite3.Connection:
        """This thread's connection for reading: it sees every committed write."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
            connection.execute("PRAGMA query_only = ON")
        return connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction on the only writing connection: all of it is stored, or nothing."""
        with self._write_lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                # Where the disk is full, SQLite has rolled back already.
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def erase_free_pages(self) -> None:
        """Rewrites the file, so that nothing that was deleted can be read from it.

        Copies of it that were made before migrations go. Where the disk has no room to rewrite it,
        the pages stay until they are used again.
        """
        with self._write_lock:
            for copy in self.path.parent.glob(f"{self.path.name}.before-schema-*"):
                copy.unlink(missing_ok=True)
            try:
                # Full text only marks what is deleted, until it is merged.
                for (table,) in self._writer.execute(_FULL_TEXT_TABLES).fetchall():
                    self._writer.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")
                self._writer.execute("VACUUM")
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.OperationalError as error:
                log.warning("free pages are not erased: %s", error)

    def close(self) -> None:
        """Closes every connection; the last one folds the write-ahead log into the file."""
        with self._write_lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        folding.register(connection)
        self._connections.append(connection)
        return connection

    def _migrate(self) -> None:
        schema = SchemaDatabase(self._writer)
        if not migrations.pending(schema):
            return
        if migrations.applied(schema):
            self._back_up()
        migrations.apply(schema)
        self._writer.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _back_up(self) -> None:
        self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        version = self._writer.execute("PRAGMA user_version").fetchone()[0]
        copy = self.path.with_name(f"{self.path.name}.before-schema-{version + 1}")
        shutil.copy2(self.path, copy)


def copy_database(path: Path, target: Path) -> None:
    """Copies the file at `path` as it is at one moment, while others may write to it.

    Raises what `Database` raises where it cannot be used; it is only read.
    """
    _refuse_unusable(path)
    with (
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)


def _refuse_unusable(path: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if "malformed" not in str(error) and "not a database" not in str(error):
            raise KeepsightError(
                "The library cannot be opened",
                f"{error}. Check that the disk is not full and that you may write to "
                f"{shown(path.parent)}.",
                path,
            ) from error
        raise _damaged(path, str(error)) from error
    except sqlite3.DatabaseError as error:
        raise _damaged(path, str(error)) from error
    if version > SCHEMA_VERSION:
        raise DatabaseTooNewError(
            "This library was made by a newer Keepsight",
            f"{shown(path)} has version {version}, this program knows up to {SCHEMA_VERSION}. "
            "Update Keepsight, or choose another place with --home. Nothing was changed.",
            path,
        )
    if verdict != "ok":
        raise _damaged(path, str(verdict))


def _damaged(path: Path, what: str) -> DatabaseDamagedError:
    return DatabaseDamagedError(
        "The library's database is damaged",
        f"{shown(path)} cannot be read ({what}). Nothing was changed. Restore it from a backup, or "
        "move it away: Keepsight then indexes your folders anew.",
        path,
    )

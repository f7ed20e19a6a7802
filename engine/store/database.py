"""The SQLite file: opened safely, migrated, one writer, a reading connection for each thread."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import filelock
from sqlite_utils import Database as SchemaDatabase

from engine.errors import (
    DatabaseDamagedError,
    DatabaseTooNewError,
    KeepsightError,
    LibraryBusyError,
)
from engine.paths import shown
from engine.store import folding
from engine.store.migrations import SCHEMA_VERSION, migrations

log = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 30.0
CACHE_KIB = 16_384
PRIVATE_FILE_MODE = 0o600
BACKUP_MARK = ".before-schema-"

_FULL_TEXT_TABLES = "SELECT name FROM sqlite_schema WHERE sql LIKE '%USING fts5%'"


class Database:
    """One library's SQLite file.

    Raises DatabaseDamagedError or DatabaseTooNewError, before anything is written, where the file
    cannot be used, and LibraryBusyError while another process brings it up to date.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._write_lock = threading.RLock()
        if not path.exists():
            path.touch(mode=PRIVATE_FILE_MODE)
        if _usable_version(path) < SCHEMA_VERSION:
            _migrate(path)
        self._writer = _connect(path)
        self._connections = [self._writer]

    def reading(self) -> sqlite3.Connection:
        """This thread's connection for reading: it sees every committed write."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = _connect(self.path)
            connection.execute("PRAGMA query_only = ON")
            self._connections.append(connection)
        return connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction on the only writing connection: all of it is stored, or nothing.

        Raises LibraryBusyError where another process writes for longer than BUSY_TIMEOUT_S.
        """
        with self._write_lock:
            self._begin()
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
            for copy in self.path.parent.glob(f"{self.path.name}{BACKUP_MARK}*"):
                copy.unlink(missing_ok=True)
            try:
                # Full text only marks what is deleted, until it is merged.
                for (table,) in self._writer.execute(_FULL_TEXT_TABLES).fetchall():
                    self._writer.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")
                self._writer.execute("VACUUM")
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.OperationalError as error:
                log.warning("free pages are not erased: %s", error)

    def _begin(self) -> None:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY"):
                raise
            raise LibraryBusyError(
                "Another Keepsight is writing to this library",
                f"{shown(self.path)} is in use: a folder may just be forgotten, which takes a "
                "while. Wait until that is done, then try again.",
                self.path,
            ) from error

    def close(self) -> None:
        """Closes every connection; the last one folds the write-ahead log into the file."""
        with self._write_lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()


def copy_database(path: Path, target: Path) -> None:
    """Copies the file at `path` as it is at one moment, while others may write to it.

    Raises what `Database` raises where it cannot be used; it is only read.
    """
    _usable_version(path)
    with (
        closing(_open_to_read(path)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    folding.register(connection)
    return connection


def _migrate(path: Path) -> None:
    """Makes the schema that of today, while no other process does."""
    try:
        with filelock.FileLock(path.with_name(f"{path.name}.lock"), timeout=BUSY_TIMEOUT_S):
            version = _usable_version(path)  # another may just have done it
            if version == SCHEMA_VERSION:
                return
            with closing(_connect(path)) as connection:
                schema = SchemaDatabase(connection)
                if migrations.applied(schema) and migrations.pending(schema):
                    # By SQLite: what readers of other processes hold back is not in the file yet.
                    copy_database(path, path.with_name(f"{path.name}{BACKUP_MARK}{version + 1}"))
                migrations.apply(schema)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    except filelock.Timeout as error:
        raise LibraryBusyError(
            "This library is being brought up to date",
            f"Another Keepsight works on {shown(path)}, which takes a while where a lot is in it. "
            "Wait until it is done, then try again.",
            path,
        ) from error


def _usable_version(path: Path) -> int:
    """The version of the schema, 0 of an empty file; raises what `Database` raises."""
    try:
        with closing(_open_to_read(path)) as connection:
            version: int = connection.execute("PRAGMA user_version").fetchone()[0]
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
    return version


def _open_to_read(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)


def _damaged(path: Path, what: str) -> DatabaseDamagedError:
    return DatabaseDamagedError(
        "The library's database is damaged",
        f"{shown(path)} cannot be read ({what}). Nothing was changed. Restore it from a backup, or "
        "move it away: Keepsight then indexes your folders anew.",
        path,
    )

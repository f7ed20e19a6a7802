"""The schema, as the steps that lead to it. A released step is never edited."""

from __future__ import annotations

import os
from pathlib import Path
from unicodedata import is_normalized

from sqlite_utils import Database as SchemaDatabase
from sqlite_utils import Migrations

from engine.records import FileId, SegmentId
from engine.store import fulltext

migrations = Migrations("keepsight")

SCHEMA_VERSION = 7
"""`PRAGMA user_version` of a database that has every migration: their number."""


@migrations()  # type: ignore[untyped-decorator]
def m001_first_schema(db: SchemaDatabase) -> None:
    """Folders, files, contents, segments, embeddings, skips and full text."""
    statements = """
        CREATE TABLE folders (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            path BLOB NOT NULL UNIQUE,
            device INTEGER NOT NULL,
            state TEXT NOT NULL
        );

        CREATE TABLE contents (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            hash BLOB NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            width INTEGER,
            height INTEGER,
            taken_at TEXT,
            camera TEXT,
            title TEXT,
            orphaned_at TEXT
        );

        CREATE TABLE files (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            folder_id INTEGER NOT NULL REFERENCES folders ON DELETE CASCADE,
            relative BLOB NOT NULL,
            extension TEXT NOT NULL,
            size_bytes INTEGER NOT NULL,
            modified_ns INTEGER NOT NULL,
            state TEXT NOT NULL,
            content_id INTEGER REFERENCES contents ON DELETE SET NULL,
            UNIQUE (folder_id, relative)
        );

        CREATE INDEX files_content ON files (content_id);

        CREATE INDEX files_waiting ON files (modified_ns DESC, id DESC) WHERE state = 'waiting';

        CREATE TABLE skips (
            file_id INTEGER PRIMARY KEY REFERENCES files ON DELETE CASCADE,
            reason TEXT NOT NULL,
            detail TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            skipped_at TEXT NOT NULL
        );

        CREATE TABLE segments (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            content_id INTEGER NOT NULL REFERENCES contents ON DELETE CASCADE,
            kind TEXT NOT NULL,
            text TEXT,
            start_char INTEGER,
            end_char INTEGER
        );

        CREATE INDEX segments_content ON segments (content_id);

        CREATE TABLE models (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            fingerprint TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            dimension INTEGER NOT NULL
        );

        CREATE TABLE embeddings (
            segment_id INTEGER NOT NULL REFERENCES segments ON DELETE CASCADE,
            model_id INTEGER NOT NULL REFERENCES models ON DELETE CASCADE,
            vector BLOB NOT NULL,
            PRIMARY KEY (segment_id, model_id)
        );

        CREATE INDEX embeddings_model ON embeddings (model_id, segment_id);

        CREATE VIRTUAL TABLE passage_words USING fts5 (
            words, tokenize = 'porter unicode61 remove_diacritics 2'
        );

        CREATE VIRTUAL TABLE name_words USING fts5 (
            words, tokenize = 'porter unicode61 remove_diacritics 2'
        );

        CREATE TRIGGER forget_passage_words AFTER DELETE ON segments WHEN old.kind = 'passage'
        BEGIN DELETE FROM passage_words WHERE rowid = old.id; END;

        CREATE TRIGGER forget_name_words AFTER DELETE ON files
        BEGIN DELETE FROM name_words WHERE rowid = old.id; END;
        """
    for statement in statements.split("\n\n"):
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]
def m002_towers(db: SchemaDatabase) -> None:
    """What each tower of a model is: a model with one in common need not embed anew."""
    for tower in ("image_fingerprint", "text_fingerprint"):
        db.execute(f"ALTER TABLE models ADD COLUMN {tower} TEXT NOT NULL DEFAULT ''")


@migrations()  # type: ignore[untyped-decorator]
def m003_everything(db: SchemaDatabase) -> None:
    """Pages, moments, recognised text, details, files inside files, and which reader read what."""
    for column in (
        "reader TEXT NOT NULL DEFAULT ''",
        "reader_version INTEGER NOT NULL DEFAULT 0",
        "recognised_version INTEGER",
        "recognition_problem TEXT NOT NULL DEFAULT ''",
        "textless TEXT NOT NULL DEFAULT '[]'",
        "taken_from TEXT",
        "lens TEXT",
        "iso INTEGER",
        "rating INTEGER",
        "keywords TEXT NOT NULL DEFAULT '[]'",
        "caption TEXT",
        "latitude REAL",
        "longitude REAL",
        "place TEXT NOT NULL DEFAULT '{}'",
        "author TEXT",
        "language TEXT",
        "pages INTEGER",
        "duration_s REAL",
        "codec TEXT",
    ):
        db.execute(f"ALTER TABLE contents ADD COLUMN {column}")
    for column in (
        "page INTEGER",
        "second REAL",
        "section TEXT NOT NULL DEFAULT ''",
        "boxes TEXT NOT NULL DEFAULT '[]'",
    ):
        db.execute(f"ALTER TABLE segments ADD COLUMN {column}")
    statements = """
        CREATE TABLE members (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            container_id INTEGER NOT NULL REFERENCES contents ON DELETE CASCADE,
            name TEXT NOT NULL,
            extension TEXT NOT NULL,
            size_bytes INTEGER NOT NULL,
            modified_ns INTEGER,
            content_id INTEGER REFERENCES contents ON DELETE SET NULL,
            reason TEXT,
            detail TEXT,
            read_at TEXT NOT NULL,
            UNIQUE (container_id, name)
        );

        CREATE INDEX members_content ON members (content_id);

        ALTER TABLE files ADD COLUMN leader_id INTEGER REFERENCES files ON DELETE SET NULL;

        CREATE INDEX files_leader ON files (leader_id) WHERE leader_id IS NOT NULL;

        CREATE TRIGGER reread_without_sidecar AFTER DELETE ON files
        WHEN old.extension = 'xmp' AND old.leader_id IS NOT NULL
        BEGIN
            UPDATE contents SET reader_version = 0
            WHERE id = (SELECT content_id FROM files WHERE id = old.leader_id);
            UPDATE files SET state = 'waiting' WHERE id = old.leader_id;
        END;

        CREATE VIEW placements AS
            SELECT id AS file_id, folder_id, relative, '' AS member, extension, size_bytes,
                   modified_ns, state, content_id
            FROM files
            UNION ALL
            SELECT files.id, folder_id, relative, members.name, members.extension,
                   members.size_bytes, coalesce(members.modified_ns, files.modified_ns), state,
                   members.content_id
            FROM members JOIN files ON files.content_id = members.container_id;

        CREATE VIRTUAL TABLE detail_words USING fts5 (
            words, tokenize = 'porter unicode61 remove_diacritics 2'
        );

        CREATE VIRTUAL TABLE member_words USING fts5 (
            words, tokenize = 'porter unicode61 remove_diacritics 2'
        );

        DROP TRIGGER forget_passage_words;

        CREATE TRIGGER forget_passage_words AFTER DELETE ON segments WHEN old.text IS NOT NULL
        BEGIN DELETE FROM passage_words WHERE rowid = old.id; END;

        CREATE TRIGGER forget_detail_words AFTER DELETE ON contents
        BEGIN DELETE FROM detail_words WHERE rowid = old.id; END;

        CREATE TRIGGER forget_member_words AFTER DELETE ON members
        BEGIN DELETE FROM member_words WHERE rowid = old.id; END;
        """
    for statement in statements.split("\n\n"):
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]
def m004_editions(db: SchemaDatabase) -> None:
    """Which edition of the readers could not read a file, or a file inside another."""
    for table in ("skips", "members"):
        db.execute(f"ALTER TABLE {table} ADD COLUMN edition TEXT NOT NULL DEFAULT ''")


@migrations()  # type: ignore[untyped-decorator]
def m005_composed_words(db: SchemaDatabase) -> None:
    """Words of decomposed names and texts, as Macs write them: they were cut at their accents."""
    for file_id, folder, relative in db.execute(
        "SELECT files.id, path, relative FROM files JOIN folders ON folders.id = folder_id"
    ).fetchall():
        root, below = Path(os.fsdecode(folder)), Path(os.fsdecode(relative))
        if not is_normalized("NFC", str(root / below)):
            fulltext.index_name(db.conn, FileId(file_id), root.name, below)
    for member_id, name in db.execute("SELECT id, name FROM members").fetchall():
        if not is_normalized("NFC", name):
            fulltext.index_member(db.conn, member_id, name)
    texts = db.execute("SELECT id, text FROM segments WHERE text IS NOT NULL")
    decomposed = [row for row in texts if not is_normalized("NFC", row[1])]
    for segment_id, text in decomposed:
        db.execute("DELETE FROM passage_words WHERE rowid = ?", (segment_id,))
        fulltext.index_passage(db.conn, SegmentId(segment_id), text)


@migrations()  # type: ignore[untyped-decorator]
def m006_drives(db: SchemaDatabase) -> None:
    """Drives that are mounted below watched folders: their files stay when they go away."""
    db.execute(
        """
        CREATE TABLE drives (
            folder_id INTEGER NOT NULL REFERENCES folders ON DELETE CASCADE,
            relative BLOB NOT NULL,
            device INTEGER NOT NULL,
            is_link INTEGER NOT NULL,
            PRIMARY KEY (folder_id, relative)
        ) WITHOUT ROWID
        """
    )


_UNPLACED = """
    NOT EXISTS (SELECT 1 FROM files WHERE content_id = contents.id)
    AND NOT EXISTS (SELECT 1 FROM members WHERE content_id = contents.id)
"""


@migrations()  # type: ignore[untyped-decorator]
def m007_orphans(db: SchemaDatabase) -> None:
    """Contents are orphans from the moment they lose their last place, and need not be looked for.

    What another content took the place of, or was only in a file that is forgotten, is not kept.
    """
    now = "strftime('%Y-%m-%dT%H:%M:%f', 'now')"
    statements = f"""
        CREATE INDEX files_folder ON files (folder_id, state);

        CREATE INDEX contents_orphaned ON contents (orphaned_at) WHERE orphaned_at IS NOT NULL;

        UPDATE contents SET orphaned_at = {now} WHERE orphaned_at IS NULL AND {_UNPLACED};

        CREATE TRIGGER orphan_of_file AFTER DELETE ON files WHEN old.content_id IS NOT NULL
        BEGIN
            UPDATE contents SET orphaned_at = {now} WHERE id = old.content_id AND {_UNPLACED};
        END;

        CREATE TRIGGER replaced_in_file AFTER UPDATE OF content_id ON files
        WHEN old.content_id IS NOT NULL AND old.content_id IS NOT new.content_id
        BEGIN
            UPDATE contents SET orphaned_at = iif(new.content_id IS NULL, {now}, '')
            WHERE id = old.content_id AND {_UNPLACED};
        END;

        CREATE TRIGGER orphan_of_member AFTER DELETE ON members WHEN old.content_id IS NOT NULL
        BEGIN
            UPDATE contents SET orphaned_at = '' WHERE id = old.content_id AND {_UNPLACED};
        END;
        """
    for statement in statements.split("\n\n"):
        db.execute(statement)

"""The schema, as the steps that lead to it. A released step is never edited."""

from __future__ import annotations

from sqlite_utils import Database as SchemaDatabase
from sqlite_utils import Migrations

migrations = Migrations("keepsight")

SCHEMA_VERSION = 2
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

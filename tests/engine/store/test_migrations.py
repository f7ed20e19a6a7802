"""What a library of an earlier schema holds is as well found as what comes after."""

import sqlite3
import unicodedata
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database as SchemaDatabase

from engine.store import contents, worded
from engine.store.database import Database
from engine.store.migrations import migrations

NAME = unicodedata.normalize("NFD", "Müller 가족")


def test_names_from_macs_are_found_in_an_older_library(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "k.db")) as connection:
        migrations.apply(SchemaDatabase(connection), stop_before="m005_composed_words")
        connection.executescript(
            f"""
            INSERT INTO folders (id, path, device, state) VALUES (1, x'2f70', 1, 'online');
            INSERT INTO contents (id, hash, kind) VALUES (1, x'01', 'archive'), (2, x'02', 'photo');
            INSERT INTO files (id, folder_id, relative, extension, size_bytes, modified_ns, state,
                               content_id)
            VALUES (1, 1, CAST('{NAME}.zip' AS BLOB), 'zip', 1, 1, 'indexed', 1);
            INSERT INTO members (id, container_id, name, extension, size_bytes, content_id, read_at)
            VALUES (1, 1, '{NAME}/1.jpg', 'jpg', 1, 2, '');
            INSERT INTO segments (id, content_id, kind, text) VALUES (1, 1, 'passage', '{NAME}');
            INSERT INTO name_words (rowid, words) VALUES (1, 'Mu ller');
            INSERT INTO member_words (rowid, words) VALUES (1, 'Mu ller');
            INSERT INTO passage_words (rowid, words) VALUES (1, '{NAME}');
            PRAGMA user_version = 4;
            """
        )
    with closing(Database(tmp_path / "k.db")) as database:
        connection = database.reading()
        for expression in ('"müller"', '"가족"'):
            named = worded.by_names(connection, "", expression, None, 9)
            assert [content for content, _ in named] == [1, 2]
            assert worded.by_passages(connection, expression, None, 9)[0][:2] == (1, 1)
    assert (tmp_path / "k.db.before-schema-5").exists()


def test_an_older_library_forgets_what_is_nowhere(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "k.db")) as connection:
        migrations.apply(SchemaDatabase(connection), stop_before="m007_orphans")
        connection.executescript(
            """
            INSERT INTO folders (id, path, device, state) VALUES (1, x'2f70', 1, 'online');
            INSERT INTO contents (id, hash, kind, orphaned_at)
            VALUES (1, x'01', 'photo', NULL), (2, x'02', 'photo', NULL), (3, x'03', 'photo', 'x');
            INSERT INTO files (folder_id, relative, extension, size_bytes, modified_ns, state,
                               content_id)
            VALUES (1, x'61', 'jpg', 1, 1, 'indexed', 1);
            """
        )
    with closing(Database(tmp_path / "k.db")) as database:
        with database.writing() as connection:
            assert contents.purge_orphans(connection) == []
            assert sorted(contents.purge_orphans(connection, at_once=True)) == ["02", "03"]
        assert database.reading().execute("SELECT id FROM contents").fetchall()[0][0] == 1

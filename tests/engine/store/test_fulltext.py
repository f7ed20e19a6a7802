import sqlite3
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.records import FileId, SegmentId
from engine.store import fulltext
from engine.store.database import Database


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    database = Database(tmp_path / "k.db")
    with database.writing() as writer:
        yield writer
    database.close()


def matching(connection: sqlite3.Connection, words: str, expression: str) -> list[int]:
    asked = f"SELECT rowid FROM {words} WHERE {words} MATCH ? ORDER BY rowid"
    return [row[0] for row in connection.execute(asked, (expression,))]


def found(connection: sqlite3.Connection, query: str) -> list[int]:
    expression = fulltext.match_expression(fulltext.words_of(query))
    return matching(connection, "passage_words", expression)


def test_chinese_words_are_found_inside_sentences(connection: sqlite3.Connection) -> None:
    fulltext.index_passage(connection, SegmentId(1), "我们去年在北京看了长城。")
    fulltext.index_passage(connection, SegmentId(2), "东京的夜晚很美。")
    assert found(connection, "北京") == [1]
    assert found(connection, "长城") == [1]
    assert found(connection, "夜") == [2]
    assert found(connection, "京") == [1, 2]
    assert found(connection, "北京 长城") == [1]
    assert found(connection, "京北") == []


def test_every_word_is_required_and_common_ones_are_not(connection: sqlite3.Connection) -> None:
    fulltext.index_passage(connection, SegmentId(1), "The tenant shall pay the deposit.")
    fulltext.index_passage(connection, SegmentId(2), "The deposit is refunded.")
    assert found(connection, "a deposit of the tenant") == [1]
    assert found(connection, "Déposit") == [1, 2]
    assert found(connection, "refunds") == [2]
    assert found(connection, "pos") == []
    assert found(connection, "unicorn deposit") == []


def test_phrases_must_stand_as_they_are(connection: sqlite3.Connection) -> None:
    fulltext.index_passage(connection, SegmentId(1), "red kite over a beach")
    fulltext.index_passage(connection, SegmentId(2), "a kite that is red")
    expression = fulltext.match_expression([], ["red kite"])
    assert matching(connection, "passage_words", expression) == [1]


@pytest.mark.parametrize("phrase", ["文章1", "第3章", "我的文章1 是", "文章1 是"])
def test_phrases_may_mix_scripts(connection: sqlite3.Connection, phrase: str) -> None:
    fulltext.index_passage(connection, SegmentId(1), "我的文章1 是第3章的开始")
    fulltext.index_passage(connection, SegmentId(2), "文章很多，1个人，第一章，3")
    expression = fulltext.match_expression([], [phrase])
    assert matching(connection, "passage_words", expression) == [1]


@pytest.mark.parametrize("query", ["beach", "IMG 1234", "img_1234", "Ferien", "2019", "jpg"])
def test_names_are_found_by_their_parts(connection: sqlite3.Connection, query: str) -> None:
    fulltext.index_name(connection, FileId(7), "Ferien", Path("Beach2019/IMG_1234.jpg"))
    expression = fulltext.match_expression(fulltext.words_of(query))
    assert matching(connection, "name_words", expression) == [7]


@pytest.mark.parametrize("stored", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", ["NFC", "NFD"])
@pytest.mark.parametrize("name", ["Müller", "가족사진", "パパ"])
def test_decomposed_names_are_found(
    connection: sqlite3.Connection, name: str, stored: str, asked: str
) -> None:
    text, query = unicodedata.normalize(stored, name), unicodedata.normalize(asked, name)
    fulltext.index_name(connection, FileId(7), text, Path(f"{text}1.jpg"))
    fulltext.index_member(connection, 8, f"{text}/{text}.jpg")
    fulltext.index_passage(connection, SegmentId(9), f"an {text} in a text")
    expression = fulltext.match_expression(fulltext.words_of(query), [query])
    assert matching(connection, "name_words", expression) == [7]
    assert matching(connection, "member_words", expression) == [8]
    assert matching(connection, "passage_words", expression) == [9]


@given(st.text())
def test_no_text_breaks_the_query(text: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE t USING fts5 (words, tokenize = 'unicode61')")
    connection.execute("INSERT INTO t VALUES (?)", (fulltext.indexable(text).replace("\0", ""),))
    expression = fulltext.match_expression(fulltext.words_of(text), [text])
    if expression:
        connection.execute("SELECT * FROM t WHERE t MATCH ?", (expression,)).fetchall()
    connection.close()


@pytest.mark.parametrize("text", ["", "a", "12:30 kg 4,99 x", "Noise jpg", "红花"])
def test_next_to_no_words_are_two_or_fewer(text: str) -> None:
    assert fulltext.is_brief(text)


@pytest.mark.parametrize(
    "text", ["a dog runs far", "Pay 30 to Ann Lee", "红花开", "หมาสีน้ำตาลวิ่งเล่นอยู่บนชายหาด"]
)
def test_three_words_are_a_text(text: str) -> None:
    assert not fulltext.is_brief(text)

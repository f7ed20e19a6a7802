from __future__ import annotations

import bz2
import json
import struct
from pathlib import Path

import pytest

from engine.errors import CaptionsError
from engine.training.data.corpora import Sentence, held_out, meanings, read, split
from engine.training.data.corpora.documents import is_prose, sentences
from engine.training.data.corpora.trials import passage_trial, translation_trial

PROSE = (
    "The harbour was built by the monks of the abbey, who had the right to a tenth of the catch. "
    "In winter they would mend the nets and the boats by the fire, and in spring the whole of the "
    "village was on the water again. When the abbey was closed, the right was sold to the town. "
)


def texts(found: list[Sentence]) -> list[str]:
    return [sentence.text for sentence in found]


def put(file: Path, content: str | bytes) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


# WordNet


def wordnet(folder: Path) -> Path:
    put(
        folder / "data.noun",
        "  1 This software and database is being provided to you, the LICENSEE | by us\n"
        '00000001 05 n 02 dog 0 domestic_dog 0 000 | a member of the genus Canis; "the dog barked '
        'all night"; "dogs!"  \n'
        "00000002 18 n 01 dog 1 000 | a dull unattractive unpleasant girl or woman  \n"
        "00000003 05 n 01 Canis_minutus 0 000 | a dog that nobody ever counted  \n"
        "00000004 06 n 01 kennel 0 000 | outbuilding that serves as a shelter for a dog  \n",
    )
    put(folder / "data.adj", "00000009 00 s 01 galore(ip) 0 000 | existing in abundance  \n")
    return folder


def test_wordnet_gives_glosses_examples_and_words_with_what_they_mean(tmp_path: Path) -> None:
    found = read(wordnet(tmp_path))
    group = "wordnet noun 00000001"
    assert found[:4] == [
        Sentence("a member of the genus Canis", group=group),
        Sentence("the dog barked all night", group=group),
        Sentence("dog", "dog: a member of the genus Canis", group),
        Sentence("domestic dog", "domestic dog: a member of the genus Canis", group),
    ]
    assert Sentence("galore", "galore: existing in abundance", "wordnet adj 00000009") in found


def test_synsets_that_nobody_counted_are_left_out_but_for_things_in_photos(tmp_path: Path) -> None:
    put(wordnet(tmp_path) / "cntlist.rev", "dog%1:05:00:: 1 42\ndog%1:18:01:: 2 1\n")
    groups = {sentence.group for sentence in read(tmp_path)}
    assert groups == {f"wordnet noun 0000000{number}" for number in (1, 2, 4)}


def test_a_word_means_its_most_frequent_sense(tmp_path: Path) -> None:
    put(
        wordnet(tmp_path) / "index.noun",
        "  1 licence\ndog n 2 2 @ ~ 2 1 00000001 00000002  \n",
    )
    assert [found.means for found in read(tmp_path) if found.text == "dog"] == [
        "dog: a member of the genus Canis"
    ]


# Unicode


def annotations(*rows: str) -> str:
    nodes = "".join(
        f'<annotation cp="{cp}"{tts and " type=" + chr(34) + "tts" + chr(34)}>{text}</annotation>'
        for cp, tts, text in (row.split("/") for row in rows)
    )
    return f"<ldml><annotations>{nodes}</annotations></ldml>"


def test_chinese_names_of_emoji_mean_the_english_ones(tmp_path: Path) -> None:
    put(
        tmp_path / "annotations" / "en.xml",
        annotations("🐕//dog | pet", "🐕/tts/dog", "👍🏽/tts/thumbs up: medium skin tone"),
    )
    put(
        tmp_path / "annotations" / "zh.xml",
        annotations("🐕//狗 | 宠物", "🐕/tts/狗", "👍🏽/tts/拇指向上: 中等肤色"),
    )
    put(tmp_path / "annotationsDerived" / "en.xml", annotations("🇱🇺//flag", "🇱🇺/tts/flag: Lux"))
    put(tmp_path / "annotationsDerived" / "zh.xml", annotations("🇱🇺//旗", "🇱🇺/tts/↑↑↑"))
    assert read(tmp_path) == [
        Sentence("dog, pet", "dog: dog, pet", "emoji 🐕"),
        Sentence("狗, 宠物", "dog: dog, pet", "emoji 🐕"),
        Sentence("dog", None, "emoji 🐕"),
        Sentence("狗", "dog", "emoji 🐕"),
        Sentence("flag: Lux", None, "emoji 🇱🇺"),
    ]


@pytest.mark.parametrize("name", ["Unihan_Readings.txt", "Unihan_Readings.txt.bz2"])
def test_everyday_characters_mean_their_glosses(tmp_path: Path, name: str) -> None:
    lines = (
        b"# Unihan_Readings.txt\n"
        b"U+72D7\tkCantonese\tgau2\n"
        b"U+72D7\tkDefinition\tdog, canis  familiaris\n"
        b"U+3400\tkDefinition\t(same as U+4E18) hillock\n"
    )
    file = put(tmp_path / name, bz2.compress(lines) if name.endswith("bz2") else lines)
    assert read(file) == [Sentence("狗", "dog, canis familiaris", "character 狗")]


# Catalogues of messages


def catalogue(messages: dict[str, str], order: str = "<") -> bytes:
    """A .mo file, as msgfmt writes it."""
    rows = sorted((key.encode(), value.encode()) for key, value in messages.items())
    start, count = 28, len(rows)
    tables, strings, at = b"", b"", start + 16 * count
    for column in (0, 1):
        for row in rows:
            tables += struct.pack(f"{order}2I", len(row[column]), at + len(strings))
            strings += row[column] + b"\0"
    return struct.pack(f"{order}7I", 0x950412DE, 0, count, start, start + 8 * count, 0, at) + (
        tables + strings
    )


@pytest.mark.parametrize("order", ["<", ">"])
def test_messages_in_chinese_mean_the_english_ones(tmp_path: Path, order: str) -> None:
    messages = {
        "": "Content-Type: text/plain; charset=UTF-8\n",
        "_Open Folder…": "打开文件夹(_O)…",
        "&Rotate": "旋转(&R)",
        "menu\4Show all photos": "显示所有照片",
        "photo\0photos": "张照片\0张照片",
        "%d photos": "%d 张照片",
        "See <b>there</b>": "见<b>那里</b>",
        "--verbose mode": "详细模式",
        "Copy": "Copy",
        "libpng12": "图像库",
    }
    file = put(tmp_path / "zh_CN.mo", catalogue(messages, order))
    found = {sentence.text: sentence.means for sentence in read(file)}
    assert found == {
        "打开文件夹": "Open Folder",
        "旋转": "Rotate",
        "显示所有照片": "Show all photos",
        "张照片": "photo",
        "图像库": "libpng12",
    }


def test_a_folder_of_catalogues_is_read_past_damaged_ones(tmp_path: Path) -> None:
    whole = catalogue({"Show all photos": "显示所有照片"})
    put(tmp_path / "a.mo", whole)
    put(tmp_path / "b" / "b.mo", whole[:30])
    put(tmp_path / "c.mo", b"not one")
    put(tmp_path / "d.mo", whole)
    assert read(tmp_path) == [
        Sentence("显示所有照片", "Show all photos", "message Show all photos")
    ]


# Documents beside their translations


def test_paragraphs_in_chinese_mean_those_at_the_same_place(tmp_path: Path) -> None:
    put(
        tmp_path / "en" / "a" / "one.html",
        "<nav><p>Up</p></nav><h1>Finding photos</h1><table><tr><td><p>They are in <b>the</b> "
        "folder.</p></td></tr></table><dl><dd><ul><li><p>Deep within</p></li></ul></dd></dl>"
        "<p>Untranslated words</p>",
    )
    put(
        tmp_path / "zh" / "a" / "one.html",
        "<h1>查找照片</h1><table><tr><td><p>它们在<b>该</b>文件夹中。</p></td></tr></table>"
        "<dl><dd><ul><li><p>在深处</p></li></ul></dd></dl><p>Untranslated words</p>",
    )
    put(tmp_path / "en" / "longer.html", "<p>One paragraph</p><p>Two paragraphs</p>")
    put(tmp_path / "zh" / "longer.html", "<p>一个段落</p>")
    found = [(sentence.text, sentence.means) for sentence in read(tmp_path)]
    assert found == [
        ("查找照片", "Finding photos"),
        ("它们在该文件夹中。", "They are in the folder."),
        ("在深处", "Deep within"),
    ]


def test_pages_of_mallard_are_read_in_both_languages(tmp_path: Path) -> None:
    page = '<page xmlns="http://projectmallard.org/1.0/"><title>{}</title><p>{}</p></page>'
    put(
        tmp_path / "en" / "sort.page",
        page.format("Sort", "Sort the <gui>photos</gui> by\n  their date."),
    )
    put(tmp_path / "zh" / "sort.page", page.format("排序", "按日期对<gui>照片</gui>排序。"))
    put(tmp_path / "en" / "broken.page", "<page><title>Broken pages</title>")
    put(tmp_path / "zh" / "broken.page", "<page><title>损坏的页面</title>")
    found = [(sentence.text, sentence.means) for sentence in read(tmp_path)]
    assert found == [
        ("排序", "Sort"),
        ("Sort the photos by their date.", None),
        ("按日期对照片排序。", "Sort the photos by their date."),
    ]


# Documents


def test_prose_of_documents_comes_in_varied_lengths(tmp_path: Path) -> None:
    chapters = "\n\n".join(f"{PROSE} This was the year {1400 + number}." for number in range(60))
    put(tmp_path / "book.txt", chapters)
    found = read(tmp_path)
    lengths = [len(text.split()) for text in texts(found)]
    assert min(lengths) < 30
    assert max(lengths) > 100
    assert all(6 <= length <= 250 for length in lengths)
    assert {sentence.group for sentence in found} >= {
        f"{tmp_path.name}/book.txt#0",
        f"{tmp_path.name}/book.txt#1",
    }


def test_code_tables_and_other_languages_are_not_prose(tmp_path: Path) -> None:
    assert is_prose(PROSE)
    assert not is_prose("for (int i = 0; i < n; i++) { sum += values[i]; } return sum / n; " * 3)
    assert not is_prose("1.5 2.5 3.5 4.5 of the 5.5 6.5 7.5 8.5 in the 9.5 10.5 11.5 12.5 ")
    assert not is_prose("Der Hafen wurde von den Mönchen der Abtei gebaut, die ein Recht hatten.")
    assert not is_prose("修道院的僧侣建造了这个港口，他们有权获得十分之一的渔获。")
    put(tmp_path / "page.html", f"<p>{PROSE}</p>")
    put(tmp_path / "data.csv", "1,2,3\n" * 200)
    put(tmp_path / "picture.jpg", b"\xff\xd8\xff\xe0 not read")
    put(tmp_path / "damaged.txt", b"\0\1\2\3" * 99)
    assert texts(read(tmp_path)) == [PROSE.strip()]


def test_sentences_end_where_a_capital_follows() -> None:
    text = 'It was late. "Go home!" he said. At 5.30 p.m. they left. Why?'
    assert sentences(text) == [
        "It was late.",
        '"Go home!" he said.',
        "At 5.30 p.m. they left.",
        "Why?",
    ]


# JSON lines, and what is no corpus


def test_json_lines_are_read_as_they_stand(tmp_path: Path) -> None:
    rows = [{"text": "狗", "means": "dog"}, {"text": "a dog", "group": "7"}, {"text": "a cat"}]
    file = put(tmp_path / "texts.jsonl", "\n".join(map(json.dumps, rows)) + "\n\n")
    found = read(file)
    assert found == [Sentence("狗", "dog"), Sentence("a dog", group="7"), Sentence("a cat")]
    assert meanings(found) == ["dog", "a dog", "a cat"]


@pytest.mark.parametrize(
    "line", ['{"texts": "a"}', '{"text": 5}', '{"text": "a", "means": 5}', "{"]
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str) -> None:
    file = put(tmp_path / "texts.jsonl", '{"text": "a dog"}\n' + line)
    with pytest.raises(CaptionsError, match="line 2"):
        read(file)


def test_a_text_is_given_once(tmp_path: Path) -> None:
    row = json.dumps({"text": "a dog"})
    assert len(read(put(tmp_path / "texts.jsonl", f"{row}\n{row}"))) == 1


def test_what_holds_no_texts_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CaptionsError, match="holds no texts"):
        read(tmp_path)
    with pytest.raises(CaptionsError):
        read(tmp_path / "missing")
    put(tmp_path / "annotations" / "en.xml", "<ldml>")
    put(tmp_path / "annotations" / "zh.xml", "<ldml>")
    with pytest.raises(CaptionsError, match="cannot be read"):
        read(tmp_path)


# Holding out


def numbered(count: int) -> list[Sentence]:
    return [Sentence(f"text {number}", group=f"document {number // 10}") for number in range(count)]


def test_groups_are_held_out_whole_and_about_as_often_as_asked() -> None:
    kept, held = split(numbered(10_000), every=20)
    assert {sentence.group for sentence in kept}.isdisjoint(sentence.group for sentence in held)
    assert len(kept) + len(held) == 10_000
    assert 300 < len(held) < 700


def test_what_is_held_out_stays_so_when_texts_are_added() -> None:
    few, more = numbered(2_000), numbered(4_000)
    assert set(split(few, 20)[1]) <= set(split(more, 20)[1])


def test_a_text_that_is_held_out_is_not_trained_on_in_another_group() -> None:
    _, held = split(numbered(1_000), every=10)
    copy = next(
        Sentence(held[0].text.upper(), group=f"copy {number}")
        for number in range(100)
        if not held_out(Sentence(held[0].text, group=f"copy {number}"), 10)
    )
    kept, _ = split([*numbered(1_000), copy], every=10)
    assert copy not in kept


def test_nothing_is_held_out_every_zero() -> None:
    found = numbered(100)
    assert split(found, every=0) == (found, [])


# Trials


def test_the_first_sentence_of_a_passage_asks_for_the_rest_of_it() -> None:
    first, rest = sentences(PROSE)[0], " ".join(sentences(PROSE)[1:])
    other = f"The town kept the harbour for a century. {rest.replace('abbey', 'church')}"
    trial = passage_trial(
        [
            Sentence(PROSE),
            Sentence(other),
            Sentence(PROSE),
            Sentence("Too short. Is it not?"),
            Sentence(" "),
        ]
    )
    assert trial.queries == (first, "The town kept the harbour for a century.")
    assert trial.documents[0] == rest
    assert trial.right == (0, 1)


def test_translations_ask_for_what_they_mean() -> None:
    trial = translation_trial(
        [
            Sentence("狗", "dog"),
            Sentence("a cat"),
            Sentence("cat", "cat: a pet"),
            Sentence("猫", "cat"),
            Sentence("犬", "dog"),
        ]
    )
    assert trial.queries == ("狗", "猫", "犬")
    assert trial.documents == ("dog", "cat")
    assert trial.right == (0, 1, 0)

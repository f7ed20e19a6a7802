import json
from pathlib import Path

import pytest

from engine.errors import CaptionsError
from engine.training.data.layouts import Collection, read, read_captions


@pytest.fixture
def photos(tmp_path: Path, make_photo) -> Path:
    """A folder with photos a.jpg to d.jpg."""
    for seed, name in enumerate("abcd"):
        make_photo(tmp_path / f"{name}.jpg", seed)
    return tmp_path


def write_lines(file: Path, *rows: object) -> Path:
    file.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return file


def names(collection: Collection) -> list[str]:
    return [photo.path.name for photo in collection.photos]


# JSON lines


def test_json_lines_have_captions_by_language_labels_and_splits(photos: Path) -> None:
    file = write_lines(
        photos / "captions.jsonl",
        {"file": "a.jpg", "split": "dev", "en": ["a dog", "two dogs"], "de": ["ein Hund"]},
        "",
        {"file": "b.jpg", "labels": ["rose", "flower"], "id": 7},
        {"file": "c.jpg", "split": "train", "zh": ["狗"]},
    )
    first, second = read(file).photos
    assert first.captions == {"en": ("a dog", "two dogs"), "de": ("ein Hund",)}
    assert (first.path, first.split, first.labels) == (photos / "a.jpg", "dev", ())
    assert (second.captions, second.labels, second.split) == ({}, ("rose", "flower"), None)
    assert names(read(file, "train")) == ["c.jpg"]
    assert [photo.path.name for photo in read_captions(file, "dev")] == ["a.jpg"]


def test_what_was_trained_on_is_taken_where_there_is_nothing_else(photos: Path) -> None:
    rows = [{"file": f"{name}.jpg", "split": "train", "en": ["x"]} for name in "ab"]
    assert names(read(write_lines(photos / "captions.jsonl", *rows))) == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize("start", ["\ufeff", "\ufeff\n"])
def test_a_byte_order_mark_is_no_caption(photos: Path, start: str) -> None:
    file = photos / "captions.jsonl"
    file.write_text(start + '{"file": "a.jpg", "en": ["line\u2028separator"]}', encoding="utf-8")
    assert read(file).photos[0].captions["en"] == ("line\u2028separator",)


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"en": ["x"]}',
        '{"file": 5}',
        '{"file": "a.jpg", "en": "x"}',
        '{"file": "a.jpg", "en": 5}',
        '{"file": "a.jpg", "labels": "x"}',
        '{"file": "a.jpg", "split": ["dev"]}',
        '{"file": "missing.jpg"}',
    ],
)
def test_a_line_that_cannot_be_used_is_named(photos: Path, line: str) -> None:
    file = write_lines(photos / "captions.jsonl", {"file": "a.jpg", "en": ["x"]}, "", line)
    with pytest.raises(CaptionsError, match="line 3"):
        read(file)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\xfa", b"\n\n"])
def test_a_file_without_photos_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "captions.jsonl").write_bytes(content)
    with pytest.raises(CaptionsError):
        read(tmp_path / "captions.jsonl")


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CaptionsError, match="cannot be read"):
        read(tmp_path / "captions.jsonl")


def test_a_split_without_photos_names_those_that_there_are(photos: Path) -> None:
    file = write_lines(photos / "captions.jsonl", {"file": "a.jpg", "split": "dev", "en": ["x"]})
    with pytest.raises(CaptionsError, match=r"nothing to evaluate.*Splits: dev"):
        read(file, "test")


# Karpathy's JSON


@pytest.fixture
def karpathy(photos: Path, make_photo) -> Path:
    make_photo(photos / "images" / "val2014" / "e.jpg", 5)
    images = [
        {"filename": "e.jpg", "filepath": "val2014", "split": "test", "sentences": ["a cat. "]},
        {"filename": "a.jpg", "split": "train", "sentences": ["a dog"]},
        {"filename": "b.jpg", "split": "restval", "sentences": ["a man"]},
        {"filename": "gone.jpg", "split": "val", "sentences": ["a ship"]},
    ]
    for number, image in enumerate(images):
        image["sentences"] = [{"raw": text, "imgid": number} for text in image["sentences"]]
    file = photos / "dataset_coco.json"
    file.write_text(json.dumps({"images": images, "dataset": "coco"}))
    return file


@pytest.mark.parametrize("indent", [None, 1])
def test_photos_of_karpathys_json_lie_in_a_folder_beside_it(karpathy: Path, indent) -> None:
    karpathy.write_text(json.dumps(json.loads(karpathy.read_text()), indent=indent))
    (photo,) = read(karpathy, "test").photos
    assert photo.path == karpathy.parent / "images" / "val2014" / "e.jpg"
    assert photo.captions == {"en": ("a cat.",)}
    assert names(read(karpathy, "restval")) == ["b.jpg"]


def test_a_photo_of_karpathys_json_that_is_missing_is_named(karpathy: Path) -> None:
    with pytest.raises(CaptionsError, match=r"gone\.jpg \(image 4 of"):
        read(karpathy)


@pytest.mark.parametrize("image", [{}, {"filename": "a.jpg"}, "a.jpg", {"sentences": []}])
def test_an_image_of_karpathys_json_without_its_keys_is_named(karpathy: Path, image) -> None:
    karpathy.write_text(
        json.dumps({"images": [*json.loads(karpathy.read_text())["images"], image]})
    )
    with pytest.raises(CaptionsError, match="image 5"):
        read(karpathy, "test")


# The token file of Flickr8k


@pytest.fixture
def tokens(photos: Path) -> Path:
    return write_lines(
        photos / "Flickr8k.token.txt",
        "a.jpg#0\tA dog runs .",
        "a.jpg#1\tA dog # 1 is running .",
        "b.jpg#0\tTwo men sit .",
        "c.jpg.1#0\tNobody has this photo .",
    )


def test_the_token_file_has_several_captions_of_a_photo(tokens: Path) -> None:
    first, second = read(tokens).photos
    assert first.captions == {"en": ("A dog runs .", "A dog # 1 is running .")}
    assert (second.path, second.split) == (tokens.parent / "b.jpg", None)


def test_the_splits_of_the_token_file_are_in_lists_beside_it(tokens: Path) -> None:
    (tokens.parent / "Flickr_8k.trainImages.txt").write_text("a.jpg\n")
    (tokens.parent / "Flickr_8k.devImages.txt").write_text("b.jpg\n")
    assert names(read(tokens)) == names(read(tokens, "dev")) == ["b.jpg"]
    assert names(read(tokens, "train")) == ["a.jpg"]


def test_a_line_of_the_token_file_without_a_tab_is_named(tokens: Path) -> None:
    write_lines(tokens, tokens.read_text(), "b.jpg#1 Two men")
    with pytest.raises(CaptionsError, match="line 5"):
        read(tokens)


# BEIR


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    write_lines(
        tmp_path / "corpus.jsonl",
        {
            "_id": "d1",
            "title": "Rent",
            "text": "The deposit is three months' rent.",
            "metadata": {},
        },
        {"_id": "d2", "title": "", "text": "Bread with olives."},
    )
    write_lines(
        tmp_path / "queries.jsonl",
        {"_id": "q1", "text": "how much is the deposit"},
        {"_id": "q2", "text": "never judged"},
    )
    (tmp_path / "qrels").mkdir()
    judged = "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n"
    (tmp_path / "qrels" / "test.tsv").write_text(judged)
    return tmp_path


def test_a_beir_folder_has_documents_and_the_queries_that_were_judged(beir: Path) -> None:
    corpus = read(beir).corpus
    assert corpus is not None
    assert corpus.documents == {
        "d1": "Rent The deposit is three months' rent.",
        "d2": "Bread with olives.",
    }
    assert corpus.queries == {"q1": "how much is the deposit"}
    assert corpus.relevance == {"q1": {"d1": 2.0}}


def test_the_only_split_of_a_beir_folder_is_taken(beir: Path) -> None:
    (beir / "qrels" / "test.tsv").rename(beir / "qrels" / "dev.tsv")
    assert read(beir).corpus == read(beir, "dev").corpus
    with pytest.raises(CaptionsError, match="Splits: dev"):
        read(beir, "test")


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("corpus.jsonl", '{"text": "no id"}'),
        ("queries.jsonl", "[]"),
        ("qrels/test.tsv", "q1\td1"),
        ("qrels/test.tsv", "q1\td1\thigh"),
        ("qrels/test.tsv", "q1\tno such document\t1"),
        ("qrels/test.tsv", "no such query\td1\t1"),
    ],
)
def test_a_line_of_a_beir_folder_that_cannot_be_used_is_named(
    beir: Path, file: str, line: str
) -> None:
    lines = (beir / file).read_text().rstrip("\n").split("\n")
    write_lines(beir / file, *lines, line)
    with pytest.raises(CaptionsError, match=rf"{Path(file).name}, line {len(lines) + 1}"):
        read(beir)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptionsError, match=r"corpus\.jsonl"):
        read(tmp_path)


# The real thing


@pytest.mark.samples
def test_the_captions_of_flickr8k_are_read(flickr8k: Path) -> None:
    dev = read(flickr8k / "captions.jsonl").photos
    assert len(dev) == 1_000
    assert {photo.split for photo in dev} == {"dev"}
    assert all(len(photo.captions["en"]) == 5 and photo.captions["zh"] for photo in dev)
    assert len(read(flickr8k / "captions.jsonl", "train").photos) == 6_091


@pytest.mark.samples
def test_flickr8k_reads_the_same_from_each_layout(flickr8k: Path, tmp_path: Path) -> None:
    some = read(flickr8k / "captions.jsonl").photos[:50]
    (tmp_path / "Flicker8k_Dataset").symlink_to(flickr8k / "photos", target_is_directory=True)
    write_lines(
        tmp_path / "Flickr8k.token.txt",
        *(f"{p.path.name}#{n}\t{c}" for p in some for n, c in enumerate(p.captions["en"])),
    )
    write_lines(tmp_path / "Flickr_8k.devImages.txt", *(photo.path.name for photo in some))
    images = [
        {
            "filename": photo.path.name,
            "split": "dev",
            "sentences": [{"raw": caption} for caption in photo.captions["en"]],
        }
        for photo in some
    ]
    (tmp_path / "dataset.json").write_text(json.dumps({"images": images}))
    expected = [(photo.path.name, photo.captions["en"], "dev") for photo in some]
    for name in ("Flickr8k.token.txt", "dataset.json"):
        found = read(tmp_path / name).photos
        assert [(p.path.name, p.captions["en"], p.split) for p in found] == expected

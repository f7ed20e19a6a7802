"""The built-in model, as it is shipped."""

from __future__ import annotations

import hashlib
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ModelError
from engine.models.starter import StarterEncoder, read_card, starter_folder
from engine.records import Medium
from engine.search.calibrate import MAYBE, chances, scale_of

EDGE_PX = 224
LONG_TEXT = "the tenant shall pay the rent on the first day of every month. " * 200


def test_a_picture_becomes_a_unit_vector(starter, noise):
    embeddings = starter.encode_images(noise)
    assert embeddings.shape == (20, 384)
    assert embeddings.dtype == np.float32
    assert np.linalg.norm(embeddings, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_text_becomes_a_unit_vector_whatever_its_length(starter):
    embeddings = starter.encode_texts(["a dog", "Dog", "1234567", "?", LONG_TEXT])
    assert embeddings.shape == (5, 384)
    assert embeddings.dtype == np.float32
    assert np.linalg.norm(embeddings, axis=1) == pytest.approx(1, abs=1e-5)


def test_nothing_gives_nothing(starter):
    assert starter.encode_images(np.zeros((0, EDGE_PX, EDGE_PX, 3), np.uint8)).shape == (0, 384)
    assert starter.encode_texts([]).shape == (0, 384)


def test_the_same_input_gives_the_same_vector(starter, noise):
    assert (starter.encode_images(noise) == starter.encode_images(noise)).all()
    assert (starter.encode_texts(["a cat"]) == starter.encode_texts(["a cat"])).all()


def test_a_picture_does_not_depend_on_its_batch(starter, noise):
    alone = np.concatenate([starter.encode_images(noise[i : i + 1]) for i in range(len(noise))])
    assert starter.encode_images(noise) == pytest.approx(alone, abs=1e-3)


def test_a_text_does_not_depend_on_its_batch(starter):
    texts = [
        "snow",
        LONG_TEXT,
        "",
        "two dogs on a beach",
        "猫",
        "rent " * 600,
        *map(str, range(80)),
    ]
    alone = np.concatenate([starter.encode_texts([text]) for text in texts])
    assert starter.encode_texts(texts) == pytest.approx(alone, abs=1e-3)


def test_pictures_and_texts_can_be_encoded_from_several_threads(starter, noise):
    pictures, words = starter.encode_images(noise), starter.encode_texts(["a cat", "雪 snow"])
    with ThreadPoolExecutor(4) as pool:
        seen = [pool.submit(starter.encode_images, noise) for _ in range(3)]
        read = [pool.submit(starter.encode_texts, ["a cat", "雪 snow"]) for _ in range(50)]
        assert all(np.allclose(job.result(), pictures, atol=1e-5) for job in seen)
        assert all(np.allclose(job.result(), words, atol=1e-5) for job in read)


def test_words_find_the_photo_they_describe(starter, demo_photo):
    names = ("chelsea.png", "coffee.png", "rocket.jpg")
    pixels = np.stack([np.asarray(demo_photo(name).resize((EDGE_PX, EDGE_PX))) for name in names])
    photos = starter.encode_images(pixels)
    words = starter.encode_texts(["a cat", "a cup of coffee", "a rocket"])
    assert (words @ photos.T).argmax(axis=1).tolist() == [0, 1, 2]


def test_a_cat_may_well_be_a_cat_and_is_hardly_a_giraffe(starter, demo_photo):
    photo = starter.encode_images(
        np.asarray(demo_photo("chelsea.png").resize((EDGE_PX, EDGE_PX)))[None]
    )
    words = starter.encode_texts(["a cat", "a giraffe"])
    calibration, background = starter.card.photo_calibration, starter.background(Medium.PICTURE)
    scales = [scale_of(each, background, background[:0], calibration.null) for each in words]
    z = [(each @ photo[0] - s.centre) / s.deviation for each, s in zip(words, scales, strict=True)]
    cat, giraffe = chances(np.array(z), calibration)
    assert cat > MAYBE > giraffe


def test_the_end_of_a_long_text_counts(starter):
    filler = "rent " * 1000
    query = starter.encode_texts(["a giraffe"])[0]
    with_end, without = starter.encode_texts([filler + "giraffe " * 300, filler])
    assert query @ with_end > query @ without + 0.1


@pytest.mark.parametrize("text", ["", "  \n", "カタカナ", "한국어", "кошка", "🎉", "👍🏽", "qwzxk"])
def test_a_text_without_a_known_word_gives_zeros(starter, text):
    assert (starter.encode_texts([text]) == 0).all()


def test_unknown_words_do_not_move_a_text(starter):
    mixed, plain = starter.encode_texts(["a 한국어 dog 🎉 in сад the snow", "a dog in the snow"])
    assert mixed == pytest.approx(plain, abs=1e-5)


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("a dog in the snow", ()),
        ("Crème brûlée, naïve cafe\u0301", ()),
        ("猫 and 🎉 in 雪地", ("🎉",)),
        ("猫カナ and 遊", ("カナ", "遊")),
        ("dog🎉dog", ("🎉",)),
        ("кошка on a wall — 5 € “here”", ("кошка",)),
        ("хlat x", ("х",)),
        ("a qwzxk dog", ("qwzxk",)),
        ("", ()),
    ],
)
def test_unknown_words_are_named_in_order(starter, text, unknown):
    assert starter.unknown_words(text) == unknown


def test_accents_written_in_two_ways_are_the_same_text(starter):
    composed, decomposed = starter.encode_texts(["café", "cafe\u0301"])
    assert (composed == decomposed).all()


@pytest.mark.parametrize("medium", list(Medium))
def test_the_background_is_unit_vectors_of_different_things(starter, medium):
    background = starter.background(medium)
    assert background.shape == (1024, 384)
    assert background.dtype == np.float32
    assert np.linalg.norm(background, axis=1) == pytest.approx(1, abs=2e-3)
    # People describe a few photos in the very same words.
    assert len(np.unique(background, axis=0)) > 1000


def test_the_card_says_what_the_model_does(starter):
    card = starter.card
    assert card == read_card()
    assert (card.name, card.dimension, card.languages) == ("starter", 384, ("en", "zh"))
    assert (card.pixels.edge_px, card.pixels.squash) == (EDGE_PX, True)
    for calibration in (
        card.photo_calibration,
        card.passage_calibration,
        card.picture_calibration,
    ):
        assert calibration.slope > 0 > calibration.offset


def test_the_fingerprint_stays_as_long_as_the_vectors_do():
    # Change this only together with the model: every library embeds everything again then.
    assert read_card().fingerprint == "starter-fd666d1447cf63bd"


def test_pictures_of_another_size_are_a_bug(starter):
    with pytest.raises(ValueError, match="wanted"):
        starter.encode_images(np.zeros((1, 192, 192, 3), np.uint8))
    with pytest.raises(ValueError, match="wanted"):
        starter.encode_images(np.zeros((1, EDGE_PX, EDGE_PX, 3), np.float32))


@pytest.fixture
def copied_model(tmp_path) -> Path:
    return Path(shutil.copytree(starter_folder(), tmp_path / "starter"))


@pytest.mark.parametrize(
    "name", ["image.onnx", "text.onnx", "tokenizer.json", "background.npz", "card.json"]
)
def test_a_missing_file_is_a_model_error_that_says_what_to_do(copied_model, name):
    (copied_model / name).unlink()
    with pytest.raises(ModelError, match="Reinstall") as caught:
        StarterEncoder(copied_model)
    assert caught.value.path == copied_model / name


@pytest.mark.parametrize("name", ["image.onnx", "text.onnx", "tokenizer.json", "background.npz"])
def test_a_changed_byte_is_a_model_error(copied_model, name):
    contents = bytearray((copied_model / name).read_bytes())
    contents[len(contents) // 2] ^= 1
    (copied_model / name).write_bytes(contents)
    with pytest.raises(ModelError, match="contents have changed"):
        StarterEncoder(copied_model)


@pytest.mark.parametrize("name", ["background.npz", "card.json"])
def test_a_cut_off_file_is_a_model_error(copied_model, name):
    contents = (copied_model / name).read_bytes()
    (copied_model / name).write_bytes(contents[: len(contents) // 2])
    with pytest.raises(ModelError, match="Reinstall"):
        StarterEncoder(copied_model)


@pytest.mark.parametrize("name", ["image.onnx", "tokenizer.json"])
def test_a_file_that_matches_its_card_but_makes_no_sense_is_a_model_error(copied_model, name):
    (copied_model / name).write_bytes(b"nonsense")
    card = json.loads((copied_model / "card.json").read_text("utf-8"))
    card["sha256"][name] = hashlib.sha256(b"nonsense").hexdigest()
    (copied_model / "card.json").write_text(json.dumps(card), "utf-8")
    with pytest.raises(ModelError, match="not understood"):
        StarterEncoder(copied_model)

"""Templates for short queries."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from engine.models.openclip.encoder import OpenClipEncoder
from engine.models.openclip.prompts import TEMPLATES, captions


def test_short_queries_become_captions_and_long_ones_stay():
    assert len(set(TEMPLATES)) == 7
    assert captions(" red  car ") == tuple(text.format("red car") for text in TEMPLATES)
    assert captions("a dog in snow") == captions("  ") == ()


def test_braces_in_a_query_are_only_braces():
    assert captions("{0}")[1] == "a bad photo of the {0}."


@pytest.fixture(params=[True, False])
def helped(request, tiny_folder, tmp_path):
    folder = shutil.copytree(tiny_folder, tmp_path / "model")
    notes = {"languages": ["en"], "licence": "MIT", "templates": request.param}
    (folder / "installed.json").write_text(json.dumps(notes), "utf-8")
    return OpenClipEncoder(f"openclip:{folder}", "cpu"), request.param


def test_templates_are_averaged_only_where_they_help(helped):
    encoder, templates_help = helped
    queries = ["dog", "", "a man rides a brown horse"]
    asked = [encoder.encode_query(query) for query in queries]
    vectors = np.stack([for_pictures for _, for_pictures in asked])
    plain = encoder.encode_texts(queries)
    assert np.stack([for_texts for for_texts, _ in asked]) == pytest.approx(plain, abs=1e-5)
    assert vectors[1:] == pytest.approx(plain[1:], abs=1e-5)
    mean = encoder.encode_texts([text.format("dog") for text in TEMPLATES]).mean(axis=0)
    expected = mean / np.linalg.norm(mean) if templates_help else plain[0]
    assert vectors[0] == pytest.approx(expected, abs=1e-5)
    assert np.allclose(vectors[0], plain[0], atol=1e-3) is not templates_help


def test_notes_are_on_the_card_and_do_not_change_the_vectors(helped, tiny_folder):
    card = helped[0].card
    assert (card.languages, card.licence) == (("en",), "MIT")
    bare = OpenClipEncoder(f"openclip:{tiny_folder}", "cpu").card
    assert card.fingerprint == bare.fingerprint
    assert bare.languages == ()


@pytest.mark.parametrize("notes", ["nonsense", "[]", '{"languages": "en", "templates": "yes"}'])
def test_odd_notes_are_no_notes(notes, tiny_folder, tmp_path):
    folder = shutil.copytree(tiny_folder, tmp_path / "model")
    (folder / "installed.json").write_text(notes, "utf-8")
    encoder = OpenClipEncoder(f"openclip:{folder}", "cpu")
    assert encoder.card.languages == ()
    assert (encoder.encode_query("dog")[1] == encoder.encode_texts(["dog"])[0]).all()

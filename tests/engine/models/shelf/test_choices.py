"""The catalog says what OpenCLIP says, and nothing that was not counted or published."""

from __future__ import annotations

import importlib.util
import re

import pytest

from engine.errors import ModelError
from engine.models.openclip.architectures import described, published
from engine.models.shelf.choices import MANY_LANGUAGES, choice, choices
from engine.models.shelf.installed import ModelStore
from tests.engine.models.counted import count

NAMES = [one.name for one in choices()]
LIGHT = {"mobileclip2-s0", "vit-b-32"}
"""Counted in every run; the others are slow to build."""


def test_the_models_that_were_asked_for_are_there():
    architectures = {one.architecture for one in choices()}
    assert architectures >= {
        *("MobileCLIP2-S0", "MobileCLIP2-S2", "ViT-B-32", "ViT-L-14", "ViT-B-16-SigLIP2"),
        "xlm-roberta-base-ViT-B-32",
    }
    assert sum("zh" in one.languages for one in choices()) >= 2


def test_names_are_unique_and_can_be_folders(tmp_path):
    assert len(set(NAMES)) == len(NAMES)
    for name in NAMES:
        ModelStore(tmp_path).require_free(name)


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_is_where_open_clip_says(name):
    one = choice(name)
    assert published(one.architecture, one.tag).repository == one.repository


@pytest.mark.parametrize("name", NAMES)
def test_what_an_entry_needs_is_what_its_text_tower_takes(name):
    one = choice(name)
    about = described(one.architecture)
    assert one.needs == (("transformers",) if about.text_tower else ())


@pytest.mark.parametrize(
    "name",
    [name if name in LIGHT else pytest.param(name, marks=pytest.mark.slow) for name in NAMES],
)
def test_what_is_counted_is_what_the_architecture_has(name):
    one = choice(name)
    if one.needs and not all(importlib.util.find_spec(need) for need in one.needs):
        pytest.skip(f"needs {', '.join(one.needs)}")
    counted = count(one.architecture)
    assert (one.parameters, one.dimension, one.edge_px) == (
        (counted.parameters, counted.dimension, counted.edge_px)
    )
    assert one.image_gmacs == pytest.approx(counted.image_gmacs, rel=1e-3)


def test_the_parts_of_xlm_roberta_add_up():
    """Counted by hand, as its text tower needs a package that may not be here.

    A vocabulary of 250,002 tokens and 514 positions, 12 layers of width 768, and two layers from
    there by way of 640 to 512; the image tower, and the temperature, are those of ViT-B/32.
    """
    width, inner = 768, 3072
    vocabulary = (250_002 + 514 + 1) * width + 2 * width
    attention = 4 * (width * width + width)
    layer = attention + 2 * width * inner + inner + width + 4 * width
    projection = width * 640 + 640 * 512
    assert choice("xlm-roberta-b-32").parameters == (
        vocabulary + 12 * layer + projection + 87_849_216 + 1
    )
    assert choice("xlm-roberta-b-32").image_gmacs == choice("vit-b-32").image_gmacs


@pytest.mark.parametrize("name", NAMES)
def test_figures_are_per_cent_and_have_a_source(name):
    figures = choice(name).published
    for figure in (
        figures.imagenet_top1,
        figures.coco_text_to_image_r1,
        figures.flickr30k_text_to_image_r1,
    ):
        assert figure is None or 1 < figure < 100
    assert figures.source


@pytest.mark.parametrize("name", NAMES)
def test_languages_are_codes_and_templates_are_for_english(name):
    one = choice(name)
    assert all(re.fullmatch("[a-z]{2,3}", language) for language in one.languages)
    assert len(set(one.languages)) == len(one.languages)
    assert one.hardware in ("cpu", "gpu")
    assert one.licence
    assert one.templates == (one.languages == ("en",))


def test_a_model_of_many_languages_knows_more_than_are_named():
    assert choice("vit-b-32").knows("en")
    assert not choice("vit-b-32").knows("zh")
    assert MANY_LANGUAGES in choice("siglip2-b-16").languages
    assert choice("siglip2-b-16").knows("ta")


def test_an_unknown_name_is_told_what_there_is():
    with pytest.raises(ModelError, match="vit-b-32"):
        choice("vit")

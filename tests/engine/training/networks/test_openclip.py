"""A tiny model of open_clip, trained with the real thing."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image, ImageDraw

from engine.errors import KeepsightError, ModelError, RecipeError
from engine.models import catalog
from engine.training import run
from engine.training.data import captioned
from engine.training.networks.openclip import OpenClipTowers
from engine.training.recipe import Losses, Origin, Recipe, Source, Stage, Towers
from engine.training.run import Place

EDGE_PX = 32
DIMENSION = 32
CONFIGURATION = {
    "embed_dim": DIMENSION,
    "vision_cfg": {
        "image_size": EDGE_PX,
        "layers": 2,
        "width": 32,
        "head_width": 16,
        "patch_size": 8,
    },
    "text_cfg": {
        "context_length": 16,
        "vocab_size": 49408,
        "width": 32,
        "heads": 2,
        "layers": 2,
    },
}
COLOURS = ("red", "green", "blue", "yellow")
SHAPES = ("square", "circle", "stripe")
CAPTIONS = tuple(f"a {colour} {shape}" for colour in COLOURS for shape in SHAPES)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root: a configuration, and a dozen coloured shapes to learn and as many to find."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "tiny.json").write_text(json.dumps(CONFIGURATION))
    captions, labels = [], []
    for number, caption in enumerate(2 * CAPTIONS):
        split = "train" if number < len(CAPTIONS) else "dev"
        _, colour, shape = caption.split()
        picture = Image.new("RGB", (64, 64), "white" if split == "train" else "ivory")
        draw = ImageDraw.Draw(picture)
        if shape == "circle":
            draw.ellipse((12, 12, 52, 52), fill=colour)
        else:
            draw.rectangle((12, 12, 52, 52) if shape == "square" else (0, 26, 64, 38), fill=colour)
        name = f"{split}-{colour}-{shape}.png"
        picture.save(folder / name)
        captions.append({"file": name, "split": split, "en": [caption]})
        labels.append({"file": name, "split": split, "labels": [colour]})
    (folder / "captions.jsonl").write_text("\n".join(map(json.dumps, captions)))
    (folder / "labels.jsonl").write_text("\n".join(map(json.dumps, labels)))
    return folder


def recipe(towers: dict[str, object] | None = None, **stage: object) -> Recipe:
    shapes, colours = (
        Source(f"{name}.jsonl", name, "made by this test", "train")
        for name in ("captions", "labels")
    )
    of_stage: dict[str, object] = {
        "name": "all",
        "epochs": 30,
        "edge_px": EDGE_PX,
        "photos": 12,
        "labelled": 4,
        "frozen_blocks": 0,
        "trunk_rate": 3e-3,
        "text_rate": 3e-3,
        "warm_up_steps": 2,
        "smallest_crop": 1.0,
        "colour": 0.0,
    }
    named = {"openclip": "tiny.json", "dimension": DIMENSION, "edge_px": EDGE_PX}
    return Recipe(
        name="shapes",
        title="Shapes",
        version="1",
        captioned=(shapes,),
        labelled=(colours,),
        dev=msgspec.structs.replace(shapes, split="dev"),
        stages=(Stage(**{**of_stage, **stage}),),
        towers=Towers(**{**named, **(towers or {})}),
        losses=Losses(more_captions=8, banked_photos=12, captions_per_photo=1),
        checks_per_stage=2,
    )


@pytest.fixture(scope="module")
def trained(root: Path, tmp_path_factory: pytest.TempPathFactory) -> run.Outcome:
    folder = tmp_path_factory.mktemp("run")
    return run.train(recipe(), Place(root, folder, folder / "cache"))


@pytest.fixture(scope="module")
def saved(trained: run.Outcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    assert isinstance(trained.encoder, OpenClipTowers)
    trained.encoder.save(folder)
    return folder


def pictures(root: Path) -> np.ndarray:
    return np.stack([captioned.squashed(path, EDGE_PX) for path in sorted(root.glob("*.png"))])


def test_what_is_trained_tells_shapes_in_colours_apart(trained: run.Outcome) -> None:
    assert trained.position.steps == 30
    assert trained.position.figures["en text to image @1"] >= 50
    assert trained.position.figures["en text to image @5"] == 100


def test_a_saved_model_is_the_one_that_was_trained(
    trained: run.Outcome, saved: Path, root: Path
) -> None:
    import torch

    loaded = catalog.load(f"openclip:{saved}")
    try:
        assert (loaded.card.dimension, loaded.card.pixels.edge_px) == (DIMENSION, EDGE_PX)
        assert loaded.card.pixels.squash, "as the photos were that it was trained on"
        encoder = trained.encoder
        encoder.image.eval()
        encoder.text.eval()
        with torch.inference_mode():
            photos = encoder.image(torch.from_numpy(pictures(root))).numpy()
            texts = encoder.text(torch.stack(encoder.ids(CAPTIONS))).numpy()
        assert loaded.encode_images(pictures(root)) == pytest.approx(photos, abs=1e-4)
        assert loaded.encode_texts(CAPTIONS) == pytest.approx(texts, abs=1e-4)
    finally:
        loaded.close()


def test_training_can_begin_from_weights(trained: run.Outcome, saved: Path, root: Path) -> None:
    import torch

    weights = Origin(str(saved / "open_clip_model.safetensors"), "Shapes", "none", "shapes")
    again = OpenClipTowers(recipe({"openclip_weights": weights}), root)
    photos = torch.from_numpy(pictures(root))
    for encoder in (trained.encoder, again):
        encoder.image.eval()
    with torch.inference_mode():
        assert torch.equal(again.image(photos), trained.encoder.image(photos))


def test_a_locked_image_tower_keeps_its_weights(root: Path, tmp_path: Path) -> None:
    import torch

    plan = recipe(frozen_blocks="all", epochs=2)
    torch.manual_seed(plan.seed)
    begun = OpenClipTowers(plan, root)
    ended = run.train(plan, Place(root, tmp_path / "run", tmp_path / "cache")).encoder
    for name, weights in begun.image.state_dict().items():
        assert torch.equal(weights, ended.image.state_dict()[name]), name
    changed = [
        not torch.equal(weights, ended.text.state_dict()[name])
        for name, weights in begun.text.state_dict().items()
    ]
    assert any(changed)


def test_biases_and_norms_do_not_decay_and_the_temperature_is_not_the_models(root: Path) -> None:
    plan = recipe()
    encoder = OpenClipTowers(plan, root)
    groups = encoder.parameter_groups(plan.stages[0])
    for group in groups:
        assert {each.ndim > 1 for each in group["params"]} == {group["weight_decay"] > 0}
    learnt = {id(each) for group in groups for each in group["params"]}
    assert {id(each) for each in encoder.image.parameters()} <= learnt
    assert {id(each) for each in encoder.text.parameters()} <= learnt
    assert id(encoder._model.logit_scale) not in learnt


def test_an_architecture_is_known_by_its_name(root: Path) -> None:
    plan = recipe({"openclip": "RN50", "dimension": 1024, "edge_px": 224}, edge_px=224)
    encoder = OpenClipTowers(plan, root)
    assert [len(ids) for ids in encoder.ids(["a dog", "two dogs in the snow"])] == [77, 77]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"towers": {"dimension": 384}}, "towers.dimension must be 32"),
        ({"towers": {"edge_px": 224}}, "towers.edge_px must be 32"),
        ({"edge_px": 64}, r"stages\[0\].edge_px must be 32"),
        ({"frozen_blocks": 4}, r'stages\[0\].frozen_blocks must be 0 or "all"'),
        ({"towers": {"vocabulary": "tokenizer.json"}}, "towers.vocabulary"),
        ({"towers": {"openclip": "absent.json"}}, "absent.json"),
        ({"towers": {"openclip": "ViT-B-33"}}, "ViT-B-32"),
    ],
)
def test_what_does_not_fit_the_model_is_named(
    changed: dict[str, object], named: str, root: Path
) -> None:
    with pytest.raises((RecipeError, ModelError), match=named):
        OpenClipTowers(recipe(**changed), root)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"embed_dim": None}, "embed_dim"),
        ({"multimodal_cfg": {"layers": 2}}, "multimodal_cfg"),
        ({"text_cfg": {"hf_tokenizer_name": "bert-base-uncased"}}, "hf_tokenizer_name"),
        ({"text_cfg": {**CONFIGURATION["text_cfg"], "vocab_size": 100}}, "vocab_size"),
        ({"text_cfg": {"rows": 5}}, "rows"),
    ],
)
def test_a_configuration_that_cannot_be_built_is_refused(
    changed: dict[str, object], named: str, tmp_path: Path
) -> None:
    (tmp_path / "tiny.json").write_text(json.dumps(CONFIGURATION | changed))
    with pytest.raises(KeepsightError, match=named):
        OpenClipTowers(recipe(), tmp_path)


def test_weights_of_another_model_are_refused(saved: Path, tmp_path: Path) -> None:
    layers = CONFIGURATION["vision_cfg"] | {"width": 64}
    (tmp_path / "tiny.json").write_text(json.dumps(CONFIGURATION | {"vision_cfg": layers}))
    weights = Origin(str(saved / "open_clip_model.safetensors"), "Shapes", "none", "shapes")
    with pytest.raises(ModelError, match="weights are of it"):
        OpenClipTowers(recipe({"openclip_weights": weights}), tmp_path)


def test_an_interrupted_run_goes_on_to_the_same_model(root: Path, tmp_path: Path) -> None:
    import torch

    plan = msgspec.structs.replace(recipe(epochs=6), checks_per_stage=3)
    whole = run.train(plan, Place(root, tmp_path / "whole", tmp_path / "cache"))

    class StoppedError(Exception):
        pass

    def stop(_what: str, done: int, _total: int) -> None:
        if done == 5:
            raise StoppedError

    place = Place(root, tmp_path / "broken", tmp_path / "cache")
    with pytest.raises(StoppedError):
        run.train(plan, place, stop)
    assert 4 <= run.reached(plan, place.folder).steps < 6
    assert run.reached(recipe(), place.folder).steps == 0, "it is no run of another recipe"
    resumed = run.train(plan, place)
    assert resumed.position.steps == whole.position.steps
    for name, weights in whole.encoder.image.state_dict().items():
        assert torch.equal(weights, resumed.encoder.image.state_dict()[name]), name


def test_half_precision_is_for_gradients_alone(root: Path) -> None:
    import torch

    encoder = OpenClipTowers(recipe(), root)
    photos = torch.from_numpy(pictures(root))
    ids = torch.stack(encoder.ids(CAPTIONS))
    with torch.no_grad():
        exact = encoder.image(photos), encoder.text(ids)
    encoder.image.precision = encoder.text.precision = torch.bfloat16
    with torch.no_grad():
        assert torch.equal(encoder.image(photos), exact[0])
    for made, wanted in zip((encoder.image(photos), encoder.text(ids)), exact, strict=True):
        assert made.dtype == torch.float32
        assert not torch.equal(made, wanted)
        assert (made * wanted).sum(1).min() > 0.99
        made.sum().backward()

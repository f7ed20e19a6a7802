"""Vectors of patches, on tiny towers of each kind with random weights."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import ModelError
from engine.models.openclip.encoder import OpenClipEncoder


def timm(name, edge_px=64, **settings):
    def change(layers):
        layers["vision_cfg"] = {"image_size": edge_px, "timm_model_name": name, **settings}
        layers["custom_text"] = True

    return change


def resnet(layers):
    layers["vision_cfg"] = {"image_size": 64, "layers": [1, 1, 1, 1], "width": 32}


def coca(layers):
    layers["vision_cfg"]["attentional_pool"] = True
    layers["vision_cfg"]["attn_pooler_heads"] = 4


def vit(**settings):
    return lambda layers: layers["vision_cfg"].update(settings)


def changed(pixels, row, column, patch_px):
    """The pictures, other in one patch."""
    other = pixels.copy()
    rows = slice(row * patch_px, (row + 1) * patch_px)
    columns = slice(column * patch_px, (column + 1) * patch_px)
    other[:, rows, columns] = 255 - other[:, rows, columns]
    return other


@pytest.mark.parametrize(
    ("change", "side"),
    [
        (vit(), 4),
        (vit(pool_type="avg", final_ln_after_pool=True), 4),
        (timm("vit_tiny_patch16_224", 224, timm_pool="token", timm_proj="linear"), 14),
        (timm("vit_tiny_patch16_224", 224, timm_pool="avg", timm_proj="linear"), 14),
        pytest.param(
            timm("vit_base_patch16_siglip_224", 224, timm_pool="map", timm_proj="linear"),
            14,
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_patch_that_changes_changes_most(change, side, save_model, tmp_path, noise):
    encoder = OpenClipEncoder(f"openclip:{save_model(tmp_path / 'model', change)}", "cpu")
    pixels = noise[:3, : 16 * side, : 16 * side]
    before = encoder.encode_patches(pixels)
    assert before.shape == (3, side, side, 32)
    assert before.dtype == np.float32
    assert np.linalg.norm(before, axis=-1) == pytest.approx(1, abs=1e-5)
    after = encoder.encode_patches(changed(pixels, 1, 2, 16))
    moved = np.linalg.norm(after - before, axis=-1).mean(axis=0)
    assert np.unravel_index(moved.argmax(), moved.shape) == (1, 2)
    assert moved[1, 2] > 2 * np.median(moved)


@pytest.mark.parametrize(
    "change",
    [
        resnet,
        timm("fastvit_mci0", timm_pool="avg", timm_proj=None),
        timm("convnext_atto", timm_pool="avg", timm_proj="linear"),
    ],
)
def test_convolutions_give_their_last_map(change, save_model, tmp_path, small_noise):
    def with_size(layers):
        change(layers)
        if layers["vision_cfg"].get("timm_model_name") == "fastvit_mci0":
            layers["embed_dim"] = 512

    encoder = OpenClipEncoder(f"openclip:{save_model(tmp_path / 'model', with_size)}", "cpu")
    patches = encoder.encode_patches(small_noise[:2])
    assert patches.shape == (2, 2, 2, encoder.card.dimension)
    assert np.linalg.norm(patches, axis=-1) == pytest.approx(1, abs=1e-5)


def test_the_patches_of_an_average_pool_average_to_the_picture(save_model, tmp_path, small_noise):
    def change(layers):
        timm("fastvit_mci0", timm_pool="avg", timm_proj=None)(layers)
        layers["embed_dim"] = 512

    encoder = OpenClipEncoder(f"openclip:{save_model(tmp_path / 'model', change)}", "cpu")
    towers = encoder._whole
    import torch

    from engine.models.openclip.patches import patch_features

    with torch.inference_mode():
        maps = patch_features(towers._model.visual, towers._scaled(small_noise[:2]))
        mean = torch.nn.functional.normalize(maps.mean(dim=(1, 2)), dim=-1).numpy()
    assert mean == pytest.approx(encoder.encode_images(small_noise[:2]), abs=1e-4)


@pytest.mark.parametrize("change", [coca, vit(layers=1)])
def test_a_tower_without_patches_is_a_model_error(change, save_model, tmp_path, small_noise):
    encoder = OpenClipEncoder(f"openclip:{save_model(tmp_path / 'model', change)}", "cpu")
    with pytest.raises(ModelError, match="search is not affected"):
        encoder.encode_patches(small_noise[:1])


def test_pictures_of_another_size_are_a_bug(tiny_folder):
    encoder = OpenClipEncoder(f"openclip:{tiny_folder}", "cpu")
    with pytest.raises(ValueError, match="wanted"):
        encoder.encode_patches(np.zeros((1, 32, 32, 3), np.uint8))

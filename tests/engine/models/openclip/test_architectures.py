"""What OpenCLIP knows of architectures, as Keepsight's folders have it."""

from __future__ import annotations

import json

import pytest

from engine.errors import ModelError
from engine.models.openclip.architectures import (
    PUBLISHED_WEIGHTS,
    described,
    published,
    require_tensors,
    write_configuration,
)


def test_published_weights_are_prepared_as_open_clip_says():
    about = published("ViT-B-16-SigLIP2", "webli")
    assert about.configuration["preprocess_cfg"]["resize_mode"] == "squash"
    assert about.repository == about.tokenizer == "timm/ViT-B-16-SigLIP2"
    assert about.weights == PUBLISHED_WEIGHTS
    assert about.text_tower == ""


def test_weights_with_another_activation_say_so_in_their_configuration():
    assert published("ViT-B-32", "openai").configuration["model_cfg"]["quick_gelu"] is True
    assert "quick_gelu" not in published("ViT-B-32", "laion2b_s34b_b79k").configuration["model_cfg"]


def test_weights_under_a_name_of_their_own_are_looked_for_in_the_safe_form_first():
    about = published("ViTamin-S", "datacomp1b")
    assert about.weights == ("pytorch_model.safetensors", "pytorch_model.bin")
    assert about.repository == "jienengchen/ViTamin-S"


def test_a_checkpoint_is_prepared_as_all_published_weights_are():
    assert described("ViT-B-16-SigLIP2").configuration["preprocess_cfg"]["resize_mode"] == "squash"
    assert described("ViT-B-32-quickgelu").configuration["model_cfg"]["quick_gelu"] is True


def test_a_text_tower_of_another_kind_is_named():
    assert described("xlm-roberta-base-ViT-B-32").text_tower == "xlm-roberta-base"


def test_a_configuration_holds_what_open_clip_reads_and_nothing_else(tmp_path):
    write_configuration({"model_cfg": {"a": 1}, "version": 3}, tmp_path)
    (file,) = tmp_path.iterdir()
    assert json.loads(file.read_text()) == {"model_cfg": {"a": 1}, "preprocess_cfg": {}}


@pytest.mark.parametrize("content", [b"", b"nonsense", bytes(100), b"\x02" + bytes(7) + b"{}"])
def test_a_file_without_tensors_is_refused(tmp_path, content):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="cannot be used"):
        require_tensors(path)

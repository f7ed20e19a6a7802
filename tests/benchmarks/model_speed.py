"""How fast an OpenCLIP model runs in each form, side by side in one run, and how well they agree.

python -m tests.benchmarks.model_speed [tiny ViT-B-32 MobileCLIP2-S0] [--photos N] [--rounds N]

The weights are random: speed does not depend on them, and agreement is that of random weights
(Keepsight measures each model's own when it is installed). The photos are smooth noise. Ratios are
to torch eager, in the same rounds. Texts are encoded one at a time, as queries are; torch.compile
is for the image tower only.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.models.compiling import exporting
from engine.models.compiling.forms import TEXTS
from engine.models.compiling.speed import time_together
from engine.models.onnx import default_threads
from engine.models.openclip import weights
from engine.models.openclip.compiled import Form, OnnxTowers
from engine.models.openclip.devices import machine
from engine.models.openclip.encoder import Towers
from engine.models.openclip.spec import CONFIGURATION
from engine.models.openclip.towers import TorchTowers
from engine.models.openclip.weights import WEIGHTS

TINY = {
    "embed_dim": 256,
    "vision_cfg": {
        "image_size": 224,
        "layers": 12,
        "width": 192,
        "head_width": 64,
        "patch_size": 16,
    },
    "text_cfg": {
        "context_length": 77,
        "vocab_size": 49408,
        "width": 256,
        "heads": 4,
        "layers": 6,
    },
}


def main() -> None:
    """Prints a table for each model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", default=["tiny", "ViT-B-32", "MobileCLIP2-S0"])
    parser.add_argument("--photos", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=default_threads())
    arguments = parser.parse_args()
    logging.getLogger().setLevel(logging.ERROR)  # OpenCLIP finds no weights, as is meant
    _, torch = weights.import_offline()
    torch.set_num_threads(arguments.threads)
    named = ", ".join(f"{key} {value}" for key, value in machine().items())
    print(f"{named}; {arguments.threads} threads, {arguments.rounds} rounds")
    for name in arguments.models:
        with tempfile.TemporaryDirectory(prefix="keepsight-") as folder:
            loaded = _with_random_weights(name, Path(folder))
            _table(name, loaded, Path(folder), arguments)


def _table(name: str, loaded: weights.Loaded, folder: Path, arguments: argparse.Namespace) -> None:
    photos = _noise(arguments.photos, loaded.model.visual.preprocess_cfg["size"][0])
    ids = loaded.tokenizer.ids(TEXTS)
    eager = TorchTowers(loaded.model, "cpu")
    forms: dict[Form, Towers] = {Form.TORCH: eager}
    exporting.export_float32(loaded.model, photos[:2], ids[:2], folder)
    exporting.quantise(folder)
    makers: dict[Form, Callable[[], Towers]] = {
        Form.TORCH_COMPILED: lambda: TorchTowers(loaded.model, "cpu", compiled=True),
        Form.FLOAT32: lambda: OnnxTowers(folder, Form.FLOAT32, threads=arguments.threads),
        Form.INT8: lambda: OnnxTowers(folder, Form.INT8, threads=arguments.threads),
    }
    print(f"\n{name}: {'photos/s':>31} {'ratio':>6} {'query ms':>9} {'ratio':>6}  least cosine")
    exact = eager.images(photos), eager.texts(ids)
    cosines = {Form.TORCH: (1.0, 1.0)}
    for form, make in makers.items():
        started = time.perf_counter()
        towers = make()
        pictures, texts = towers.images(photos), towers.texts(ids)
        cosines[form] = tuple(
            float((ours * theirs).sum(axis=1).min())
            for ours, theirs in zip((pictures, texts), exact, strict=True)
        )
        if form is Form.TORCH_COMPILED and not towers.is_compiled:
            print(f"  {form:<22} does not work here")
            continue
        forms[form] = towers
        if form is Form.TORCH_COMPILED:
            print(f"  (torch.compile took {time.perf_counter() - started:.0f} s)")
    timed = time_together(forms, photos, ids, rounds=arguments.rounds)
    reference = timed[Form.TORCH]
    for form, speed in timed.items():
        faster = speed.photos_per_s / reference.photos_per_s
        quicker = reference.query_ms / speed.query_ms
        print(
            f"  {form:<22} {speed.photos_per_s:>16.1f} {faster:>6.2f} {speed.query_ms:>9.1f} "
            f"{quicker:>6.2f}  photos {cosines[form][0]:.5f}, texts {cosines[form][1]:.5f}"
        )


def _with_random_weights(name: str, folder: Path) -> weights.Loaded:
    """A model of the shape `name`, saved and loaded as OpenCLIP lays out a folder."""
    open_clip, torch = weights.import_offline()
    from safetensors.torch import save_file

    layers = TINY if name == "tiny" else open_clip.get_model_config(name)
    described = {"model_cfg": layers, "preprocess_cfg": {}}
    (folder / CONFIGURATION).write_text(json.dumps(described), "utf-8")
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = open_clip.create_model(f"local-dir:{folder}")
    tensors = {key: value.contiguous() for key, value in model.state_dict().items()}
    save_file(tensors, folder / WEIGHTS)
    del model, tensors
    return weights.load(f"openclip:{folder}", "cpu")


def _noise(count: int, edge_px: int) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 3), np.uint8)
    return np.stack(
        [
            np.asarray(Image.fromarray(one).resize((edge_px, edge_px), Image.Resampling.BICUBIC))
            for one in coarse
        ]
    )


if __name__ == "__main__":
    main()

"""Runs any OpenCLIP model with torch, and builds those to be trained; alone imports open_clip.

Nothing here opens a socket: weights and tokenizers come from disk, or the model is refused.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import tempfile
import threading
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.models.openclip_spec import PREFIX, OpenClipSpec, parse_spec
from engine.models.torchvision_shim import import_torchvision
from engine.models.windows import average_windows
from engine.records import Calibration, ModelCard, PixelSpec, SegmentKind

PREPROCESSING = "openclip-halves-1"
"""Changes whenever the same picture or text would be prepared differently."""

AT_ONCE_CPU = 8
AT_ONCE_ACCELERATOR = 64
MARKS = 3
"""Tokens of the context that mark where a text starts and ends, at most."""

DETAIL_CHARACTERS = 300
"""As much of a library's error as is shown."""

CONFIGURATION = "open_clip_config.json"
WEIGHTS = "open_clip_model.safetensors"

PICTURES = ("mean", "std", "interpolation", "resize_mode")
"""What a model's preprocessing consists of, in OpenCLIP's words."""

NOT_FITTED = Calibration(slope=1.7, offset=-7.0)
"""The starter's for photos: its z is relative to the library, so it carries over, roughly."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model as OpenCLIP builds it, and what makes its vectors what they are."""

    model: Any
    tokenizer: Any
    title: str
    identity: str


@dataclass(frozen=True, slots=True)
class Untrained:
    """A model as OpenCLIP builds it to be trained: two towers that stand apart."""

    model: Any
    """Its `visual` and `text` give embeddings, not normalised yet."""
    tokenizer: Any
    """Texts to (N, context) int64."""
    configuration: dict[str, Any]
    """What CONFIGURATION says in a folder that `openclip:FOLDER` loads."""


class OpenClipEncoder:
    """An OpenCLIP model on CUDA, MPS or the CPU, whichever there is."""

    def __init__(self, spec: str, device: str | None = None, *, threads: int | None = None) -> None:
        """Loads what `spec` names (see `parse_spec`) from disk. Raises ModelError.

        `threads` limits torch's threads on the CPU, in the whole process.
        """
        parsed = parse_spec(spec)
        open_clip, torch = _import_offline()
        self._device: str = device or _best_device(torch)
        if threads and self._device == "cpu":
            torch.set_num_threads(threads)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # they address whoever trains a model
                loaded = _load(open_clip, parsed)
                self._model: Any = loaded.model.eval().requires_grad_(False).to(self._device)
        except ModelError:
            raise
        except Exception as error:  # a foreign checkpoint fails in any way
            raise ModelError(
                "The model cannot be loaded",
                f"{spec}: {str(error)[:DETAIL_CHARACTERS]}. "
                "Check that the weights are complete and of this architecture.",
            ) from error
        self._torch: Any = torch
        self._tokenizer: Any = loaded.tokenizer
        self._tokenizer_lock = threading.Lock()  # tokenizers refuse two threads at a time
        config = self._model.visual.preprocess_cfg
        self._mean, self._deviation = (
            torch.tensor(config[name], device=self._device).view(1, 3, 1, 1)
            for name in ("mean", "std")
        )
        self._card = _card(spec, loaded, config, self._dimension())

    @property
    def card(self) -> ModelCard:
        """What the model is and wants."""
        return self._card

    def encode_images(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, H, W, 3) uint8 RGB, fitted to `card.pixels`, to (N, D) float32, L2-normalised."""
        edge_px = self._card.pixels.edge_px
        if pixels.dtype != np.uint8 or pixels.shape[1:] != (edge_px, edge_px, 3):
            raise ValueError(f"wanted (N, {edge_px}, {edge_px}, 3) uint8, not {pixels.shape}")
        parts = []
        for batch in self._batches(pixels):
            on_device = self._torch.from_numpy(np.array(batch)).to(self._device)
            scaled = on_device.permute(0, 3, 1, 2).float() / 255
            parts.append(self._run("encode_image", (scaled - self._mean) / self._deviation))
        return self._together(parts)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """N texts to (N, D) float32, L2-normalised; an empty text gives zeros.

        No text is cut off: one that exceeds the model's context is halved until its parts fit,
        and their embeddings are averaged.
        """
        owned = [(part, owner) for owner, text in enumerate(texts) for part in self._parts(text)]
        embeddings = []
        for batch in self._batches([part for part, _ in owned]):
            with self._tokenizer_lock:
                ids = self._tokenizer(batch)
            embeddings.append(self._run("encode_text", ids.to(self._device)))
        return average_windows(
            self._together(embeddings), [owner for _, owner in owned], len(texts)
        )

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """None: these vocabularies go down to single bytes, so that no word is unknown."""
        return ()

    def background(self, kind: SegmentKind) -> NDArray[np.float32]:
        """(0, D): a model from elsewhere brings no unrelated embeddings with it."""
        return np.zeros((0, self._card.dimension), np.float32)

    def close(self) -> None:
        """Frees the memory, also that on the accelerator; no call may follow."""
        del self._model
        if self._device.startswith("cuda"):
            self._torch.cuda.empty_cache()

    def _dimension(self) -> int:
        with self._tokenizer_lock:
            ids = self._tokenizer(["a"])
        return int(self._run("encode_text", ids.to(self._device)).shape[1])

    def _batches(self, items: Any) -> Iterable[Any]:
        size = AT_ONCE_CPU if self._device == "cpu" else AT_ONCE_ACCELERATOR
        return (items[start : start + size] for start in range(0, len(items), size))

    def _together(self, parts: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        return np.concatenate([np.zeros((0, self._card.dimension), np.float32), *parts])

    def _run(self, method: str, batch: Any) -> NDArray[np.float32]:
        """One batch through one tower, in half precision on CUDA unless that overflows."""
        torch = self._torch
        encode = getattr(self._model, method)
        with torch.inference_mode():
            if self._device.startswith("cuda"):
                with torch.autocast("cuda", torch.float16):
                    embeddings = encode(batch, normalize=True).float()
                if not torch.isfinite(embeddings).all():
                    embeddings = encode(batch, normalize=True).float()
            else:
                embeddings = encode(batch, normalize=True).float()
            normalised = torch.nn.functional.normalize(embeddings, dim=-1)
            result: NDArray[np.float32] = normalised.cpu().numpy()
        return result

    def _parts(self, text: str) -> list[str]:
        """`text` in parts that fit the context, cut in the middle at spaces; none if empty."""
        text = text.strip()
        if not text:
            return []
        middle = len(text) // 2
        if middle == 0 or self._count(text) <= self._tokenizer.context_length - MARKS:
            return [text]
        space = max(text.rfind(" ", 0, middle), text.rfind("\n", 0, middle))
        cut = space if space > 0 else middle
        return self._parts(text[:cut]) + self._parts(text[cut:])

    def _count(self, text: str) -> int:
        """How many tokens `text` has, without those that mark its start and end."""
        with self._tokenizer_lock:
            if hasattr(self._tokenizer, "encode"):
                return len(self._tokenizer.encode(text))
            wrapped = self._tokenizer.tokenizer
            return len(wrapped(text, add_special_tokens=False).input_ids)


def published_specs() -> tuple[str, ...]:
    """The specs of all weights that OpenCLIP publishes, whether they are on this disk or not."""
    open_clip, _ = _import_offline()
    return tuple(f"{PREFIX}{name}/{tag}" for name, tag in open_clip.list_pretrained())


def build_untrained(
    name: str, configuration: Mapping[str, Any] | None = None, weights: Path | None = None
) -> Untrained:
    """The architecture `name`, or the `configuration` that is called so, with random weights.

    A configuration is that of a model, or one with `model_cfg` and `preprocess_cfg`. `weights` is
    a checkpoint of it to begin from. Pictures are squashed to squares, whatever it says, as all
    pictures are that are trained on. Raises ModelError.
    """
    open_clip, _ = _import_offline()
    if configuration is None and name not in open_clip.list_models():
        raise _unknown("architecture", name, open_clip.list_models())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they miss weights, which training makes
            return _untrained(open_clip, _described(open_clip, name, configuration), weights)
    except ModelError:
        raise
    except Exception as error:  # a foreign configuration fails in any way
        raise ModelError(
            "The model cannot be built",
            f"{name}: {type(error).__name__}: {str(error)[:DETAIL_CHARACTERS]}. Check the "
            "configuration" + (", and that the weights are of it." if weights else "."),
        ) from error


def _described(
    open_clip: Any, name: str, configuration: Mapping[str, Any] | None
) -> dict[str, Any]:
    if configuration is None:
        usual = _usual_preprocessing(open_clip, name)
        layers = open_clip.get_model_config(name)
        if usual.get("quick_gelu"):
            layers["quick_gelu"] = True
        pictures = {key: usual[key] for key in PICTURES if key in usual}
    else:
        layers = configuration.get("model_cfg", configuration)
        pictures = configuration.get("preprocess_cfg", {})
    for key, part in (
        ("multimodal_cfg", layers),
        ("hf_model_name", layers["text_cfg"]),
        ("hf_tokenizer_name", layers["text_cfg"]),
    ):
        if part.get(key):
            raise ModelError(
                "This model cannot be trained here",
                f"{name} has “{key}”: only models with OpenCLIP's own text tower and tokenizer, "
                "and without a decoder, can be.",
            )
    return {
        "model_cfg": {**layers, "custom_text": True},  # CLIP else mixes a tower with the whole
        "preprocess_cfg": {**pictures, "resize_mode": "squash"},
    }


def _untrained(open_clip: Any, described: dict[str, Any], weights: Path | None) -> Untrained:
    with tempfile.TemporaryDirectory(prefix="keepsight-") as folder:
        Path(folder, CONFIGURATION).write_text(json.dumps(described), "utf-8")
        model = open_clip.create_model(f"local-dir:{folder}", pretrained_text=False)
        tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
    if tokenizer.vocab_size > model.vocab_size:
        raise ValueError(
            f"its “vocab_size” is {model.vocab_size}, and the tokenizer has {tokenizer.vocab_size}"
        )
    if weights is not None:
        open_clip.load_checkpoint(model, str(weights), weights_only=True)
    pictures = model.visual.preprocess_cfg
    described["preprocess_cfg"] = {key: pictures[key] for key in PICTURES}
    return Untrained(model, tokenizer, described)


def _import_offline() -> tuple[Any, Any]:
    """open_clip and torch, with the model hub's client told to stay off the network."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ[name] = "1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch

        import_torchvision()
        import open_clip
    return open_clip, torch


def _best_device(torch: Any) -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _load(open_clip: Any, spec: OpenClipSpec) -> Loaded:
    if spec.folder is not None:
        name = f"local-dir:{spec.folder}"
        model = open_clip.create_model(name, require_pretrained=True)
        return Loaded(
            model, open_clip.get_tokenizer(name), spec.folder.name, _hash_folder(spec.folder)
        )
    known = open_clip.list_models()
    if spec.architecture not in known:
        raise _unknown("architecture", spec.architecture, known)
    if spec.checkpoint is not None:
        weights, published = spec.checkpoint, _usual_preprocessing(open_clip, spec.architecture)
        made = _hash_file(weights)
        title = f"{spec.architecture} ({weights.name})"
    else:
        weights, published = _cached_weights(open_clip, spec)
        made = f"{spec.tag} {weights.stat().st_size}"
        title = f"{spec.architecture} ({spec.tag})"
    model = open_clip.create_model(
        spec.architecture,
        pretrained=str(weights),
        require_pretrained=True,
        weights_only=True,
        force_quick_gelu=bool(published.get("quick_gelu")),
        force_preprocess_cfg={key: published[key] for key in PICTURES if key in published},
    )
    layers = json.dumps(open_clip.get_model_config(spec.architecture), sort_keys=True)
    return Loaded(model, open_clip.get_tokenizer(spec.architecture), title, f"{layers} {made}")


def _usual_preprocessing(open_clip: Any, architecture: str) -> dict[str, Any]:
    """How all published weights of an architecture were made, as far as they agree.

    A checkpoint does not say it, and SigLIP for one differs from OpenCLIP's default.
    """
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    made = [open_clip.get_pretrained_cfg(architecture, tag) for tag in tags]
    return {
        key: made[0][key]
        for key in (*PICTURES, "quick_gelu")
        if made and all(key in one and one[key] == made[0].get(key) for one in made)
    }


def _cached_weights(open_clip: Any, spec: OpenClipSpec) -> tuple[Path, dict[str, Any]]:
    """The file with the weights of a published tag, if it is on this disk, and how they were made.

    Looks where open_clip and the hub's client put what they download.
    """
    published = open_clip.get_pretrained_cfg(spec.architecture, spec.tag)
    if not published:
        tags = open_clip.list_pretrained_tags_by_model(spec.architecture)
        raise _unknown(f"weights of {spec.architecture}", spec.tag, tags)
    for path in _possible_files(published):
        if path.is_file():
            return path, published
    source = published.get("hf_hub", "").rstrip("/") or published.get("url", "")
    architecture = spec.architecture
    if published.get("quick_gelu") and f"{architecture}-quickgelu" in open_clip.list_models():
        architecture += "-quickgelu"  # a file does not say which activation it was trained with
    raise ModelError(
        "The model's weights are not on this computer",
        f"Keepsight downloads nothing by itself. Get the weights of {spec.architecture}/{spec.tag} "
        f"({source}) as a file, and name them as openclip:{architecture}@FILE.",
    )


def _possible_files(published: dict[str, Any]) -> Iterable[Path]:
    from huggingface_hub import try_to_load_from_cache

    if published.get("file"):
        yield Path(published["file"])
    if published.get("hf_hub"):
        repository, _, name = published["hf_hub"].rpartition("/")
        name = name or "open_clip_pytorch_model.bin"
        safe = "open_clip_model.safetensors" if name == "open_clip_pytorch_model.bin" else None
        for candidate in (safe, str(Path(name).with_suffix(".safetensors")), name):
            found = candidate and try_to_load_from_cache(repository, candidate)
            if isinstance(found, str):
                yield Path(found)
    if published.get("url"):
        yield Path("~/.cache/clip").expanduser() / published["url"].rsplit("/", 1)[-1]


def _unknown(what: str, name: str, known: Sequence[str]) -> ModelError:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or list(known[:3])
    return ModelError(
        "There is no such model",
        f"OpenCLIP knows no {what} “{name}”." + (f" Near: {', '.join(near)}." if near else ""),
    )


def _hash_folder(folder: Path) -> str:
    """Of the weights and the vocabulary; the configuration is part of the fingerprint anyway."""
    files = (path for path in sorted(folder.iterdir()) if path.is_file())
    return " ".join(f"{path.name}={_hash_file(path)}" for path in files if path.suffix != ".md")


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _card(spec: str, loaded: Loaded, config: dict[str, Any], dimension: int) -> ModelCard:
    size = config["size"]
    edges = {size} if isinstance(size, int) else set(size)
    if len(edges) != 1:
        raise ModelError("The model cannot be used", f"{spec} wants pictures that are not square.")
    seen = json.dumps({key: config[key] for key in (*PICTURES, "size")}, sort_keys=True)
    digest = hashlib.sha256("\n".join((loaded.identity, seen, PREPROCESSING)).encode()).hexdigest()
    return ModelCard(
        name=spec,
        title=loaded.title,
        version=digest[:8],
        dimension=dimension,
        pixels=PixelSpec(edge_px=edges.pop(), squash=config["resize_mode"] == "squash"),
        languages=(),
        licence="see the model's publisher",
        fingerprint=f"openclip-{digest[:16]}",
        photo_calibration=NOT_FITTED,
        passage_calibration=NOT_FITTED,
        picture_calibration=NOT_FITTED,
    )

"""Turns texts into the ids that an OpenCLIP model's text tower takes."""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError, pip_command
from engine.models.openclip.card import read_configuration

MARKS = 3
"""Ids of the context that mark where a text starts and ends, at most."""

USUAL_CONTEXT = 77
TOKENIZER = "tokenizer.json"
PLAIN_SETTINGS = {"clean"}
"""What a model may say of its tokenizer for `FileTokenizer` to be it."""


class Tokenizer(Protocol):
    """Texts to ids. Not safe to call from several threads."""

    context: int

    def ids(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """N texts to (N, context), filled up; what is too long is cut off."""
        ...

    def count(self, text: str) -> int:
        """How many ids `text` has, without those that mark its start and end."""
        ...


class OwnTokenizer:
    """OpenCLIP's byte-pair encoding, or what it makes of the transformers package."""

    def __init__(self, tokenizer: Any) -> None:
        """`tokenizer` is what `open_clip.get_tokenizer` gives."""
        self._tokenizer = tokenizer
        self.context: int = tokenizer.context_length

    def ids(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """N texts to (N, context), filled up; what is too long is cut off."""
        made: NDArray[np.int64] = self._tokenizer(list(texts)).numpy()
        return made

    def count(self, text: str) -> int:
        """How many ids `text` has, without those that mark its start and end."""
        if hasattr(self._tokenizer, "encode"):
            return len(self._tokenizer.encode(text))
        return len(self._tokenizer.tokenizer(text, add_special_tokens=False).input_ids)


class FileTokenizer:
    """The tokenizer.json of a model's folder (sentencepiece and others), without transformers."""

    def __init__(self, folder: Path, context: int, clean: str) -> None:
        """`clean` names OpenCLIP's way to tidy texts up first. Raises ModelError."""
        from open_clip.tokenizer import get_clean_fn
        from tokenizers import Tokenizer as Reader

        path = folder / TOKENIZER
        try:
            self._tokenizer = Reader.from_file(str(path))
            settings = _settings(folder)
            self._mark(settings)
            padding = _token(settings.get("pad_token")) or "<pad>"
            number = self._tokenizer.token_to_id(padding)
            if number is None:
                raise ValueError(f"it does not know “{padding}”, which fills texts up")
        except Exception as error:  # the library's errors share no other class
            raise ModelError(
                "The model's tokenizer cannot be used",
                f"{path.name}: {error}. Install the model again.",
                path,
            ) from error
        self._tokenizer.enable_truncation(context)
        self._tokenizer.enable_padding(length=context, pad_id=number, pad_token=padding)
        self._clean = get_clean_fn(clean)
        self.context = context

    def ids(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """N texts to (N, context), filled up; what is too long is cut off."""
        read = self._tokenizer.encode_batch([self._clean(text) for text in texts])
        return np.array([each.ids for each in read], np.int64).reshape(len(texts), self.context)

    def count(self, text: str) -> int:
        """How many ids `text` has, without those that mark its start and end."""
        read = self._tokenizer.encode(self._clean(text), add_special_tokens=False)
        kept = sum(read.attention_mask)
        return kept + sum(sum(each.attention_mask) for each in read.overflowing)

    def _mark(self, settings: dict[str, Any]) -> None:
        """Marks the ends of texts as the settings say, which for Gemma's is not in the file."""
        from tokenizers.processors import TemplateProcessing

        marks = {}
        for end in ("bos", "eos"):
            token = _token(settings.get(f"{end}_token"))
            if settings.get(f"add_{end}_token") and token:
                marks[end] = (token, self._tokenizer.token_to_id(token))
        if "add_eos_token" in settings or "add_bos_token" in settings:
            start, end = (marks[key][0] if key in marks else "" for key in ("bos", "eos"))
            self._tokenizer.post_processor = TemplateProcessing(
                single=f"{start} $A {end}".strip(), special_tokens=list(marks.values())
            )


class TextSplitter:
    """Texts as ids that fit the model's context. Safe to call from several threads."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._lock = threading.Lock()  # tokenizers refuse two threads at a time

    def ids(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """N texts, each of which fits, to (N, context)."""
        with self._lock:
            return self._tokenizer.ids(texts)

    def parts(self, text: str) -> list[str]:
        """`text` in parts that fit the context, cut in the middle at spaces; none if empty."""
        text = text.strip()
        if not text:
            return []
        middle = len(text) // 2
        if middle == 0 or self.count(text) <= self._tokenizer.context - MARKS:
            return [text]
        space = max(text.rfind(" ", 0, middle), text.rfind("\n", 0, middle))
        cut = space if space > 0 else middle
        return self.parts(text[:cut]) + self.parts(text[cut:])

    def count(self, text: str) -> int:
        """How many ids `text` has, without those that mark its start and end."""
        with self._lock:
            return self._tokenizer.count(text)


def tokenizer_of_folder(open_clip: Any, folder: Path) -> Tokenizer:
    """The tokenizer of the model in `folder`. Raises ModelError where it cannot be had."""
    text = read_configuration(folder)["model_cfg"].get("text_cfg", {})
    if not text.get("hf_tokenizer_name"):
        return OwnTokenizer(open_clip.get_tokenizer(f"local-dir:{folder}"))
    settings = text.get("tokenizer_kwargs", {})
    plain = set(settings) <= PLAIN_SETTINGS and not text.get("tokenizer_mode")
    if plain and (folder / TOKENIZER).is_file():
        context = text.get("context_length", USUAL_CONTEXT)
        return FileTokenizer(folder, context, settings.get("clean", "whitespace"))
    require_transformers(folder, "reads its texts")
    return OwnTokenizer(open_clip.get_tokenizer(f"local-dir:{folder}"))


def require_transformers(folder: Path, purpose: str) -> None:
    """Raises ModelError, which says what to install, where transformers is missing."""
    if importlib.util.find_spec("transformers") is None:
        raise ModelError(
            "A package is missing",
            f"{folder.name} needs the package transformers, which {purpose}. Install it with: "
            f"{pip_command(['transformers'])}",
            folder,
        )


def _settings(folder: Path) -> dict[str, Any]:
    path = folder / "tokenizer_config.json"
    return dict(json.loads(path.read_bytes())) if path.is_file() else {}


def _token(said: Any) -> str:
    """A token as tokenizer_config.json says it: alone, or with settings."""
    return str(said.get("content", "")) if isinstance(said, dict) else str(said or "")

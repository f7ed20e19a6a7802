"""Texts that the text tower learns from, read from the forms that people keep them in.

- The folder of WordNet's database (data.noun and so on).
- The folder `common` of Unicode's CLDR, and Unihan_Readings.txt (or .txt.bz2).
- gettext's catalogues (.mo): one, or a folder of them.
- A folder with documents in `en`, and under the same names their translations in `zh`.
- JSON lines of `text`, and optionally `means` and `group`.
- Documents that Keepsight reads: one, or a folder of them.

Which it is, is told from the content, in this order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.errors import CaptionsError
from engine.paths import shown
from engine.training.data.corpora import catalogues, documents, translations, unicode_names, wordnet
from engine.training.data.corpora.sentence import Sentence

__all__ = ["Sentence", "held_out", "meanings", "read", "split"]

_FORMS = (
    (wordnet.is_wordnet, wordnet.read),
    (unicode_names.is_cldr, unicode_names.read_cldr),
    (translations.is_translated, translations.read),
    (unicode_names.is_unihan, unicode_names.read_unihan),
)


def read(path: Path) -> list[Sentence]:
    """The texts at `path`, each once. Raises CaptionsError where there are none."""
    try:
        found = list(dict.fromkeys(_sentences(path)))
    except (OSError, ValueError, SyntaxError) as error:  # ElementTree's are syntax errors
        raise CaptionsError("The texts cannot be read", f"{shown(path)}: {error}", path) from error
    if not found:
        raise CaptionsError(
            "The texts cannot be read", f"{shown(path)} holds no texts to learn from.", path
        )
    return found


def meanings(sentences: Sequence[Sentence]) -> list[str]:
    """What the sentence teacher, which knows English alone, embeds for each."""
    return [sentence.means or sentence.text for sentence in sentences]


def held_out(sentence: Sentence, every: int) -> bool:
    """Whether this is of the one group in `every` that is never trained on; of 0, none is.

    It depends on the group alone, so that it stays true when texts are added.
    """
    if not every:
        return False
    name = sentence.group or sentence.means or sentence.text
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) % every == 0


def split(sentences: Sequence[Sentence], every: int) -> tuple[list[Sentence], list[Sentence]]:
    """Those to train on, and those held out. No text is in both: held out, it is not trained on."""
    held = [sentence for sentence in sentences if held_out(sentence, every)]
    held_texts = {sentence.text.casefold() for sentence in held}
    kept = [
        sentence
        for sentence in sentences
        if not held_out(sentence, every) and sentence.text.casefold() not in held_texts
    ]
    return kept, held


def _sentences(path: Path) -> Iterator[Sentence]:
    for is_one, read_one in _FORMS:
        if is_one(path):
            return read_one(path)
    if path.is_file():
        return _sentences_of_file(path)
    if found := sorted(path.rglob(f"*{catalogues.EXTENSION}")):
        return (sentence for file in found for sentence in catalogues.read(file))
    return documents.read(path)


def _sentences_of_file(file: Path) -> Iterator[Sentence]:
    if file.suffix == catalogues.EXTENSION:
        return catalogues.read(file)
    with file.open("rb") as opened:
        first = opened.read(4).removeprefix(b"\xef\xbb\xbf")
    return _json_lines(file) if first.startswith(b"{") else documents.read(file)


def _json_lines(file: Path) -> Iterator[Sentence]:
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            text, means, group = row["text"], row.get("means"), row.get("group", "")
            if not (isinstance(text, str) and text.strip() and isinstance(means, str | None)):
                raise TypeError("texts are strings, and not empty")
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"line {number} ({error!r}) is not a JSON object with a string under "
                '"text", and "means" where that is another'
            ) from error
        yield Sentence(text, means, str(group))

"""Gets the text out of XML in one pass, in parts, without entities and without a tree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import ClassVar
from xml.parsers import expat

from engine.readers.texts.passages import Part

MOST_CHARACTERS = 3_000_000
"""Of longer documents, the beginning is read."""

_NAMESPACE_END = "}"
_SPACE_AROUND_LINES = re.compile(r"[ \t]*\n[ \t]*")
_CELL_BREAKS = re.compile(r" *\t[ \t]*")
_EMPTY_LINES = re.compile(r"\n{3,}")


class Flow:
    """Collects the text of one XML vocabulary while it is parsed.

    Elements are known by their names without namespaces, which differ between versions of the
    formats. `words` are those whose characters are text, `unseen` is left out with all in it;
    `before` and `after` say what stands where an element begins and ends. A table's row makes one
    line. Subclasses begin parts in `opened`.
    """

    words: ClassVar[frozenset[str]]
    unseen: ClassVar[frozenset[str]] = frozenset()
    paragraphs: ClassVar[frozenset[str]] = frozenset()
    cells: ClassVar[frozenset[str]] = frozenset()
    rows: ClassVar[frozenset[str]] = frozenset()
    before: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *, page: int | None = None, section: str = "") -> None:
        self.page = page
        self.section = section
        self.parts: list[Part] = []
        self._pieces: list[str] = []
        self._characters = 0
        self._within_words = 0
        self._within_unseen = 0
        self._within_cells = 0

    def opened(self, name: str, attributes: Mapping[str, str]) -> None:
        """Called at the start of each element that is seen."""

    def write(self, text: str) -> None:
        """Adds to the text of the part."""
        self._pieces.append(text)
        self._characters += len(text)
        if self._characters > MOST_CHARACTERS:
            raise _EnoughError

    def end_part(self) -> None:
        """Keeps what has been collected as a part, if there is anything."""
        if text := tidied("".join(self._pieces)):
            self.parts.append(Part(text, self.page, self.section))
        self._pieces.clear()

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """For the parser: an element begins."""
        name = name.rpartition(_NAMESPACE_END)[2]
        if self._within_unseen or name in self.unseen:
            self._within_unseen += 1
            return
        self._within_words += name in self.words
        self._within_cells += name in self.cells
        if name in self.before:
            self.write(self.before[name])
        self.opened(name, attributes)

    def end(self, name: str) -> None:
        """For the parser: an element ends."""
        name = name.rpartition(_NAMESPACE_END)[2]
        if self._within_unseen:
            self._within_unseen -= 1
            return
        self._within_words -= name in self.words
        if name in self.cells:
            self._within_cells -= 1
            self.write("\t")
        elif name in self.rows:
            self.write("\n")
        elif name in self.paragraphs:
            self.write(" " if self._within_cells else "\n")

    def data(self, characters: str) -> None:
        """For the parser: characters between elements."""
        if self._within_words and not self._within_unseen:
            self.write(characters)


def parts(xml: Iterable[bytes], flow: Flow) -> list[Part]:
    """The parts of a document in XML, which comes in pieces. Raises ValueError on bad XML."""
    parser = expat.ParserCreate(namespace_separator=_NAMESPACE_END)
    parser.buffer_text = True
    parser.StartElementHandler = flow.start
    parser.EndElementHandler = flow.end
    parser.CharacterDataHandler = flow.data
    # Entities are how small files grow: office programs write none.
    parser.EntityDeclHandler = _refuse_entity
    try:
        for piece in xml:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except _EnoughError:
        pass
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error
    flow.end_part()
    return flow.parts


def attribute(attributes: Mapping[str, str], name: str) -> str:
    """An attribute by its name without namespace; empty where there is none."""
    return next(
        (value for key, value in attributes.items() if key.rpartition(_NAMESPACE_END)[2] == name),
        "",
    )


def tidied(text: str) -> str:
    """The text without space around its lines, empty cells and more than one empty line."""
    lines = _SPACE_AROUND_LINES.sub("\n", _CELL_BREAKS.sub("\t", text))
    return _EMPTY_LINES.sub("\n\n", lines).strip()


class _EnoughError(Exception):
    """More is not read."""


def _refuse_entity(*_declaration: object) -> None:
    raise ValueError("The document declares entities.")

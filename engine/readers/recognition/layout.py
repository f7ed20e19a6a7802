"""Puts recognised lines of text into the order in which they are read, and into passages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from engine.readings import Box, Passage

MOST_GAP = 0.9
"""Lines stand in one block up to this distance, in heights of a line."""
LEAST_SHARED = 0.3
"""They share at least this part of the narrower one's width."""
MOST_TALLER = 2.0
"""How many times the height of one line another of its block has."""
SAME_ROW = 0.5
"""Pieces whose middles are less than this part of a height apart stand on one line."""
MOST_SPACE = 1.5
"""The space between such pieces, in heights."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text and where it stands, in pixels; `height` is its own.

    A line that rises or falls is less high than from `top` to `bottom`.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    height: float

    @property
    def middle(self) -> float:
        """From the top of the picture."""
        return (self.top + self.bottom) / 2


@dataclass(slots=True)
class _Block:
    lines: list[Line] = field(default_factory=list)

    def takes(self, line: Line) -> bool:
        """Whether the line goes on below the last one."""
        last = self.lines[-1]
        heights = sorted((last.height, line.height))
        shared = min(last.right, line.right) - max(last.left, line.left)
        narrower = min(last.right - last.left, line.right - line.left)
        gap = line.middle - last.middle - heights[1]
        return (
            heights[1] <= MOST_TALLER * heights[0]
            and shared >= LEAST_SHARED * narrower
            and -heights[1] < gap < MOST_GAP * heights[1]
        )


def passages(lines: list[Line], width: int, height: int) -> tuple[Passage, ...]:
    """The passages of the text of a picture of that size, each with the boxes of its lines."""
    from engine.readers.texts import passages as splitting

    text = ""
    places: list[tuple[int, int, Box]] = []
    for block in _blocks(_joined(lines)):
        text += "\n\n" if text else ""
        for number, line in enumerate(block):
            text += "\n" if number else ""
            box = Box(
                line.left / width, line.top / height, line.right / width, line.bottom / height
            )
            places.append((len(text), len(text) + len(line.text), box))
            text += line.text
    return tuple(
        replace(passage, boxes=tuple(_within(passage, places))) for passage in splitting.split(text)
    )


def _within(passage: Passage, places: list[tuple[int, int, Box]]) -> Iterator[Box]:
    for start, end, box in places:
        if start < passage.end and passage.start < end:
            yield box


def _blocks(lines: list[Line]) -> list[list[Line]]:
    """Lines that go on below one another; blocks as they begin, from the top."""
    blocks: list[_Block] = []
    for line in sorted(lines, key=lambda line: (line.middle, line.left)):
        # Of two that it could belong to, the one whose left edge it keeps.
        fitting = [block for block in blocks if block.takes(line)]
        if fitting:
            nearest = min(fitting, key=lambda block: abs(block.lines[-1].left - line.left))
            nearest.lines.append(line)
        else:
            blocks.append(_Block([line]))
    return [block.lines for block in blocks]


def _joined(lines: list[Line]) -> list[Line]:
    """The lines, pieces of one joined: detectors part what stands a little wide."""
    joined: list[Line] = []
    for line in sorted(lines, key=lambda line: line.left):
        before = next((other for other in reversed(joined) if _goes_on(other, line)), None)
        if before is None:
            joined.append(line)
        else:
            joined[joined.index(before)] = _one(before, line)
    return joined


def _goes_on(line: Line, piece: Line) -> bool:
    height = max(line.height, piece.height)
    space = piece.left - line.right
    return (
        height <= MOST_TALLER * min(line.height, piece.height)
        and abs(line.middle - piece.middle) < SAME_ROW * height
        and -height < space < MOST_SPACE * height
    )


def _one(line: Line, piece: Line) -> Line:
    return Line(
        f"{line.text} {piece.text}",
        line.left,
        min(line.top, piece.top),
        max(line.right, piece.right),
        max(line.bottom, piece.bottom),
        max(line.height, piece.height),
    )

"""Where tiles lie in a grid with headings: arithmetic alone, the same for 10 items or 100,000."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

HEADING_PX = 40
MARGIN_PX = 16
GAP_PX = 12
CAPTION_PX = 26


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and how many items follow it."""

    title: str
    count: int


@dataclass(frozen=True, slots=True)
class Tile:
    """An item's place, in pixels from the top left of all content."""

    index: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Anchor:
    """A tile to hold on to, and how far below its upper edge the view begins."""

    index: int
    below_px: int


class GridLayout:
    """Places `sections` of equal tiles of about `tile_px` in a width of `width_px`."""

    def __init__(self, sections: Sequence[Section], width_px: int, tile_px: int) -> None:
        self.sections = tuple(sections)
        inner = max(width_px - 2 * MARGIN_PX, 1)
        self.columns = max(1, round((inner + GAP_PX) / (tile_px + GAP_PX)))
        self._step_x = (inner + GAP_PX) / self.columns
        self._tile_width = int(self._step_x) - GAP_PX
        self._tile_height = self._tile_width + CAPTION_PX
        self._step_y = self._tile_height + GAP_PX
        self._tops: list[int] = []
        self._firsts: list[int] = []
        y = first = 0
        for section in self.sections:
            self._tops.append(y)
            self._firsts.append(first)
            rows = -(-section.count // self.columns)
            y += HEADING_PX + rows * self._step_y
            first += section.count
        self.count = first
        self.height = y + MARGIN_PX

    def tile(self, index: int) -> Tile:
        """Where the item of this index lies."""
        section = bisect_right(self._firsts, index) - 1
        row, column = divmod(index - self._firsts[section], self.columns)
        return Tile(
            index=index,
            x=MARGIN_PX + int(column * self._step_x),
            y=self._tops[section] + HEADING_PX + row * self._step_y,
            width=self._tile_width,
            height=self._tile_height,
        )

    def visible(self, top: int, bottom: int) -> list[Tile]:
        """The tiles that show between two heights."""
        shown: list[Tile] = []
        for number, section in enumerate(self.sections):
            start = self._tops[number] + HEADING_PX
            rows = -(-section.count // self.columns)
            if start > bottom or start + rows * self._step_y < top:
                continue
            first_row = max(0, (top - start) // self._step_y)
            last_row = min(rows - 1, (bottom - start) // self._step_y)
            first = self._firsts[number] + first_row * self.columns
            last = min(
                self._firsts[number] + (last_row + 1) * self.columns,
                self._firsts[number] + section.count,
            )
            shown += [self.tile(index) for index in range(first, last)]
        return shown

    def headings(self, top: int, bottom: int) -> list[tuple[str, int]]:
        """The headings that show between two heights, each with its own."""
        return [
            (section.title, y)
            for section, y in zip(self.sections, self._tops, strict=True)
            if section.title and y + HEADING_PX >= top and y <= bottom
        ]

    def at(self, x: int, y: int) -> int | None:
        """The index of the item at a point, if there is one."""
        for tile in self.visible(y, y):
            if tile.x <= x < tile.x + tile.width and tile.y <= y < tile.y + tile.height:
                return tile.index
        return None

    def anchor(self, top: int, bottom: int, place_of: Callable[[int], int | None]) -> Anchor | None:
        """What to hold on to: the first tile in view that has a place among those to come.

        None at the top, where what is new shall come into view.
        """
        found = ((place_of(tile.index), top - tile.y) for tile in self.visible(top, bottom))
        held = (Anchor(index, below_px) for index, below_px in found if index is not None)
        return next(held, None) if top else None

    def top_at(self, anchor: Anchor | None) -> int:
        """Where a view begins that holds on to `anchor`."""
        return self.tile(anchor.index).y + anchor.below_px if anchor else 0

    def top_showing(self, index: int, top: int, height_px: int) -> int:
        """Where a view that begins at `top` has to begin, at the nearest, to show an item."""
        tile = self.tile(index)
        if tile.y < top:
            return tile.y - HEADING_PX
        below_px = tile.y + tile.height - (top + height_px)
        return top + below_px + MARGIN_PX if below_px > 0 else top

    def whole_rows(self, height_px: int) -> int:
        """How many rows a view of this height shows whole, and one at least."""
        return max(1, height_px // self._step_y)

    def moved(self, index: int, columns: int, rows: int) -> int:
        """The index of the item some columns and rows away, or the last one in that direction."""
        if not self.count:
            return 0
        target = index + columns
        if rows:
            tile = self.tile(index)
            y = tile.y + rows * self._step_y
            for _ in range(2):
                near = self.visible(y, y)
                if near:
                    return min(near, key=lambda other: abs(other.x - tile.x)).index
                y += HEADING_PX * (1 if rows > 0 else -1)
            return self.count - 1 if rows > 0 else 0
        return max(0, min(self.count - 1, target))

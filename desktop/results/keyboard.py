"""Where a key leads to in the grid."""

from __future__ import annotations

from PySide6.QtCore import Qt

from desktop.results.grid_layout import GridLayout

_MOVES = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_PAGES = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}


def target(key: int, layout: GridLayout, *, start: int | None, height_px: int) -> int | None:
    """The index that `key` leads to from `start` in a view of this height.

    None where the key is not one that moves, or there is nothing to move to.
    """
    if not layout.count:
        return None
    if key == Qt.Key.Key_Home:
        return 0
    if key == Qt.Key.Key_End:
        return layout.count - 1
    if key in _PAGES:
        columns, rows = 0, _PAGES[Qt.Key(key)] * layout.whole_rows(height_px)
    elif key in _MOVES:
        columns, rows = _MOVES[Qt.Key(key)]
    else:
        return None
    return 0 if start is None else layout.moved(start, columns, rows)

"""Where the other copies of a hit are, each to be shown in its folder."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal

from desktop import formats, theme
from desktop.breaking_label import BreakingLabel, breakable
from engine.paths import shown_inside
from engine.search_records import Hit

MOST = 8


class Copies(BreakingLabel):
    """Counts the copies of a hit, and lists them as links once they are known; hidden for none."""

    wanted = Signal(int)
    chosen = Signal(Path)

    def __init__(self) -> None:
        super().__init__("faint")
        self._hit: Hit | None = None
        self._paths: list[Path] = []
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.setToolTip("Show in folder")
        self.linkActivated.connect(lambda place: self.chosen.emit(self._paths[int(place)]))

    def show_hit(self, hit: Hit | None) -> None:
        """Counts the copies of a hit, and asks where they are; those listed stay meanwhile."""
        before, self._hit = self._hit, hit
        self.setVisible(bool(hit and hit.copies))
        if hit is None or not hit.copies:
            return
        if before is None or before.content_id != hit.content_id:
            self.setText(formats.count(hit.copies, "other copy", "other copies"))
        self.wanted.emit(hit.content_id)

    def show_places(self, content_id: int, places: Sequence[tuple[Path, str]]) -> None:
        """Lists where the current hit is besides; of another hit it comes too late."""
        hit = self._hit
        if hit is None or content_id != hit.content_id:
            return
        others = [place for place in places if place != (hit.path, hit.member)]
        self._paths = [path for path, _ in others[:MOST]]
        lines = [f"{formats.count(len(others), 'other copy', 'other copies')}:"]
        lines += [
            f'<a href="{number}" style="color: {theme.colours().accent}; text-decoration: none">'
            f"{html.escape(breakable(shown_inside(*place)))}</a>"
            for number, place in enumerate(others[:MOST])
        ]
        if len(others) > MOST:
            lines.append(f"and {len(others) - MOST:,} more")
        self.setText("<br>".join(lines))
        self.setVisible(bool(others))

"""Remembers how the window was left: its place, its panels, the size of tiles, last searches."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QMainWindow, QSplitter

DEFAULT_TILE_PX = 180


class WindowState:
    """A small file of settings in the library's configuration."""

    def __init__(self, config: Path) -> None:
        self._settings = QSettings(str(config / "window.ini"), QSettings.Format.IniFormat)

    def restore(self, window: QMainWindow, splitter: QSplitter) -> None:
        """Brings a window back to where it was."""
        geometry = self._settings.value("geometry")
        if isinstance(geometry, QByteArray):
            window.restoreGeometry(geometry)
        else:
            window.resize(1280, 820)
        panels = self._settings.value("panels")
        if isinstance(panels, QByteArray):
            splitter.restoreState(panels)

    def keep(self, window: QMainWindow, splitter: QSplitter) -> None:
        """Remembers a window."""
        self._settings.setValue("geometry", window.saveGeometry())
        self._settings.setValue("panels", splitter.saveState())

    @property
    def tile_px(self) -> int:
        """How wide tiles are."""
        return int(str(self._settings.value("tile_px", DEFAULT_TILE_PX)))

    @tile_px.setter
    def tile_px(self, value: int) -> None:
        self._settings.setValue("tile_px", value)

    @property
    def searches(self) -> list[str]:
        """The words that were searched for last, the last ones first."""
        kept = self._settings.value("searches", [])
        return [str(words) for words in kept] if isinstance(kept, list) else [str(kept)]

    @searches.setter
    def searches(self, value: list[str]) -> None:
        self._settings.setValue("searches", value)

    @property
    def newest_first(self) -> bool:
        """Whether matches are ordered by date."""
        return str(self._settings.value("newest_first", "false")) == "true"

    def set_newest_first(self, newest_first: bool) -> None:
        """Remembers how matches are ordered."""
        self._settings.setValue("newest_first", "true" if newest_first else "false")

    def is_shown(self, panel: str) -> bool:
        """Whether a panel is unfolded."""
        return str(self._settings.value(f"show_{panel}", "true")) == "true"

    def set_shown(self, panel: str, shown: bool) -> None:
        """Remembers whether a panel is unfolded."""
        self._settings.setValue(f"show_{panel}", "true" if shown else "false")

    @property
    def is_paused(self) -> bool:
        """Whether a person paused indexing, and did not let it go on since."""
        return str(self._settings.value("paused", "false")) == "true"

    @is_paused.setter
    def is_paused(self, value: bool) -> None:
        self._settings.setValue("paused", "true" if value else "false")

"""Whether drives are where they were: a mount point that is left behind is no emptied drive."""

from __future__ import annotations

import os
from enum import Enum, auto
from pathlib import Path

from engine.records import Drive
from engine.sources import rules


class Presence(Enum):
    """What is found where a drive was."""

    THERE = auto()
    AWAY = auto()
    NO_DRIVE = auto()
    """Something else took its place for good: files of the device around it, or no link."""


def presence(root: Path, drive: Drive) -> Presence:
    """What is found where `drive` was, below the watched folder `root`."""
    path = root / drive.relative
    try:
        device = path.stat().st_dev
        is_mounted = device != path.parent.stat().st_dev
        if not is_bare(path):
            return Presence.THERE if is_mounted else Presence.NO_DRIVE
        # Whoever empties a drive does not take it away.
        return Presence.THERE if is_mounted and device == drive.device else Presence.AWAY
    except OSError:
        # Systems remove mount points with their drive; a link is removed by a person only.
        is_removed = drive.is_link and os.path.isdir(path.parent) and not os.path.lexists(path)  # noqa: PTH112
        return Presence.NO_DRIVE if is_removed else Presence.AWAY


def is_away(root: Path) -> bool:
    """Whether a folder cannot be listed, or is as bare as where a drive used to be mounted."""
    try:
        return is_bare(root)
    except OSError:
        return True


def is_bare(path: Path) -> bool:
    """Whether nothing is in a folder but what is left out by its name. Raises OSError."""
    with os.scandir(path) as entries:
        return all(rules.ignores_name(entry.name) for entry in entries)

"""Starts Keepsight: the command line, which opens the window."""

from __future__ import annotations

from pathlib import Path

from engine.cli import command_line
from engine.paths import Home


def main() -> None:
    """Runs the command that the arguments name; without one, the window opens."""
    command_line(open_window)


def open_window(home: Home, folders: tuple[Path, ...]) -> int:
    """Opens the window on a library; returns the process's exit status."""
    from desktop.app import run

    return run(home, folders)


if __name__ == "__main__":
    main()

"""What a person has chosen: a small JSON file."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.errors import KeepsightError
from engine.paths import Home, shown

STARTER = "starter"

_changing = threading.Lock()


@dataclass(frozen=True, slots=True)
class Settings:
    """The choices. Models go by the names that they are installed under, or by those that
    `engine.models.catalog` can load.
    """

    model: str = STARTER
    """The one that answers."""
    next_model: str = ""
    """The one that is prepared to take over, if any."""
    mixes: bool = False
    """Whether the next one answers already for what it has, and the other for the rest."""
    recognises_text: bool = True
    """Whether the window looks for text in photos when there is nothing else to do."""
    looks_closer: bool = True
    """Whether it looks at parts of photos too, before that."""


def load(home: Home) -> Settings:
    """The settings of a home; the defaults where there are none yet."""
    file = _file(home)
    try:
        chosen = json.loads(file.read_text())
        return Settings(
            model=str(chosen.get("model", STARTER)),
            next_model=str(chosen.get("next_model", "")),
            mixes=chosen.get("mixes", False) is True,
            recognises_text=chosen.get("recognises_text", True) is not False,
            looks_closer=chosen.get("looks_closer", True) is not False,
        )
    except FileNotFoundError:
        return Settings()
    except (ValueError, AttributeError) as error:
        raise KeepsightError(
            "The settings cannot be read",
            f"{shown(file)} is not valid ({error}). Correct it, or delete it to start from the "
            "defaults.",
            file,
        ) from error


def save(home: Home, settings: Settings) -> None:
    """Writes the settings whole or not at all."""
    file = _file(home)
    temporary = file.with_suffix(".tmp")
    temporary.write_text(json.dumps(asdict(settings), indent=2) + "\n")
    temporary.replace(file)


def change(home: Home, changed: Callable[[Settings], Settings]) -> None:
    """Writes what `changed` makes of the settings; of two threads, one waits for the other."""
    with _changing:
        save(home, changed(load(home)))


def _file(home: Home) -> Path:
    return home.config / "settings.json"

"""Chooses a model for a library that is not open, as the command line does."""

from engine.paths import Home
from engine.records import ModelCard
from engine.roster.shelf import ModelShelf


def choose_model(home: Home, spec: str) -> ModelCard:
    """Uses the model that `spec` names from the next opening on, or prepares it then."""
    with ModelShelf.open(home, readers=1) as shelf:
        return shelf.use(spec)

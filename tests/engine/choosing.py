"""Which model a library is to use, chosen as the command line does, and which it uses."""

from engine.library import Library
from engine.paths import Home
from engine.records import ModelCard
from engine.roster.shelf import ModelShelf


def choose_model(home: Home, spec: str) -> ModelCard:
    """Uses the model that `spec` names from the next opening on, or prepares it then."""
    with ModelShelf.open(home, readers=1) as shelf:
        return shelf.use(spec)


def answering(library: Library) -> ModelCard:
    """The model that answers searches."""
    return library._models.active.card

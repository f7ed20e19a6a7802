"""Tells which models a library uses, by what a person calls them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine import settings
from engine.errors import ModelError
from engine.models import catalog
from engine.models.openclip.spec import PREFIX
from engine.models.shelf.installed import ModelStore
from engine.paths import Home
from engine.records import ModelCard
from engine.roster.in_use import ModelsInUse


@dataclass(frozen=True, slots=True)
class Present:
    """The model that answers, and the one that is to take over, by what a person calls them.

    `card` is None where the model cannot be loaded, for the reason `problem`.
    """

    spec: str
    next_spec: str = ""
    card: ModelCard | None = None
    next_card: ModelCard | None = None
    problem: str = ""

    @property
    def fingerprints(self) -> set[str]:
        """Those of the vectors that are in use, as far as they are known."""
        return {card.fingerprint for card in (self.card, self.next_card) if card is not None}


def present_of(used: ModelsInUse) -> Present:
    """What an open library uses."""
    active, incoming = used.active, used.incoming
    if incoming is None:
        return Present(active.spec, card=active.card)
    return Present(active.spec, incoming.spec, active.card, incoming.card)


def present_by_settings(home: Home, store: ModelStore) -> Present:
    """What a library would use that is not open; loads the model that answers, for its card."""
    chosen = settings.load(home)
    try:
        encoder = catalog.load(store.resolve(chosen.model))
    except ModelError as error:
        problem = f"{error.title}. {error.message}"
        return Present(chosen.model, chosen.next_model, problem=problem)
    card = encoder.card
    encoder.close()
    return Present(chosen.model, chosen.next_model, card=card)


def short_name(name: str) -> str:
    """How people call a model: the name of its folder, or what is no folder as it is."""
    rest = Path(name.removeprefix(PREFIX))
    return rest.name if rest.is_absolute() else name

"""All vectors of one model: an index of pictures and one of texts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.records import Medium, ModelCard, ModelId
from engine.store import embeddings
from engine.store.database import Database
from engine.store.vectors import SURPLUS, VectorIndex

Background = Callable[[Medium], NDArray[np.float32]]


class ModelIndex:
    """The picture and text vectors of one model, as SQLite has them."""

    def __init__(
        self, database: Database, directory: Path, card: ModelCard, background: Background
    ) -> None:
        """`background` gives (B, D) vectors of unrelated pictures or texts; B may be 0."""
        self.model_id = _registered(database, card)
        unrelated = {medium: background(medium) for medium in Medium}
        self.pictures = VectorIndex(directory, card, self.model_id, Medium.PICTURE, unrelated)
        self.texts = VectorIndex(directory, card, self.model_id, Medium.TEXT, unrelated)
        self.pictures.load(database.reading())
        self.texts.load(database.reading())

    def of(self, medium: Medium) -> VectorIndex:
        """The vectors of the pictures, or of the texts."""
        return self.pictures if medium is Medium.PICTURE else self.texts

    def catch_up(self, connection: sqlite3.Connection) -> None:
        """Adds the vectors that SQLite has since another process made them."""
        self.pictures.catch_up(connection)
        self.texts.catch_up(connection)

    def prune(self, connection: sqlite3.Connection) -> None:
        """Removes the vectors that SQLite no longer has, once they are many."""
        stored = embeddings.count(connection, self.model_id)
        if len(self.pictures) + len(self.texts) - stored > SURPLUS * stored:
            self.pictures.prune(connection)
            self.texts.prune(connection)

    def erase(self, connection: sqlite3.Connection) -> None:
        """Removes the vectors that SQLite no longer has, and every trace of them."""
        self.pictures.erase(connection)
        self.texts.erase(connection)

    def publish(self) -> None:
        """Writes both to disk, each whole or not at all."""
        self.pictures.publish()
        self.texts.publish()


def _registered(database: Database, card: ModelCard) -> ModelId:
    """The id of a model, with what it shares with others; writes only what is not recorded."""
    connection = database.reading()
    model_id = embeddings.registered_model(connection, card)
    if model_id is not None and not embeddings.can_share(connection, model_id):
        return model_id
    with database.writing() as connection:
        model_id = embeddings.register_model(connection, card)
        embeddings.share_towers(connection, model_id)
    return model_id


def delete_others(directory: Path, loaded: Sequence[ModelIndex]) -> None:
    """Deletes the files of all models but those that are loaded: they are made anew when needed."""
    kept = {index.file_stem for model in loaded for index in (model.pictures, model.texts)}
    for file in directory.glob("*"):
        if file.stem not in kept:
            file.unlink(missing_ok=True)

"""All vectors of one model: an index of its photos and one of its passages."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from engine.records import ModelCard, SegmentKind
from engine.store import embeddings
from engine.store.database import Database
from engine.store.vectors import VectorIndex


class ModelIndex:
    """The photo and passage vectors of one model, as SQLite has them."""

    def __init__(self, database: Database, directory: Path, card: ModelCard) -> None:
        with database.writing() as connection:
            self.model_id = embeddings.register_model(connection, card)
            embeddings.share_towers(connection, self.model_id)
        self.photos = VectorIndex(directory, card, self.model_id, SegmentKind.PHOTO)
        self.passages = VectorIndex(directory, card, self.model_id, SegmentKind.PASSAGE)
        self.photos.load(database.reading())
        self.passages.load(database.reading())

    def of(self, kind: SegmentKind) -> VectorIndex:
        """The vectors of one kind of segment."""
        return self.photos if kind is SegmentKind.PHOTO else self.passages

    def prune(self, connection: sqlite3.Connection) -> None:
        """Removes the vectors that SQLite no longer has."""
        self.photos.prune(connection)
        self.passages.prune(connection)

    def publish(self) -> None:
        """Writes both to disk, each whole or not at all."""
        self.photos.publish()
        self.passages.publish()

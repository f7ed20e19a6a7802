"""Measures this computer on the library's own photos, and asks which models suit it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.model_records import Advised, Recommendation
from engine.models import catalog
from engine.models.openclip.compiled import Plan
from engine.models.shelf.choices import choice, choices
from engine.models.shelf.installed import ModelStore
from engine.models.shelf.machine import REFERENCE, this_machine, time_reference
from engine.models.shelf.recommend import Speed, recommend
from engine.readers.isolation import ReaderPool
from engine.readings import Kind, PixelSpec, Reading
from engine.search_records import Filters
from engine.store import census, listing
from engine.store.database import Database

Progress = Callable[[float, str], None]
"""Is told how much is done, from 0 to 1, and what comes next."""

SAMPLE = 24
"""Photos to time: the newest, since those are indexed first and cameras grow."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What is measured on: the installed models, the library's photos, and how many processes
    read files while it is indexed.
    """

    store: ModelStore
    database: Database
    readers: int

    def photos(self) -> list[Path]:
        """The newest photos that can be reached, more than are needed: some may be broken."""
        connection = self.database.reading()
        newest = listing.newest(connection, Filters(kind=Kind.PHOTO), 2 * SAMPLE)
        return [found.path for found in newest if found.online]


def advise(ground: Ground, languages: Sequence[str], photos: int | None) -> Recommendation:
    """Advice for the library, or for so many `photos`, on this computer. Takes some seconds."""
    if photos is None:
        photos = census.counts(ground.database.reading()).photos
    machine = this_machine()
    speed = _measure(ground, machine.accelerator)
    if speed is None:
        told = "No photo is in the library yet, so the time to index cannot be estimated."
    else:
        told = "The times are estimated from some of your photos, read and encoded just now."
    where = {"cuda": machine.name, "mps": "Apple's graphics", "cpu": "the processor"}
    based_on = f"For {', '.join(languages)}, on {where[machine.accelerator]}. {told}"
    advice = recommend(machine, languages, photos, speed)
    advised = (Advised(a.choice.name, a.suits, a.reasons, a.index_s, a.measured) for a in advice)
    return Recommendation(tuple(advised), based_on)


def compile_installed(ground: Ground, name: str, on_progress: Progress) -> Plan:
    """Measures how an installed model runs fastest here, on the library's newest photos.

    Without photos, on noise: speed does not depend on what a picture shows. Raises ModelError.
    """
    from engine.models.compiling.forms import compile_model

    store = ground.store
    encoder = catalog.load(store.resolve(name))
    spec = encoder.card.pixels
    encoder.close()
    pixels, _ = _read(ground, spec)
    if not len(pixels):
        shape = (SAMPLE, spec.edge_px, spec.edge_px, 3)
        pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    return compile_model(store.model(name).folder, pixels, on_progress=on_progress)


def _measure(ground: Ground, accelerator: str) -> Speed | None:
    reference = choice(REFERENCE)
    pixels, read_s = _read(ground, PixelSpec(reference.edge_px, squash=False))
    if not len(pixels):
        return None
    return Speed(
        read_s=read_s,
        reference_s=time_reference(pixels, accelerator),
        measured_s=_time_installed(ground),
    )


def _time_installed(ground: Ground) -> dict[str, float]:
    """Seconds for a photo with each model of the catalog that is installed and works."""
    store = ground.store
    known = {one.name for one in choices()}
    measured = {}
    for model in store.models():
        named = model.origin.catalog if model.origin else ""
        if model.problem or named not in known:
            continue
        try:
            encoder = catalog.load(store.resolve(model.name))
        except ModelError:
            continue  # `models list` and `models use` tell what is wrong with it
        pixels, _ = _read(ground, encoder.card.pixels)
        if len(pixels):
            encoder.encode_images(pixels[:1])  # warms up
            started = time.perf_counter()
            encoder.encode_images(pixels)
            measured[named] = (time.perf_counter() - started) / len(pixels)
        encoder.close()
    return measured


def _read(ground: Ground, spec: PixelSpec) -> tuple[NDArray[np.uint8], float]:
    """The pixels of up to SAMPLE photos, and seconds for each with all reading processes."""
    pool = ReaderPool(1)
    pixels = []
    try:
        started = 0.0
        for path in ground.photos():
            reading = pool.submit_read(path, spec).result()
            started = started or time.perf_counter()  # the first started the process
            if isinstance(reading, Reading) and reading.pixels is not None:
                pixels.append(reading.pixels)
            if len(pixels) == SAMPLE:
                break
        each_s = (time.perf_counter() - started) / max(1, len(pixels) - 1) if started else 0.0
    finally:
        pool.close()
    found = np.stack(pixels) if pixels else np.zeros((0, spec.edge_px, spec.edge_px, 3), np.uint8)
    return found, each_s / ground.readers

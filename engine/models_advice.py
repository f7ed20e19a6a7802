"""Measures this computer on the library's own photos, and asks which models suit it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.library import Library, reader_workers
from engine.models import catalog
from engine.models.openclip.compiled import Plan
from engine.models.shelf.choices import choice, choices
from engine.models.shelf.installed import ModelStore
from engine.models.shelf.machine import REFERENCE, this_machine, time_reference
from engine.models.shelf.recommend import Advice, Speed, recommend
from engine.paths import Home
from engine.readers.isolation import ReaderPool
from engine.records import Kind, PixelSpec, Query, Reading

Progress = Callable[[float, str], None]
"""Is told how much is done, from 0 to 1, and what comes next."""

SAMPLE = 24
"""Photos to time: the newest, since those are indexed first and cameras grow."""


def advise(
    home: Home, languages: Sequence[str], photos: int | None
) -> tuple[tuple[Advice, ...], str]:
    """Advice for the library of `home`, or for so many `photos`, and what it is based on."""
    with Library.open(home) as library:
        photos = library.counts().photos if photos is None else photos
        hits = library.search(Query(kind=Kind.PHOTO, limit=2 * SAMPLE)).hits
    machine = this_machine()
    speed = _measure(home, [hit.path for hit in hits if hit.online], machine.accelerator)
    if speed is None:
        told = "No photo is in the library yet, so the time to index cannot be estimated."
    else:
        told = "The times are estimated from some of your photos, read and encoded just now."
    where = {"cuda": machine.name, "mps": "Apple's graphics", "cpu": "the processor"}
    spoken = f"For {', '.join(languages)}, on {where[machine.accelerator]}. {told}"
    return recommend(machine, languages, photos, speed), spoken


def compile_installed(home: Home, name: str, on_progress: Progress) -> Plan:
    """Measures how an installed model runs fastest here, on the library's newest photos.

    Without photos, on noise: speed does not depend on what a picture shows. Raises ModelError.
    """
    from engine.models.compiling.forms import compile_model

    store = ModelStore(home.models)
    encoder = catalog.load(store.resolve(name))
    spec = encoder.card.pixels
    encoder.close()
    with Library.open(home) as library:
        hits = library.search(Query(kind=Kind.PHOTO, limit=2 * SAMPLE)).hits
    pixels, _ = _read([hit.path for hit in hits if hit.online], spec)
    if not len(pixels):
        shape = (SAMPLE, spec.edge_px, spec.edge_px, 3)
        pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    return compile_model(store.model(name).folder, pixels, on_progress=on_progress)


def _measure(home: Home, paths: Sequence[Path], accelerator: str) -> Speed | None:
    reference = choice(REFERENCE)
    pixels, read_s = _read(paths, PixelSpec(reference.edge_px, squash=False))
    if not len(pixels):
        return None
    return Speed(
        read_s=read_s,
        reference_s=time_reference(pixels, accelerator),
        measured_s=_time_installed(home, paths),
    )


def _time_installed(home: Home, paths: Sequence[Path]) -> dict[str, float]:
    """Seconds for a photo with each model of the catalog that is installed and works."""
    store = ModelStore(home.models)
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
        pixels, _ = _read(paths, encoder.card.pixels)
        if len(pixels):
            encoder.encode_images(pixels[:1])  # warms up
            started = time.perf_counter()
            encoder.encode_images(pixels)
            measured[named] = (time.perf_counter() - started) / len(pixels)
        encoder.close()
    return measured


def _read(paths: Sequence[Path], spec: PixelSpec) -> tuple[NDArray[np.uint8], float]:
    """The pixels of up to SAMPLE photos, and seconds for each with all reading processes."""
    pool = ReaderPool(1)
    pixels = []
    try:
        started = 0.0
        for path in paths:
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
    return found, each_s / reader_workers()

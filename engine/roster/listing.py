"""Lists the models: in use, being prepared, built in, installed, damaged, begun, to install."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from engine.errors import ModelError
from engine.model_records import Figures, Kept, ModelEntry, Standing
from engine.models import catalog
from engine.models.openclip.compiled import read_plan
from engine.models.openclip.spec import PREFIX
from engine.models.shelf.choices import Choice, choices
from engine.models.shelf.installed import InstalledModel, ModelStore
from engine.models.starter import in_numbers
from engine.records import ModelCard
from engine.roster.present import Present, short_name
from engine.settings import STARTER


def entries(store: ModelStore, present: Present, kept: tuple[Kept, ...]) -> list[ModelEntry]:
    """Every model there is or could be, the one in use first, with what is kept of each."""
    here = {model.name: model for model in store.models()}
    listed = [*_used(present, here), *_built_in(present)]
    used = {entry.name for entry in listed}
    listed += [_installed(model) for name, model in here.items() if name not in used]
    begun = dict(store.unfinished())
    for name, size_bytes in begun.items():
        problem = "its installation did not end"
        known = next((choice for choice in choices() if choice.name == name), None)
        entry = _to_install(known) if known else ModelEntry(name, name, Standing.BEGUN)
        listed.append(
            replace(entry, standing=Standing.BEGUN, size_bytes=size_bytes, problem=problem)
        )
    absent = [choice for choice in choices() if choice.name not in here | begun]
    listed += [_to_install(choice) for choice in absent]
    sizes = Counter[str]()
    for one in kept:
        sizes[one.name] += one.size_bytes
    listed = [replace(e, kept_bytes=sizes.pop(short_name(e.name), 0)) for e in listed]
    return listed + [
        ModelEntry(name, name, Standing.LEFT_OVER, kept_bytes=size_bytes)
        for name, size_bytes in sizes.items()
    ]


def _used(present: Present, here: dict[str, InstalledModel]) -> Iterator[ModelEntry]:
    if present.card is None:
        damaged = _used_one(present.spec, None, Standing.DAMAGED, here)
        yield replace(damaged, problem=present.problem)
    else:
        yield _used_one(present.spec, present.card, Standing.IN_USE, here)
    if present.next_spec:
        yield _used_one(present.next_spec, present.next_card, Standing.PREPARING, here)


def _used_one(
    spec: str, card: ModelCard | None, standing: Standing, here: dict[str, InstalledModel]
) -> ModelEntry:
    name = short_name(spec)
    if name in here and spec in (name, f"{PREFIX}{here[name].folder}"):
        entry = _installed(here[name])
    else:
        entry = ModelEntry(spec, card.title if card is not None else spec, standing)
    if card is not None and card.name == STARTER:
        entry = _with_figures(entry)
    if card is not None:
        entry = replace(entry, card=card, languages=card.languages, licence=card.licence)
    return replace(entry, standing=standing)


def _built_in(present: Present) -> Iterator[ModelEntry]:
    for card in catalog.available():
        if card.name not in (present.spec, present.next_spec):
            entry = ModelEntry(
                card.name,
                card.title,
                Standing.BUILT_IN,
                languages=card.languages,
                licence=card.licence,
                card=card,
            )
            yield _with_figures(entry)


def _with_figures(starter: ModelEntry) -> ModelEntry:
    size_bytes, found_first = in_numbers()
    note = (
        "Comes with Keepsight, for any computer. "
        f"Finds the right photo first for {found_first:.0f} of 100 captions (Flickr8k)."
    )
    return replace(starter, size_bytes=size_bytes, note=note)


def _installed(model: InstalledModel) -> ModelEntry:
    if model.origin is None or model.problem:
        return ModelEntry(
            model.name, model.name, Standing.DAMAGED, problem=model.problem, is_installed=True
        )
    origin = model.origin
    known = next((choice for choice in choices() if choice.name == origin.catalog), None)
    entry = _to_install(known) if known else ModelEntry(model.name, origin.title, Standing.BEGUN)
    entry = replace(
        entry,
        name=model.name,
        title=origin.title,
        standing=Standing.INSTALLED,
        languages=origin.languages,
        licence=origin.licence,
        size_bytes=model.size_bytes,
        is_installed=True,
    )
    try:
        plan = read_plan(model.folder)
    except ModelError:
        return entry  # it was not measured: it runs as it came
    speeds = {measured.form: measured.photos_per_s for measured in plan.measured}
    return replace(entry, runs_as=plan.form.value, photos_per_s=speeds.get(plan.form, 0.0))


def _to_install(choice: Choice) -> ModelEntry:
    published = choice.published
    return ModelEntry(
        name=choice.name,
        title=choice.title,
        standing=Standing.TO_INSTALL,
        languages=choice.languages,
        licence=choice.licence,
        size_bytes=choice.disk_bytes,
        memory_bytes=choice.memory_bytes,
        note=choice.note,
        figures=Figures(published.imagenet_top1, published.coco_text_to_image_r1, published.source),
    )

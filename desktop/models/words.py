"""What is said of a model in plain words, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from PySide6.QtCore import QLocale

from desktop import formats
from engine.events import IndexProgress, Phase, Preparing
from engine.model_records import Advised, Doing, ModelEntry, Standing, TaskProgress

MANY_LANGUAGES = "mul"
"""The code that stands for others beside those that are named."""

MOST_NAMED = 3

BADGES = {
    Standing.IN_USE: "",
    Standing.PREPARING: "Being prepared",
    Standing.BUILT_IN: "Built in",
    Standing.INSTALLED: "Installed",
    Standing.DAMAGED: "Damaged",
    Standing.BEGUN: "Not complete",
    Standing.TO_INSTALL: "",
    Standing.LEFT_OVER: "",
}


class Action(StrEnum):
    """What can be done with a model, as its button says it."""

    INSTALL = "Install…"
    GO_ON = "Go on…"
    CANCEL = "Cancel"
    USE = "Use"
    MIX = "Use, and mix until it is complete"
    TAKE_OVER = "Take over now"
    STOP = "Stop preparing"
    EXPORT = "Export…"
    DROP = "Drop its vectors…"
    REMOVE = "Remove…"


CANNOT_BE_CANCELLED = (Doing.EXPORTING, Doing.DROPPING)

_BUTTONS = {
    Standing.PREPARING: (Action.TAKE_OVER, Action.STOP),
    Standing.BUILT_IN: (Action.USE,),
    Standing.INSTALLED: (Action.USE,),
    Standing.DAMAGED: (Action.REMOVE,),
    Standing.BEGUN: (Action.GO_ON, Action.REMOVE),
    Standing.TO_INSTALL: (Action.INSTALL,),
    Standing.LEFT_OVER: (Action.DROP,),
}


def buttons(entry: ModelEntry, task: TaskProgress | None) -> tuple[Action, ...]:
    """What stands beside a model."""
    if task is not None:
        return () if task.doing in CANNOT_BE_CANCELLED else (Action.CANCEL,)
    if entry.standing is Standing.DAMAGED and not entry.is_installed:
        return ()
    if entry.standing is Standing.BEGUN and entry.figures is None:
        return (Action.REMOVE,)  # not of the catalog: only whoever asked for it knows its weights
    return _BUTTONS.get(entry.standing, ())


def menu(entry: ModelEntry, task: TaskProgress | None) -> tuple[Action, ...]:
    """What else can be done with it, behind a small button."""
    if task is not None:
        return ()
    offered = []
    if entry.standing in (Standing.BUILT_IN, Standing.INSTALLED):
        offered.append(Action.MIX)
    if entry.is_installed and entry.standing is not Standing.DAMAGED:
        offered.append(Action.EXPORT)
    if entry.kept_bytes and entry.standing is not Standing.LEFT_OVER:
        offered.append(Action.DROP)
    if entry.standing is Standing.INSTALLED:
        offered.append(Action.REMOVE)
    return tuple(offered)


def language(code: str) -> str:
    """The name of a language in English; its code where Qt knows none."""
    known = QLocale.codeToLanguage(code)
    return QLocale.languageToString(known) if known is not QLocale.Language.AnyLanguage else code


def languages(codes: Sequence[str]) -> str:
    """The languages of a model."""
    named = [code for code in codes if code != MANY_LANGUAGES]
    if len(named) <= MOST_NAMED:
        return ", ".join(map(language, named))
    rest = len(named) - 2
    more = " at least" if len(named) < len(codes) else ""
    return f"{language(named[0])}, {language(named[1])} and {rest} more languages{more}"


def facts(entry: ModelEntry) -> str:
    """Size, languages, licence and speed, as far as they are known."""
    told = [entry.name] if entry.is_installed and entry.name != entry.title else []
    if entry.size_bytes:
        size = formats.size(entry.size_bytes)
        kinds = {Standing.TO_INSTALL: "to download", Standing.BEGUN: "have arrived"}
        told.append(f"{size} {kinds.get(entry.standing, 'on disk')}")
    if entry.languages:
        told.append(languages(entry.languages))
    if entry.licence:
        is_advice = entry.licence.startswith("see ")
        told.append(f"licence: {entry.licence}" if is_advice else entry.licence)
    if entry.photos_per_s:
        told.append(f"{entry.photos_per_s:.0f} photos/s here ({entry.runs_as})")
    return " · ".join(told)


def figures(entry: ModelEntry) -> str:
    """What others measured of it."""
    if entry.figures is None:
        return entry.note
    told = [entry.note] if entry.note else []
    recall, top1 = entry.figures.coco_text_to_image_r1, entry.figures.imagenet_top1
    if recall is not None:
        told.append(f"Finds the right photo first for {recall:.0f} of 100 captions (COCO).")
    if top1 is not None:
        told.append(f"Names {top1:.0f} of 100 pictures (ImageNet).")
    return " ".join(told)


def kept(entry: ModelEntry) -> str:
    """What it has embedded while it is not in use."""
    if not entry.kept_bytes:
        return ""
    size = formats.size(entry.kept_bytes)
    if entry.standing is Standing.LEFT_OVER:
        return f"It is not installed any more. What it has encoded is kept ({size})."
    return f"What it has encoded is kept ({size}): the way back is short."


def advice(advised: Advised) -> str:
    """What speaks for it here, or against it."""
    text = "; ".join(advised.reasons)
    told = [f"{text[:1].upper()}{text[1:]}."] if text else []
    if advised.index_s is not None and not any("photos in about" in r for r in advised.reasons):
        how = "measured" if advised.measured else "estimated"
        told.append(f"Indexes your photos in {formats.duration(advised.index_s)} ({how}).")
    return " ".join(told)


def task(progress: TaskProgress) -> str:
    """How far something that is done with it is."""
    if progress.is_waiting:
        return "Waits until what is done with another model is over"
    match progress.doing:
        case Doing.MEASURING:
            step = f": {progress.step.lower()}" if progress.step else ""
            return f"Finding how it runs fastest on this computer{step}"
        case Doing.ADVISING:
            return "Timing some of your photos"
        case Doing.DROPPING:
            return "Dropping what it has encoded"
    names = {Doing.DOWNLOADING: "Downloading", Doing.IMPORTING: "Importing"}
    name = names.get(progress.doing, "Exporting")
    if not progress.total:
        return name
    left = progress.seconds_left
    when = f", {formats.duration(left)} left" if left is not None else ""
    return f"{name}: {formats.size(progress.done)} of {formats.size(progress.total)}{when}"


def preparing(progress: IndexProgress, waits: Preparing | None) -> str:
    """How far the model that is to take over is."""
    answer = "both answer meanwhile" if waits and waits.mixes else "the present one answers"
    if progress.phase is Phase.PAUSED:
        return "Paused"
    if progress.phase is Phase.STOPPED:
        return "Stopped"
    if progress.phase is Phase.PREPARING:
        left = progress.seconds_left
        when = f", {formats.duration(left)} left" if left is not None else ""
        return f"{progress.done:,} of {progress.total:,} encoded{when}; {answer}"
    if progress.phase is not Phase.IDLE:
        return f"Waits until new files are indexed; {answer}"
    if waits and waits.out_of_reach:
        away = formats.count(waits.out_of_reach, "photo", "photos")
        return f"Waits for {away} on drives that are not connected; {answer}"
    return f"Begins soon; {answer}"

"""A model's card for people, as Markdown, from the one for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.training.metrics import CONFIDENCE
from engine.training.publishing.calibration import PRIOR

_LANGUAGES = {"en": "English", "zh": "Chinese"}
_PAIRS = {
    "photo": "words find a photo",
    "passage": "words find a passage",
    "picture": "a photo finds a photo",
}
_TASKS = {
    "text_to_image": "caption finds its photo",
    "image_to_text": "photo finds one of its captions",
}
_TEXT_TASKS = {
    "passages": "the first sentence of a passage finds the rest of it",
    "translations": "a Chinese text finds what it means in English",
}
_RECALLS = ("recall@1", "recall@5", "recall@10")


def page(card: Mapping[str, Any]) -> str:
    """The card for people, as Markdown."""
    parts = (
        f"# The {card['title'].lower()} model",
        _what(card),
        "## How well it finds",
        _how_well(card),
        "### How far a band can be trusted",
        _bands(card),
        "### What fewer bits cost",
        _precisions(card),
        "## What it cannot do",
        card["limits"],
        "## How it was made",
        _how_made(card),
        "### Every run",
        _runs(card["runs"]),
        "## Data it was trained on",
        _data(card),
        "## Make it again",
        _again(card),
        "## Licence",
        _licence(card),
    )
    return "\n\n".join(parts) + "\n"


def _what(card: Mapping[str, Any]) -> str:
    towers, pixels, sizes = card["recipe"]["towers"], card["pixels"], card["size_bytes"]
    dimension = card["dimension"]
    spoken = " and ".join(_language(code) for code in card["languages"])
    if towers["openclip"]:
        image = text = f"open_clip's {towers['openclip']}, to {dimension} dimensions"
    else:
        image = f"MobileNetV2 1.0 with heads to {dimension} dimensions, " + (
            "and another one for its mirror image"
            if towers["second_image"]
            else "for it and its mirror image"
        )
        reader = f", {towers['layers']} transformer layers beside it" if towers["layers"] else ""
        text = (
            f"a weighted bag of word pieces{reader}, a linear layer and a small MLP to "
            f"{dimension} dimensions"
        )
    edge = f"{pixels['edge_px']} x {pixels['edge_px']} px"
    rows = [
        ["pictures", f"the whole picture squashed to {edge}, RGB; {image}"],
        ["texts", text],
        ["languages", spoken],
        ["files", ", ".join(f"`{name}` ({_size(sizes[name])})" for name in sizes)],
    ]
    return (
        f"A model of {_size(sum(sizes.values()))} for Keepsight: it finds photos and passages by "
        f"a description in {spoken}, offline, on any computer.\n"
        "`background.npz` holds embeddings of photos and captions that queries are compared with, "
        "and that hubs are told\nby; `card.json` holds all of this page for programs.\n\n"
        + _table(["", ""], rows)
    )


def _how_well(card: Mapping[str, Any]) -> str:
    figures = card["figures"]
    rows = [
        [
            f"{said}, {_language(language)}",
            *(_with_interval(measured, name) for name in _RECALLS),
            f"{measured['median_rank']:g}" if measured["median_rank"] is not None else "–",
            f"{measured['mrr'] / 100:.3f}",
            f"{measured['queries']:,}",
        ]
        for task, said in _TASKS.items()
        for language, measured in figures[task].items()
    ]
    header = ["", "first", "among 5", "among 10", "median rank", "MRR", "queries"]
    text = (
        f"{figures['measured_on']}\n\n{_table(header, rows)}\n\n"
        f"In brackets, {CONFIDENCE:.0%} confidence intervals (bootstrap over photos)."
    )
    labelled = figures.get("labels")
    if labelled:
        text += (
            f" Of {labelled['queries']:,} labelled photos that it was not trained on, the nearest "
            f"of {labelled['labels']:,} texts “a photo of a …” is right for "
            f"{_with_interval(labelled, 'recall@1')}, and one of the nearest five for "
            f"{_with_interval(labelled, 'recall@5')}."
        )
    for name, said in _TEXT_TASKS.items():
        measured = figures.get(name)
        if measured:
            recalls = ", ".join(_with_interval(measured, recall) for recall in _RECALLS)
            text += (
                f"\n\nOf {measured['documents']:,} texts that it was not trained on, {said}: "
                f"first, among 5 and among 10 for {recalls} of {measured['queries']:,} queries."
            )
    return text


def _bands(card: Mapping[str, Any]) -> str:
    header = [
        "",
        "strong (0.5 and more): right",
        "maybe (0.15 to 0.5): right",
        "weak: right",
        "queries with a strong hit",
    ]
    rows = []
    for pair, said in _PAIRS.items():
        bands = card["calibration"][pair]["held_out"]
        if bands:
            right = [_share(bands[band]["precision"]) for band in ("strong", "maybe", "weak")]
            rows.append([said, *right, _share(bands["strong"]["queries_with_one"])])
        else:
            rows.append([f"{said} (not measured: as words find a photo)", "–", "–", "–", "–"])
    return (
        "A hit's chance of being right is sigmoid(slope z + offset), where z says how many "
        "standard deviations its cosine\nlies above those of unrelated segments. Fitted on every "
        "other photo of the split above, measured on the others:\n\n"
        f"{_table(header, rows)}\n\n"
        "Right is the photo that a caption was written for, or one whose captions hold two thirds "
        "of its words; for photos,\na crop, or a photo with much the same captions. People call "
        "more right than that, so these figures are low\nrather than high. The curves were fitted "
        f"as if one segment in {1 / PRIOR:.0f} fits a query."
    )


def _precisions(card: Mapping[str, Any]) -> str:
    chosen = (card["precision"]["image"], card["precision"]["text"])
    rows = [
        [
            tried["image"],
            tried["text"],
            _size(tried["size_bytes"]),
            f"{tried['recall']:.2f} %",
            f"{tried['difference']['value']:+.2f} ({tried['difference']['low']:+.2f} to "
            f"{tried['difference']['high']:+.2f})",
            "shipped" if (tried["image"], tried["text"]) == chosen else "",
        ]
        for tried in card["precision"]["tried"]
    ]
    header = ["image tower", "text tower", "both", "among 10", "points beside float32", ""]
    return (
        "Weights are stored as below and computed with as float32; int8 has a scale for each "
        "output channel or row of a\ntable, int4 a step and a beginning for each 32 values of one "
        "(its convolutions are int8). Unless another was asked\nfor, the smallest that "
        f"costs at most {card['precision']['most_lost']} points ships. Captions finding their "
        f"photos, in {_language(card['languages'][0])}, through the exported graphs:\n\n"
        f"{_table(header, rows)}"
    )


def _how_made(card: Mapping[str, Any]) -> str:
    plan = card["recipe"]
    began = [
        f"- {origin['what']}{' ' + origin['version'] if origin['version'] else ''} "
        f"({origin['licence']}), trained by its authors on {origin['trained_on']} "
        f"(SHA-256 `{origin['sha256']}`)"
        for origin in card["derived_from"]
    ]
    source = (
        "Began from, or was taught by:\n\n" + "\n".join(began)
        if began
        else "All weights began at random.\n"
    )
    source += "".join(
        f"\n- made with `{file['path']}` (SHA-256 `{file['sha256']}`)" for file in card["made_with"]
    )
    header = [
        "stage", "epochs", "pictures", "captioned, labelled, texts per step",
        "rates: trunk, heads, texts", "trunks", "frozen blocks",
    ]  # fmt: skip
    rows = [
        [
            stage["name"],
            f"{stage['epochs']:g}",
            f"{stage['edge_px']} px",
            f"{stage['photos']}, {stage['labelled']}, {stage['texts']}",
            f"{stage['trunk_rate']:g}, {stage['head_rate']:g}, {stage['text_rate']:g}",
            stage["branches"],
            f"{stage['frozen_blocks']}",
        ]
        for stage in plan["stages"]
    ]
    losses = plan["losses"]
    told = f"Contrast: {losses['contrast']}. Weights and settings of the losses: {_said(losses)}."
    for stage in plan["stages"]:
        own = (stage["losses"] or losses).items() - losses.items()
        if own:
            told += f" In “{stage['name']}”: {_said(dict(sorted(own)))}."
    return (
        f"{source}\n\n{_table(header, rows)}\n\n"
        f"{told} Seed {plan['seed']}.\nThe whole recipe is in `card.json`."
    )


def _said(losses: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {value:g}"
        for name, value in losses.items()
        if isinstance(value, int | float)
    )


def _runs(runs: Sequence[Mapping[str, Any]]) -> str:
    if not runs:
        return "None was recorded."
    rows = [
        [
            run["name"],
            run["when"],
            run["what"],
            f"{run['seed']}",
            f"{run['seconds'] / 60:.0f} min, {run['machine']}",
            f"{run['steps']:,}",
            f"{run['photos_seen']:,}",
            ", ".join(f"{name} {value:.1f}" for name, value in run["dev"].items()) or "–",
            run["ended"],
        ]
        for run in runs
    ]
    header = ["run", "when", "what", "seed", "took", "steps", "photos seen", "on dev", "ended"]
    return "Also those that failed, and those that were no better:\n\n" + _table(header, rows)


def _data(card: Mapping[str, Any]) -> str:
    rows = [
        [source["name"], source["use"], source["amount"], source["terms"], f"`{source['sha256']}`"]
        for source in card["training_data"]
    ]
    return (
        "None of it is in this package; `background.npz` holds embeddings of photos and captions, "
        "not the photos and\ncaptions themselves.\n\n"
        + _table(["set", "use", "amount", "terms of the source", "SHA-256"], rows)
    )


def _again(card: Mapping[str, Any]) -> str:
    return (
        f"```\n{card['command']}\n```\n\n"
        f"The recipe (in `card.json`) with its seed {card['recipe']['seed']}, and data with the "
        "checksums above, are all that it depends on;\non another machine or with other versions "
        "of torch, sums are rounded otherwise and figures differ a little."
    )


def _licence(card: Mapping[str, Any]) -> str:
    return (
        f"{card['licence'] or 'None was stated.'}\n\n"
        "Whether the terms of the data above reach weights that were trained on it is unsettled: "
        "who uses the model\ncommercially should look at the table first."
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _language(code: str) -> str:
    return _LANGUAGES.get(code, code)


def _size(size_bytes: int) -> str:
    megabytes = size_bytes / 1e6
    return f"{megabytes:.1f} MB" if megabytes >= 0.1 else f"{max(1, round(size_bytes / 1e3))} kB"


def _with_interval(measured: Mapping[str, Any], name: str) -> str:
    low, high = measured["intervals"][name]
    return f"{measured[name]:.1f} % ({low:.1f} to {high:.1f})"


def _share(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.0f} %" if value >= 0.01 or value == 0 else f"{100 * value:.1f} %"

"""Draws how recall rises with k, with confidence bands: a panel for each task and language."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from engine.errors import KeepsightError, pip_command
from engine.evaluation.report import Result
from engine.paths import shown
from engine.training.metrics import CONFIDENCE, Metrics

DEEPEST = 50
FORMATS = (".png", ".svg", ".pdf")
PANELS_PER_ROW = 3
PANEL_INCHES = (4.2, 3.4)


def check(file: Path) -> None:
    """Raises KeepsightError where no plot can be written to `file`: before anything is measured."""
    if file.suffix.lower() not in FORMATS:
        raise KeepsightError(
            "This is no name for a plot", f"{shown(file)} must end in {', '.join(FORMATS)}.", file
        )
    if not file.absolute().parent.is_dir():
        raise KeepsightError(
            "There is no such folder", f"{shown(file.absolute().parent)} does not exist.", file
        )
    if find_spec("matplotlib") is None:
        raise KeepsightError(
            "A plot needs matplotlib", f"Install it: {pip_command(['matplotlib'])}", file
        )


def save(results: Sequence[Result], file: Path, confidence: float = CONFIDENCE) -> None:
    """Writes the plot of recall@1 to recall@50 as PNG, SVG or PDF, by the name of `file`."""
    from matplotlib.figure import Figure

    panels: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        panels.setdefault((result.task, result.language), []).append(result)
    columns = min(PANELS_PER_ROW, len(panels))
    rows = -(-len(panels) // columns)
    # A figure without pyplot: no window, no state that outlives it.
    figure = Figure(
        figsize=(PANEL_INCHES[0] * columns, PANEL_INCHES[1] * rows), layout="constrained"
    )
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    cutoffs = range(1, DEEPEST + 1)
    for axis, ((task, language), of_panel) in zip(axes, panels.items(), strict=False):
        for result in of_panel:
            metrics = Metrics.of(result.answers, cutoffs=cutoffs, confidence=confidence)
            recall = [metrics.estimates[f"recall@{k}"] for k in cutoffs]
            (line,) = axis.plot(cutoffs, [point.value for point in recall], label=_label(result))
            axis.fill_between(
                cutoffs,
                [point.low for point in recall],
                [point.high for point in recall],
                alpha=0.2,
                color=line.get_color(),
                linewidth=0,
            )
        axis.set(
            title=f"{task.replace('_', ' ')}, {language} ({of_panel[0].metrics.queries:,} queries)",
            xlabel="k",
            ylabel="recall@k, per cent",
            ylim=(0, 100),
        )
        axis.grid(alpha=0.3)
        axis.legend(loc="best", fontsize="small")
    for axis in axes[len(panels) :]:
        axis.set_axis_off()
    try:
        figure.savefig(file, dpi=144)
    except OSError as error:
        raise KeepsightError(
            "The plot cannot be written", f"{shown(file)}: {error.strerror or error}.", file
        ) from error


def _label(result: Result) -> str:
    # Between dollars, matplotlib would set mathematics.
    return f"{result.model}, {result.through}".replace("$", r"\$")

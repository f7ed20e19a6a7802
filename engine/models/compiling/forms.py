"""Finds how a model runs fastest on this computer, by making each form of it and measuring."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.models.compiling import exporting
from engine.models.compiling.speed import Timed, time_together
from engine.models.openclip import weights
from engine.models.openclip.compiled import (
    COMPILED,
    PLAN,
    Form,
    Measured,
    OnnxTowers,
    Plan,
    graph_hashes,
    read_plan,
    usable_plan,
    write_plan,
)
from engine.models.openclip.devices import best_device, machine
from engine.models.openclip.encoder import Towers
from engine.models.openclip.spec import PREFIX
from engine.models.openclip.tokens import TextSplitter
from engine.models.openclip.towers import TorchTowers

logger = logging.getLogger(__name__)

LEAST_COSINE = {Form.FLOAT32: 0.999, Form.TORCH_COMPILED: 0.999, Form.INT8: 0.99}
"""A form whose vectors are further from torch's in float32 is refused."""

WORTH_INT8 = 1.2
"""So much faster int8 must be to be chosen: its vectors are its own, and a little worse."""

MOST_PHOTOS = 8
STAGED = ".compiled-"
TEXTS = (
    "a dog",
    "two children on a beach at sunset",
    "red car",
    "the signed contract for the flat",
    "a birthday cake with candles",
    "mountains",
    "A receipt of a restaurant, with a date and the sum that was paid in cash.",
    "screenshot of a map",
    "people sitting around a table and talking, seen from above, in black and white",
)

Progress = Callable[[float, str], None]
"""Is told how much is done, from 0 to 1, and what comes next."""


def compile_model(
    folder: Path,
    photos: NDArray[np.uint8],
    *,
    device: str | None = None,
    threads: int | None = None,
    on_progress: Progress = lambda share, step: None,
) -> Plan:
    """Measures every form of the model in `folder` and keeps the fastest that agrees with torch.

    `photos` are (N, E, E, 3) uint8 RGB, N > 0, as the model wants them; the first eight are used,
    real ones at best, as agreement depends on them. Takes one to a few minutes, and memory for
    about five times the weights. Form and measurement are published together in `folder/compiled`;
    what is stopped, also by an error that `on_progress` raises, leaves what was there before.
    Raises ModelError where the model cannot be loaded or nothing can be written.
    """
    if not len(photos):
        raise ValueError("there must be photos to measure with")
    on_progress(0.0, "Loading the model")
    _, torch = weights.import_offline()
    device = device or best_device(torch)
    before = usable_plan(folder, device)
    loaded = weights.load(f"{PREFIX}{folder}", device)
    _remove_leftovers(folder)
    try:
        with tempfile.TemporaryDirectory(prefix=STAGED, dir=folder) as name:
            stage = Path(name)
            work = _Compilation(loaded, device, photos[:MOST_PHOTOS], stage, threads)
            measured = work.measure(on_progress)
            form = choose(measured, before.form if before else None)
            plan = Plan(
                form=form,
                device=device,
                measured=measured,
                identity=loaded.identity,
                machine=machine(),
                dimension=work.dimension,
                pictures=dict(loaded.model.visual.preprocess_cfg),
                files=graph_hashes(stage, form.graphs),
            )
            write_plan(plan, stage / PLAN)
            _publish(stage, folder, plan)
    except OSError as error:
        raise ModelError(
            "The model cannot be prepared for this computer",
            f"{folder.name}: {error}. It runs without, slower. Make room or allow writing to "
            f"{folder}, and try again.",
            folder,
        ) from error
    on_progress(1.0, f"Runs as {form}")
    return read_plan(folder)


def choose(measured: tuple[Measured, ...], before: Form | None = None) -> Form:
    """The fastest form for photos that is not refused; `before` is what was chosen before.

    To and from int8, all photos must be embedded again, so it must pay.
    """
    speeds = {each.form: each.photos_per_s for each in measured if not each.refused}
    small = speeds.pop(Form.INT8, 0.0)
    best = max(speeds, key=lambda form: speeds[form])
    wanted = 1.0 if before is Form.INT8 else WORTH_INT8
    return Form.INT8 if small > wanted * speeds[best] else best


class _Compilation:
    """One model's forms, side by side."""

    def __init__(
        self,
        loaded: weights.Loaded,
        device: str,
        photos: NDArray[np.uint8],
        stage: Path,
        threads: int | None,
    ) -> None:
        splitter = TextSplitter(loaded.tokenizer)
        self._model = loaded.model
        self._device = device
        self._photos = photos
        self._ids = splitter.ids([part for text in TEXTS for part in splitter.parts(text)])
        self._stage = stage
        self._threads = threads
        exact = TorchTowers(loaded.model, device, exact=True)
        self._pictures_exact, self._texts_exact = self._vectors(exact)
        self.dimension: int = self._texts_exact.shape[1]
        self._refused: dict[Form, str] = {}

    def measure(self, on_progress: Progress) -> tuple[Measured, ...]:
        """Makes, checks and times each form that the device has."""
        runs: dict[Form, Towers] = {Form.TORCH: TorchTowers(self._model, self._device)}
        if self._device == "cpu":
            on_progress(0.1, "Converting the model")
            self._attempt(Form.FLOAT32, self._export)
            on_progress(0.4, "Shrinking the model")
            self._attempt(Form.INT8, lambda: exporting.quantise(self._stage))
            others: tuple[Form, ...] = (Form.FLOAT32, Form.INT8)
        else:
            others = (Form.TORCH_COMPILED,)
        on_progress(0.5, "Comparing")
        cosines = {Form.TORCH: self._cosines(runs[Form.TORCH])}
        for form in others:
            cosines[form] = self._agreement(form, runs)
        on_progress(0.7, "Measuring")
        timed = time_together(runs, self._photos, self._ids)
        for form, towers in runs.items():
            if form is not Form.TORCH:
                towers.close()
        return tuple(self._record(form, cosines[form], timed) for form in cosines)

    def _export(self) -> None:
        pair = np.resize(self._photos, (2, *self._photos.shape[1:]))
        exporting.export_float32(self._model, pair, self._ids[:2], self._stage)

    def _attempt(self, form: Form, make: Callable[[], None]) -> None:
        try:
            make()
        except Exception as error:  # noqa: BLE001 -- converters fail in any way
            self._refuse(form, error)

    def _agreement(self, form: Form, runs: dict[Form, Towers]) -> tuple[float, float]:
        """The smallest cosines of a form to torch's, which joins `runs` where they suffice."""
        if form in self._refused:
            return 0.0, 0.0
        try:
            towers = self._towers(form)
            cosines = self._cosines(towers)
        except Exception as error:  # noqa: BLE001 -- the libraries' errors share no class
            self._refuse(form, error)
            return 0.0, 0.0
        if min(cosines) >= LEAST_COSINE[form]:
            runs[form] = towers
        else:
            self._refused[form] = f"its vectors are off: cosine {min(cosines):.4f}"
            towers.close()
        return cosines

    def _towers(self, form: Form) -> Towers:
        if form.graphs:
            return OnnxTowers(self._stage, form, threads=self._threads)
        return TorchTowers(self._model, self._device, compiled=True)

    def _refuse(self, form: Form, error: Exception) -> None:
        detail = str(error)[: weights.DETAIL_CHARACTERS]
        self._refused[form] = f"{type(error).__name__}: {detail}"
        logger.warning("%s cannot be made: %s", form, self._refused[form])

    def _cosines(self, towers: Towers) -> tuple[float, float]:
        pictures, texts = self._vectors(towers)
        alone = towers.images(self._photos[:1])  # a graph may take one size of batch only
        return (
            min(
                float((pictures * self._pictures_exact).sum(axis=1).min()),
                float(alone[0] @ self._pictures_exact[0]),
            ),
            float((texts * self._texts_exact).sum(axis=1).min()),
        )

    def _vectors(self, towers: Towers) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return towers.images(self._photos), towers.texts(self._ids)

    def _record(
        self, form: Form, cosines: tuple[float, float], timed: Mapping[Form, Timed]
    ) -> Measured:
        if form in self._refused:
            return Measured(form, 0.0, 0.0, *cosines, self._refused[form])
        speed = timed[form]
        return Measured(form, speed.photos_per_s, speed.query_ms, *cosines)


def _publish(stage: Path, folder: Path, plan: Plan) -> None:
    """Makes what is in `stage` the folder's compiled form, whole.

    Between the two renames there is none, and the model runs in torch. What a power cut leaves
    unwritten is known by its hash.
    """
    wanted = {PLAN, *plan.files, *(f"{name}.data" for name in plan.files)}
    for path in stage.iterdir():
        if path.name not in wanted:
            path.unlink()
    new = stage / COMPILED
    new.mkdir()
    for path in [path for path in stage.iterdir() if path.is_file()]:
        path.rename(new / path.name)
    current = folder / COMPILED
    if current.exists():
        current.rename(stage / "former")
    new.rename(current)


def _remove_leftovers(folder: Path) -> None:
    for path in folder.glob(f"{STAGED}*"):
        shutil.rmtree(path, ignore_errors=True)

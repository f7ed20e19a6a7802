import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import KeepsightError
from engine.evaluation import plot
from engine.evaluation.report import Result, Through
from engine.training.metrics import Answers


@pytest.fixture
def results() -> list[Result]:
    rng = np.random.default_rng(0)
    return [
        Result.of(
            model,
            Through.ENCODER,
            (task, "en"),
            Answers.of([([float(rank)], [1.0]) for rank in rng.geometric(chance, 100)]),
            0.95,
        )
        for model, chance in (("starter", 0.1), ("openclip:$x$_^{", 0.3))
        for task in ("text_to_image", "image_to_text", "image_to_image", "text_to_text")
    ]


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf", ".PNG"])
def test_a_plot_is_written_in_the_format_of_its_name(tmp_path: Path, results, suffix) -> None:
    file = tmp_path / f"recall{suffix}"
    plot.check(file)
    plot.save(results, file)
    starts = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}
    assert file.read_bytes().startswith(starts[suffix.lower()])


def test_a_plot_shows_a_line_with_a_band_for_each_model(tmp_path: Path, results) -> None:
    plot.save(results, tmp_path / "recall.png")
    colours = Image.open(tmp_path / "recall.png").convert("RGB").getcolors(1 << 24)
    assert colours is not None
    seen = {colour for _, colour in colours}
    assert {(0x1F, 0x77, 0xB4), (0xFF, 0x7F, 0x0E)} <= seen


@pytest.mark.parametrize("name", ["recall.txt", "recall", "no/such/folder/recall.png"])
def test_a_name_that_cannot_be_written_is_refused_before_the_work(tmp_path, name: str) -> None:
    with pytest.raises(KeepsightError):
        plot.check(tmp_path / name)


def test_a_plot_that_cannot_be_written_is_an_error(tmp_path: Path, results) -> None:
    (tmp_path / "recall.png").mkdir()
    with pytest.raises(KeepsightError, match="cannot be written"):
        plot.save(results, tmp_path / "recall.png")


def test_matplotlib_is_not_imported_before_there_is_something_to_draw() -> None:
    code = "import engine.cli, engine.evaluation.plot, sys; sys.exit('matplotlib' in sys.modules)"
    root = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.errors import CaptionsError, KeepsightError
from engine.evaluation.command import evaluate
from engine.library import Library
from engine.paths import Home

Run = Callable[..., Result]


@pytest.fixture
def run(home: Home) -> Run:
    """`run("captions.jsonl", "--json")` runs `keepsight eval` with these arguments."""

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(evaluate, [str(a) for a in arguments], obj={"home": home})

    return invoke


@pytest.fixture
def marks_file(home: Home, pictures: Path, make_photo) -> Path:
    """Marks on an indexed library of five photos and a document."""
    for number in range(5):
        make_photo(pictures / f"{number}.png", seed=number)
    (pictures / "note.txt").write_text("boats in a harbour")
    with Library.open(home) as library:
        for _ in library.index([pictures]):
            pass
    file = pictures.parent / "marks.json"
    file.write_text(
        json.dumps(
            [
                {"query": "boats", "right": ["Pictures/note.txt"]},
                {"query": "coloured squares", "right": ["Pictures/1.png", "Pictures/2.png"]},
            ]
        )
    )
    return file


def answer(run: Run, *arguments: object) -> dict:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_both_ways_are_told_the_library_first(run: Run, captions_file: Path) -> None:
    report = answer(run, captions_file, "--through", "both", "--tasks", "text_to_image")
    assert [run["through"] for run in report["runs"]] == ["library", "encoder"]
    assert {run["model"] for run in report["runs"]} == {"starter"}
    assert set(report["text_to_image"]) == {"en", "zh"}
    assert "image_to_text" not in report
    assert report["text_to_image"] == report["runs"][0]["text_to_image"]


def test_every_task_is_measured_unless_some_are_named(run: Run, captions_file: Path) -> None:
    report = answer(run, captions_file, "--through", "encoder")
    assert {"text_to_image", "image_to_text", "text_to_text"} <= set(report)
    named = answer(
        run, captions_file, "--through=encoder", "--tasks", "image_to_text, text_to_text"
    )
    assert "text_to_image" not in named


def test_the_confidence_is_that_of_the_intervals(run: Run, captions_file: Path) -> None:
    done = answer(run, captions_file, "--through=encoder", "--confidence=0.5")
    assert done["confidence"] == 0.5
    assert "50% confidence" in run(captions_file, "--through=encoder", "--confidence=0.5").stdout


def test_a_table_and_a_plot_are_made(run: Run, captions_file: Path, tmp_path: Path) -> None:
    plot = tmp_path / "recall.svg"
    done = run(captions_file, "--through", "encoder", "--plot", plot)
    assert done.exit_code == 0
    assert "starter  encoder  text_to_image" in done.stdout
    assert plot.read_text().startswith("<?xml")


def test_marks_are_answered_by_the_model_in_use(run: Run, marks_file: Path) -> None:
    report = answer(run, "--marks", marks_file)
    assert [run["model"] for run in report["runs"]] == ["starter"]
    assert report["marks"]["any"]["queries"] == 2
    assert report["marks_by_query"][0] == {"query": "boats", "ranks": {"starter": 1}}


@pytest.mark.slow
def test_two_models_are_compared_on_marks(run: Run, marks_file: Path, tiny: str) -> None:
    report = answer(run, "--marks", marks_file, "--model", "starter", "--model", tiny)
    assert [run["model"] for run in report["runs"]] == ["starter", tiny]
    (difference,) = report["differences"]
    assert (difference["model"], difference["beside"]) == (tiny, "starter")
    assert set(report["marks_by_query"][1]["ranks"]) == {"starter", tiny}
    told = run("--marks", marks_file, "--model", "starter", "--model", tiny).stdout
    assert f"{tiny} beside starter" in told
    assert "coloured squares" in told


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["captions.jsonl", "--marks", "marks.json"],
        ["--marks", "marks.json", "--through", "encoder"],
        ["captions.jsonl", "--tasks", "text_to_song"],
        ["captions.jsonl", "--through", "window"],
        ["captions.jsonl", "--confidence", "1"],
    ],
)
def test_misuse_is_told_apart(run: Run, arguments: Sequence[str]) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert "Usage" in done.stderr


def test_what_cannot_be_drawn_is_refused_before_the_work(run: Run, tmp_path: Path) -> None:
    done = run(tmp_path / "missing.jsonl", "--plot", tmp_path / "recall.docx")
    assert isinstance(done.exception, KeepsightError)
    assert "name for a plot" in done.exception.title


def test_tasks_for_which_there_is_nothing_are_an_error(run: Run, captions_file: Path) -> None:
    done = run(captions_file, "--tasks", "image_to_image")
    assert isinstance(done.exception, CaptionsError)
    assert "image_to_image" in done.exception.message

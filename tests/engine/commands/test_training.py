from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image
from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordPiece

from engine.commands import training
from engine.commands.training import train
from engine.errors import KeepsightError, RecipeError
from engine.models import catalog
from engine.models.starter import StarterEncoder
from engine.paths import Home
from engine.training.publishing import runs

ROOT = Path(__file__).resolve().parents[3]
EDGE_PX = 32
DIMENSION = 16
COLOURS = ("red", "green", "blue", "yellow", "purple", "white", "black", "orange")
LAYERS = {"layers": 1, "width": 32}
CONFIGURATION = {
    "embed_dim": DIMENSION,
    "vision_cfg": {**LAYERS, "image_size": EDGE_PX, "head_width": 16, "patch_size": 8},
    "text_cfg": {**LAYERS, "context_length": 8, "vocab_size": 49408, "heads": 2},
}
OPENCLIP = {"openclip": "tiny.json", "dimension": DIMENSION, "edge_px": EDGE_PX}
SMALL = {"vocabulary": "words.json", "dimension": DIMENSION, "edge_px": EDGE_PX, "width": 8}

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root: coloured squares in two splits, a model's configuration, and a vocabulary."""
    folder = tmp_path_factory.mktemp("data")
    rows = []
    for number in range(32):
        colour = COLOURS[number % 8]
        picture = Image.new("RGB", (48, 48), "grey")
        picture.paste(colour, (number, 4, number + 24, 40))
        picture.save(folder / f"{number}.png")
        split = "train" if number < 16 else "dev"
        row = {"file": f"{number}.png", "split": split, "en": [f"a {colour} square"]}
        rows.append(json.dumps(row))
    (folder / "captions.jsonl").write_text("\n".join(rows))
    (folder / "tiny.json").write_text(json.dumps(CONFIGURATION))
    words = ("[PAD]", "[UNK]", "a", "photo", "of", "square", *COLOURS)
    made = Tokenizer(WordPiece({word: id_ for id_, word in enumerate(words)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    (folder / "words.json").write_text(made.to_str())
    return folder


def write_recipe(folder: Path, towers: dict[str, Any], **changed: Any) -> Path:
    """A recipe for these towers, of steps with eight photos."""
    squares, dev = (
        {"path": "captions.jsonl", "name": "Squares", "terms": "none", "split": split}
        for split in ("train", "dev")
    )
    stage = {
        "name": "all",
        "epochs": 2,
        "edge_px": EDGE_PX,
        "photos": 8,
        "labelled": 0,
        "frozen_blocks": 0,
        **changed.pop("stage", {}),
    }
    described = {
        "name": "squares",
        "title": "Squares",
        "version": "1",
        "captioned": [squares],
        "dev": dev,
        "stages": [stage],
        "towers": towers,
        "losses": {"more_captions": 8, "banked_photos": 8},
        "checks_per_stage": 2,
        **changed,
    }
    file = folder / "recipe.json"
    file.write_text(json.dumps(described))
    return file


@pytest.fixture
def run(home: Home, data: Path, tmp_path: Path) -> Run:
    """`run(recipe, "--json")` trains by it into `runs/first` of the test's folder."""

    def invoke(recipe: Path, *arguments: object) -> Result:
        out = tmp_path / "runs" / "first"
        given = [recipe, "--data", data, "--out", out, "--device", "cpu", *arguments]
        return CliRunner().invoke(train, [str(each) for each in given], obj={"home": home})

    return invoke


def test_a_recipe_becomes_a_model_that_keepsight_loads(run: Run, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, OPENCLIP)
    done = run(recipe, "--json", "--seed", "5")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["model"] == str(tmp_path / "runs" / "first" / "model")
    assert (told["steps"], told["photos_seen"]) == (4, 32)
    assert told["dev"]["en text to image @10"] > 0
    loaded = catalog.load(told["use"])
    assert loaded.card.dimension == DIMENSION
    loaded.close()
    (record,) = runs.read(tmp_path / "runs" / "runs.jsonl")
    assert (record.name, record.seed, record.steps, record.ended) == ("squares", 5, 4, "finished")
    assert record.recipe["towers"]["openclip"] == "tiny.json"
    assert record.dev == pytest.approx(told["dev"], abs=0.01)
    again = run(recipe, "--seed", "5")
    assert again.exit_code == 0, again.output
    assert "en text to image @10" in again.stdout
    assert f"keepsight models --use {told['use']}" in again.stderr
    assert len(runs.read(tmp_path / "runs" / "runs.jsonl")) == 1, "it is the same run"


@pytest.mark.slow
def test_a_model_of_our_own_towers_is_published_with_its_card(run: Run, tmp_path: Path) -> None:
    done = run(write_recipe(tmp_path, SMALL), "--json", "--runs", tmp_path / "all.jsonl")
    assert done.exit_code == 0, done.output
    model = Path(json.loads(done.stdout)["model"])
    card = json.loads((model / "card.json").read_text())
    assert card["command"] == "keepsight train recipe.json --data DATA --out FOLDER"
    assert [record["name"] for record in card["runs"]] == ["squares"]
    assert len(runs.read(tmp_path / "all.jsonl")) == 1
    encoder = StarterEncoder(model)
    assert encoder.encode_texts(["a red square"]).shape == (1, DIMENSION)
    encoder.close()


@pytest.mark.slow
def test_a_finished_model_teaches_a_stage_that_comes_after(
    run: Run, data: Path, tmp_path: Path
) -> None:
    recipe = write_recipe(tmp_path, SMALL)
    done = run(recipe, "--json")
    assert done.exit_code == 0, done.output
    shutil.copytree(json.loads(done.stdout)["model"], data / "first")
    described = json.loads(recipe.read_text())
    origin = {"path": "first", "name": "the first one", "licence": "none", "trained_on": "squares"}
    taught = described["stages"][0] | {"name": "taught", "losses": {"mimicked_affinities": 1.0}}
    described |= {"ensemble": [origin], "stages": [*described["stages"], taught]}
    recipe.write_text(json.dumps(described))
    again = run(recipe, "--json")
    assert again.exit_code == 0, again.output
    told = json.loads(again.stdout)
    assert told["steps"] == 2 * json.loads(done.stdout)["steps"]
    card = json.loads(Path(told["model"], "card.json").read_text())
    assert [origin["what"] for origin in card["derived_from"]] == ["the first one"]
    assert "the first one" in Path(told["model"], "README.md").read_text()


@pytest.mark.slow
def test_a_second_trunk_begins_with_that_of_a_finished_model(
    run: Run, data: Path, tmp_path: Path
) -> None:
    done = run(write_recipe(tmp_path, SMALL), "--json")
    assert done.exit_code == 0, done.output
    shutil.copytree(json.loads(done.stdout)["model"], data / "finished")
    shutil.rmtree(tmp_path / "runs")
    origin = {"name": "the other", "licence": "none", "trained_on": "squares"}
    towers = SMALL | {"second_image": origin | {"path": "finished/image.onnx"}}
    recipe = write_recipe(tmp_path, towers)
    described = json.loads(recipe.read_text())
    stage = described["stages"][0]
    described["stages"] += [stage | {"name": part, "branches": part} for part in ("second", "both")]
    recipe.write_text(json.dumps(described))
    again = run(recipe, "--json")
    assert again.exit_code == 0, again.output
    model = Path(json.loads(again.stdout)["model"])
    card = json.loads((model / "card.json").read_text())
    assert [origin["what"] for origin in card["derived_from"]] == ["the other"]
    assert "another one for its mirror image" in (model / "README.md").read_text()
    sizes = [folder.joinpath("image.onnx").stat().st_size for folder in (model, data / "finished")]
    assert sizes[0] > 1.9 * sizes[1]
    StarterEncoder(model).close()


@pytest.mark.slow
def test_an_interrupted_run_is_listed_and_goes_on(data: Path, run: Run, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, OPENCLIP, stage={"epochs": 2000}, checks_per_stage=1000)
    out = tmp_path / "runs" / "first"
    command = [sys.executable, "-m", "desktop", "train", recipe, "--data", data, "--out", out]
    with subprocess.Popen(
        [*map(str, command), "--device", "cpu"], cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while not (out / "checkpoint.pt").is_file() and time.monotonic() < deadline:
            assert process.poll() is None, process.stderr
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 130, told
    assert "The same command goes on" in told
    (record,) = runs.read(tmp_path / "runs" / "runs.jsonl")
    assert record.ended == "failed: interrupted"
    assert record.steps > 0
    assert not (out / "model").exists()
    # Patience ends the run within a few checks of where it goes on.
    done = run(recipe, "--json")
    assert done.exit_code == 0, done.output
    told_after = json.loads(done.stdout)
    assert told_after["steps"] > record.steps
    assert told_after["stopped_early"]
    first, last = runs.read(tmp_path / "runs" / "runs.jsonl")
    assert (first, last.ended) == (record, "stopped early")


def test_a_broken_recipe_is_refused_by_the_key_that_is_wrong(run: Run, tmp_path: Path) -> None:
    done = run(write_recipe(tmp_path, OPENCLIP, stage={"epochs": "many"}))
    assert isinstance(done.exception, RecipeError)
    assert "$.stages[0].epochs" in done.exception.message
    done = run(write_recipe(tmp_path, {"openclip": "tiny.json", "dimension": DIMENSION}))
    assert isinstance(done.exception, RecipeError)
    assert "towers.edge_px must be 32" in done.exception.message
    assert not (tmp_path / "runs" / "runs.jsonl").exists(), "nothing was tried"


def test_another_recipe_does_not_overwrite_a_run(run: Run, tmp_path: Path) -> None:
    assert run(write_recipe(tmp_path, OPENCLIP)).exit_code == 0
    done = run(write_recipe(tmp_path, OPENCLIP, seed=2))
    assert isinstance(done.exception, RecipeError)
    assert len(runs.read(tmp_path / "runs" / "runs.jsonl")) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Give RECIPE, --data and --out"),
        (("recipe.json", "--data", "."), "Give RECIPE, --data and --out"),
        (("recipe.json", "--remove"), "--remove is meant for --adapter"),
        (("--adapter", "--seed", "0"), "--seed is not meant for an adapter"),
    ],
)
def test_options_that_do_not_belong_together_are_told(
    arguments: tuple[str, ...], told: str, home: Home
) -> None:
    done = CliRunner().invoke(train, arguments, obj={"home": home})
    assert done.exit_code == 2
    assert told in done.stderr


def test_an_adapter_is_told_of(home: Home) -> None:
    done = CliRunner().invoke(train, ["--adapter", "--json"], obj={"home": home})
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"in_use": False}


def test_a_device_that_is_not_there_is_told(run: Run, tmp_path: Path) -> None:
    done = run(write_recipe(tmp_path, OPENCLIP), "--device", "abacus")
    assert done.exit_code == 2
    assert "--device" in done.stderr


def test_a_missing_package_is_told_with_what_installs_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "_PACKAGES", ("msgspec", "a_package_of_nobody"))
    done = run(write_recipe(tmp_path, OPENCLIP))
    assert isinstance(done.exception, KeepsightError)
    assert done.exception.message.startswith("a_package_of_nobody cannot be found.")
    assert done.exception.message.endswith(f"{sys.executable} -m pip install a_package_of_nobody")


def test_help_lists_training_and_loads_nothing_for_it() -> None:
    script = (
        "import sys\nfrom engine.cli import command_line\n"
        "try:\n    command_line(lambda *_: 1, sys.argv[1:])\n"
        "except SystemExit:\n    pass\n"
        "print('loaded:', [n for n in ('torch', 'msgspec', 'onnx') if n in sys.modules])"
    )
    for arguments in (["--help"], ["train", "--help"]):
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "train" in done.stdout
        assert "loaded: []" in done.stdout

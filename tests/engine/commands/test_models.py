"""`keepsight models`, as it is typed: on real models, and through the hub's stand-in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engine import cli, settings
from engine.library import Library
from engine.models.openclip import architectures
from engine.models.shelf.choices import choices
from engine.models.shelf.importing import import_model
from engine.models.shelf.installed import ModelStore
from engine.models.shelf.machine import REFERENCE
from engine.paths import Home
from engine.roster import advice
from tests.engine.choosing import answering
from tests.engine.models import tiny_published
from tests.engine.models.hub_standin import StandIn
from tests.engine.models.tiny_published import ARCHITECTURE, TAG
from tests.model_hub import NAME, tiny_hub

Models = Callable[..., Result]


def chosen(home: Home) -> tuple[str, str, bool]:
    found = settings.load(home)
    return found.model, found.next_model, found.mixes


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_published.weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def models(home: Home) -> Models:
    """Runs `keepsight models …` on the home; the window must not open."""

    def run(*arguments: object) -> Result:
        typed = ["--home", str(home.data.parent), "models", *map(str, arguments)]
        return CliRunner().invoke(cli._commands, typed, obj={"open_window": None})

    return run


@pytest.fixture
def listed(models: Models) -> Callable[..., list[dict[str, Any]]]:
    def run(*arguments: object) -> list[dict[str, Any]]:
        result = models(*arguments, "--json")
        assert result.exit_code == 0, result.output
        rows: list[dict[str, Any]] = json.loads(result.stdout)
        return rows

    return run


@pytest.fixture
def mine(home: Home, weights) -> None:
    """A model “mine” is installed, and not measured, which takes seconds."""
    import_model(ModelStore(home.models), weights[".safetensors"], "mine", ARCHITECTURE)


@pytest.fixture
def standin(monkeypatch: pytest.MonkeyPatch, weights) -> Iterator[StandIn]:
    with tiny_hub(monkeypatch, weights) as hub:
        yield hub


def states(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["name"]: row["state"] for row in rows}


def test_without_a_command_models_are_listed(models, listed):
    rows = listed()
    assert rows == listed("list")
    assert rows[0]["name"] == "starter"
    assert rows[0]["state"] == "in use"
    assert {"dimension", "fingerprint", "licence", "languages"} <= rows[0].keys()
    assert {row["name"] for row in rows if row["state"] == "to install"} == (
        {choice.name for choice in choices()}
    )
    lines = models().stdout.splitlines()
    assert len(lines) == len(rows)
    assert lines[0].startswith("in use\tstarter\t")


@pytest.mark.slow
def test_an_imported_model_is_listed_used_exported_and_removed(
    models, listed, mine, home, tmp_path
):
    assert states(listed())["mine"] == "installed"
    assert models("use", "mine").exit_code == 0
    assert settings.load(home).model == "mine", "an empty library has nothing to wait for"
    rows = listed()
    assert (rows[0]["state"], rows[0]["dimension"]) == ("in use", 24)
    assert rows[0]["licence"] == "see the model's publisher"
    refused = models("remove", "mine")
    assert refused.exit_code == 1
    assert "in use" in refused.stderr
    assert models("use", "starter").exit_code == 0
    assert models("export", "mine", tmp_path / "mine.zip").exit_code == 0
    assert models("remove", "mine").exit_code == 0
    assert "mine" not in states(listed())
    assert models("import", tmp_path / "mine.zip").exit_code == 0
    assert states(listed())["mine"] == "installed"


def test_in_a_library_the_former_model_answers_until_the_next_is_ready(
    models, listed, mine, home, pictures, make_photo
):
    make_photo(pictures / "one.png")
    with Library.open(home) as library:
        list(library.index([pictures]))
    told = models("use", "mine", "--mix").stderr
    assert "takes over once" in told
    assert chosen(home) == ("starter", "mine", True)
    assert "in use" in models("remove", "mine").stderr
    moved = Home.at(home.data.parent.rename(home.data.parent.with_name("moved")))
    with Library.open(moved) as library:
        list(library.index([]))
        assert answering(library).dimension == 24, "a home that was moved keeps its models"
    assert chosen(moved) == ("mine", "", False)


@pytest.fixture
def one_photo(home, pictures, make_photo) -> None:
    """A library of one photo."""
    make_photo(pictures / "one.png")
    with Library.open(home) as library:
        list(library.index([pictures]))


@pytest.mark.usefixtures("mine", "one_photo")
def test_what_the_former_model_encoded_is_dropped_when_it_is_asked_for(
    models, listed, home, embedded
):
    assert "in use" in models("drop", "starter").stderr
    models("use", "mine")
    with Library.open(home) as library:
        list(library.index([]))
    assert "keepsight models drop starter" in models("list").stderr
    count = embedded()["starter"]
    assert listed("list")[1]["kept_bytes"] == count * 384 * 2
    done = models("drop", "starter")
    assert done.exit_code == 0, done.output
    assert "is erased" in done.stderr
    assert list(embedded().values()) == [count]
    again = models("drop", "starter")
    assert again.exit_code == 1
    assert "Nothing is kept" in again.stderr
    assert models("use", "starter").exit_code == 0
    assert chosen(home) == ("mine", "starter", False), "it encodes all anew"


def test_use_may_stand_before_the_listing_as_it_did(models, mine, home):
    assert models("--use", "mine").exit_code == 0
    assert settings.load(home).model == "mine"
    assert models("--use", "starter", "list").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("use", "none"), "There is no such model"),
        (("remove", "none"), "not installed"),
        (("remove", "../data"), "cannot be called so"),
        (("export", "none", "x.zip"), "not installed"),
        (("import", "none.zip"), "does not exist"),
        (("install", "none"), "neither in the catalog"),
        (("install", "ViT-B-23/openai"), "Near: "),
    ],
)
def test_what_cannot_be_done_says_why_and_fails(models, arguments, told):
    result = models(*arguments)
    assert result.exit_code == 1
    assert told in result.stderr
    assert result.stdout == ""


def test_a_damaged_model_is_listed_and_not_used(models, listed, mine, home):
    (home.models / "mine" / architectures.WEIGHTS).write_bytes(b"short")
    row = next(row for row in listed() if row["name"] == "mine")
    assert row["state"] == "damaged"
    assert "5 bytes instead of" in row["problem"]
    refused = models("use", "mine")
    assert refused.exit_code == 1
    assert "models remove mine" in refused.stderr


def test_when_the_model_in_use_is_gone_the_others_are_still_listed(models, listed, mine, home):
    assert models("use", "mine").exit_code == 0
    (home.models / "mine" / architectures.WEIGHTS).unlink()
    rows = listed()
    assert rows[0]["state"] == "damaged"
    assert states(rows)["starter"] == "built in"
    assert models("use", "starter").exit_code == 0
    assert listed()[0]["name"] == "starter"


@pytest.mark.slow
@pytest.mark.enable_socket
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_installing_downloads_once_and_the_ledger_tells(models, listed, standin):
    assert models("ledger").stdout == ""
    done = models("install", f"{ARCHITECTURE}/{TAG}")
    assert done.exit_code == 0, done.output
    assert f"models use {NAME}" in done.stderr
    assert "(chosen)" in done.stderr
    row = next(row for row in listed() if row["name"] == NAME)
    assert (row["state"], row["problem"]) == ("installed", "")
    again = models("install", f"{ARCHITECTURE}/{TAG}")
    assert again.exit_code == 1
    assert "installed already" in again.stderr
    requests = listed("ledger")
    assert [request["host"] for request in requests] == ["127.0.0.1"] * len(standin.paths)
    assert sum(request["received_bytes"] for request in requests) > standin.sent_bytes
    assert f"installing {NAME}" in models("ledger").stdout


@pytest.mark.enable_socket
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_what_was_begun_is_listed_and_can_be_removed(models, listed, standin):
    standin.break_off = [50_000, 0]
    assert models("install", f"{ARCHITECTURE}/{TAG}").exit_code == 1
    row = next(row for row in listed() if row["name"] == NAME)
    assert (row["state"], row["size_bytes"]) == ("begun", 50_000)
    assert models("remove", NAME).exit_code == 0
    assert NAME not in states(listed())


def test_advice_for_an_empty_library_estimates_no_time(models, listed):
    advice = listed("recommend", "--language", "zh", "--photos", "1000")
    assert [one["index_s"] for one in advice] == [None] * len(choices())
    assert "zh" in advice[0]["choice"]["languages"]
    assert "cannot be estimated" in models("recommend").stderr


def test_advice_is_measured_on_the_librarys_own_photos(
    listed, home, pictures, make_photo, monkeypatch
):
    for number in range(3):
        make_photo(pictures / f"{number}.png", seed=number)
    with Library.open(home) as library:
        for _ in library.index([pictures]):
            pass
    seen = []

    def time_reference(pixels, accelerator):
        seen.append((pixels.shape, accelerator))
        return 0.25

    monkeypatch.setattr(advice, "time_reference", time_reference)
    advised = {one["choice"]["name"]: one for one in listed("recommend", "--language", "en")}
    assert [shape for shape, _ in seen] == [(3, 224, 224, 3)]
    assert 3 * 0.25 < advised[REFERENCE]["index_s"] < 3 * 1.25
    more = listed("recommend", "--language", "en", "--photos", "1000")
    one = next(one for one in more if one["choice"]["name"] == REFERENCE)
    assert one["index_s"] > 250


def test_a_model_of_the_catalog_that_is_installed_is_timed_itself(
    listed, home, mine, pictures, make_photo, monkeypatch
):
    make_photo(pictures / "a.png")
    with Library.open(home) as library:
        for _ in library.index([pictures]):
            pass
    record = home.models / "mine" / "installed.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"catalog": "vit-l-14"}))
    monkeypatch.setattr(advice, "time_reference", lambda *_: 1000.0)
    advised = {one["choice"]["name"]: one for one in listed("recommend", "--language", "en")}
    assert advised["vit-l-14"]["measured"]
    assert advised["vit-l-14"]["index_s"] < 100
    assert advised[REFERENCE]["index_s"] > 1000

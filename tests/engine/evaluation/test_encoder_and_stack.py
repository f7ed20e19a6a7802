"""The encoder alone and the whole library answer the same trials."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from engine.errors import CaptionsError, ModelError
from engine.evaluation import encoder, stack
from engine.evaluation.tasks import Task, trials
from engine.models import catalog
from engine.models.base import Encoder
from engine.training.data.layouts import CaptionedPhoto, Collection, TextCorpus, read
from engine.training.metrics import Metrics

CORPUS = TextCorpus(
    {
        "rent": "The tenant pays a deposit of three months' rent before moving in.",
        "bread": "Bake the bread for forty minutes and let it cool on a rack.",
        "empty": "",
    },
    {"q1": "deposit of the tenant", "q2": "baking bread"},
    {"q1": {"rent": 2.0}, "q2": {"bread": 1.0, "empty": 1.0}},
)


@pytest.fixture(scope="module")
def starter() -> Iterator[Encoder]:
    loaded = catalog.load("starter")
    yield loaded
    loaded.close()


@pytest.fixture
def with_mirrored(captioned: Collection, tmp_path: Path) -> Collection:
    """The photos, and that of the cat mirrored, so that there is something alike."""
    cat = captioned.photos[0]
    with Image.open(cat.path) as picture:
        ImageOps.mirror(picture).save(tmp_path / "mirrored.png")
    return Collection((*captioned.photos, replace(cat, path=tmp_path / "mirrored.png")))


def test_both_ways_find_what_is_right(starter: Encoder, with_mirrored: Collection) -> None:
    posed = trials(with_mirrored)
    alone, whole = encoder.answer(starter, posed), stack.answer("starter", posed)
    for trial, *answers in zip(posed, alone, whole, strict=True):
        if trial.language == "zh":
            continue
        for of_way in answers:
            assert len(of_way) == len(trial.queries)
            assert Metrics.of(of_way)["recall@5"] == 100
            # A caption of one cat may find the other first.
            assert Metrics.of(of_way)["recall@1"] >= 50
    assert {trial.task for trial in posed} == set(Task)


def test_both_ways_answer_queries_on_a_corpus(starter: Encoder) -> None:
    posed = trials(Collection(corpus=CORPUS))
    (alone,), (whole,) = encoder.answer(starter, posed), stack.answer("starter", posed)
    assert alone.best_ranks.tolist() == whole.best_ranks.tolist() == [1, 1]
    assert alone.gains.tolist() == [[2, 0], [1, 1]]
    # An empty document is no content of a library.
    assert whole.ranks[1].tolist() == [1, np.inf]
    assert np.isfinite(alone.ranks).tolist() == [[True, False], [True, True]]


def test_a_query_of_unknown_words_finds_everything_last(
    starter: Encoder, captioned: Collection
) -> None:
    photos = [replace(photo, captions={"zh": ("한국어",)}) for photo in captioned.photos]
    (answers,) = encoder.answer(starter, trials(Collection(tuple(photos)), [Task.TEXT_TO_IMAGE]))
    assert answers.best_ranks.tolist() == [3, 3, 3]


def test_a_copy_of_a_photo_is_as_right_as_itself_in_a_library(
    captioned: Collection, tmp_path: Path
) -> None:
    cat = captioned.photos[0]
    shutil.copyfile(cat.path, tmp_path / "copy.png")
    photos = (*captioned.photos, replace(cat, path=tmp_path / "copy.png"))
    posed = trials(Collection(photos), [Task.TEXT_TO_IMAGE])[:1]
    (answers,) = stack.answer("starter", posed)
    assert answers.best_ranks[-2:].tolist() == [1, 1]
    alike = trials(Collection(photos), [Task.IMAGE_TO_IMAGE])
    with pytest.raises(CaptionsError, match="copies of one"):
        stack.answer("starter", alike)


def test_a_photo_that_cannot_be_read_is_named_with_the_reason(
    starter: Encoder, captioned: Collection, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 and nothing else")
    photos = (*captioned.photos, CaptionedPhoto(broken, {"en": ("broken",)}))
    posed = trials(Collection(photos), [Task.TEXT_TO_IMAGE])
    with pytest.raises(CaptionsError, match=r"broken\.jpg: \w+"):
        encoder.answer(starter, posed)
    with pytest.raises(CaptionsError, match=r"broken\.jpg: \w+"):
        stack.answer("starter", posed)


def test_progress_ends_where_it_should(starter: Encoder, captioned: Collection) -> None:
    posed = trials(captioned, [Task.TEXT_TO_IMAGE])
    told: list[tuple[str, int, int]] = []
    encoder.answer(starter, posed, lambda *step: told.append(step))
    # Three photos, six English captions and one Chinese one.
    assert told[-1] == ("Encoding", 10, 10)
    stack.answer("starter", posed, lambda *step: told.append(step))
    assert told[-1] == ("Searching", 9, 9)
    assert [what for what, _, _ in told].index("Indexing") > 0


def test_a_model_that_is_not_there_is_an_error(captioned: Collection) -> None:
    with pytest.raises(ModelError):
        stack.answer("no such model", trials(captioned))


@pytest.mark.slow
@pytest.mark.samples
def test_the_library_is_as_good_as_its_encoder(starter: Encoder, flickr8k: Path) -> None:
    some = read(flickr8k / "captions.jsonl").photos[:40]
    english = [replace(photo, captions={"en": photo.captions["en"][:2]}) for photo in some]
    posed = trials(Collection(tuple(english)), [Task.TEXT_TO_IMAGE, Task.IMAGE_TO_TEXT])
    alone, whole = encoder.answer(starter, posed), stack.answer("starter", posed)
    for one, other in zip(alone, whole, strict=True):
        exact, through = Metrics.of(one), Metrics.of(other)
        assert exact["recall@1"] > 40
        assert through["recall@10"] == pytest.approx(exact["recall@10"], abs=5)

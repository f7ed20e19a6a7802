from pathlib import Path

import pytest

from engine.evaluation.tasks import Task, Trial, trials
from engine.training.data.layouts import CaptionedPhoto, Collection, TextCorpus, read


def photo(name: str, *captions: str, labels: tuple[str, ...] = ()) -> CaptionedPhoto:
    return CaptionedPhoto(Path(name), {"en": captions} if captions else {}, labels)


def only(task: Task, *photos: CaptionedPhoto) -> Trial:
    (trial,) = trials(Collection(photos), [task])
    return trial


def right_answers(trial: Trial) -> list[tuple[object, list[object]]]:
    return [
        (query, [trial.candidates[number] for number in right])
        for query, right in zip(trial.queries, trial.right, strict=True)
    ]


def test_a_caption_finds_its_photo_among_all() -> None:
    trial = only(Task.TEXT_TO_IMAGE, photo("a", "a dog", "dogs"), photo("b", "a cat"), photo("c"))
    assert right_answers(trial) == [
        ("a dog", [Path("a")]),
        ("dogs", [Path("a")]),
        ("a cat", [Path("b")]),
    ]
    assert list(trial.candidates) == [Path("a"), Path("b"), Path("c")]
    assert list(trial.groups) == [0, 0, 1]


def test_a_photo_finds_its_captions_and_the_same_text_is_one_candidate() -> None:
    trial = only(Task.IMAGE_TO_TEXT, photo("a", "a dog", "dogs"), photo("b", "a dog"), photo("c"))
    assert right_answers(trial) == [(Path("a"), ["a dog", "dogs"]), (Path("b"), ["a dog"])]
    assert list(trial.candidates) == ["a dog", "dogs"]


def test_a_photo_finds_photos_of_its_label_but_not_itself() -> None:
    trial = only(
        Task.IMAGE_TO_IMAGE,
        photo("a", labels=("rose", "flower")),
        photo("b", labels=("daisy", "flower")),
        photo("c", labels=("flower", "rose")),
        photo("d"),
    )
    assert right_answers(trial) == [(Path("a"), [Path("c")]), (Path("c"), [Path("a")])]
    assert list(trial.itself) == [0, 2]


def test_a_photo_finds_photos_whose_captions_are_alike() -> None:
    trial = only(
        Task.IMAGE_TO_IMAGE,
        photo("a", "A black dog leaps into the water", "Dog jumping into a lake"),
        photo("b", "Two people drink coffee"),
        photo("c", "A black dog is jumping in the lake", "Dogs in water"),
    )
    assert right_answers(trial) == [(Path("a"), [Path("c")]), (Path("c"), [Path("a")])]


def test_a_caption_finds_the_other_captions_of_its_photo() -> None:
    trial = only(
        Task.TEXT_TO_TEXT, photo("a", "a dog", "dogs", "a dog"), photo("b", "a cat"), photo("c")
    )
    assert right_answers(trial) == [("a dog", ["dogs"]), ("dogs", ["a dog"])]
    assert [trial.candidates[number] for number in trial.itself] == ["a dog", "dogs"]


def test_a_query_finds_the_documents_of_a_corpus() -> None:
    corpus = TextCorpus(
        {"d1": "rent", "q1": "the query itself", "d2": "bread"},
        {"q1": "deposit", "q2": "food"},
        {"q1": {"d1": 2.0}, "q2": {"d2": 1.0}},
    )
    (trial,) = trials(Collection(corpus=corpus))
    assert (trial.task, trial.language) == (Task.TEXT_TO_TEXT, "any")
    assert right_answers(trial) == [("deposit", ["rent"]), ("food", ["bread"])]
    assert trial.right[0] == {0: 2.0}
    assert list(trial.itself) == [1, None]


def test_each_language_is_a_trial_of_its_own(captioned: Collection) -> None:
    posed = [(trial.task, trial.language) for trial in trials(captioned)]
    assert posed == [
        (Task.TEXT_TO_IMAGE, "en"),
        (Task.TEXT_TO_IMAGE, "zh"),
        (Task.IMAGE_TO_TEXT, "en"),
        (Task.IMAGE_TO_TEXT, "zh"),
        (Task.TEXT_TO_TEXT, "en"),
    ]


@pytest.mark.samples
def test_some_photos_of_flickr8k_are_alike(flickr8k: Path) -> None:
    (trial,) = trials(read(flickr8k / "captions.jsonl"), [Task.IMAGE_TO_IMAGE])
    assert 100 < len(trial.queries) < 400
    assert all(own not in right for own, right in zip(trial.itself, trial.right, strict=True))

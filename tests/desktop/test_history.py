from pathlib import Path

from desktop.history import Asked, History
from engine.records import ContentId
from engine.search_records import Query


def asked(text: str = "", **more) -> Asked:
    return Asked(Query(text, **more))


def backwards(history: History) -> list[str]:
    """The words of all questions before this one, the last first."""
    found = []
    while (before := history.go(-1)) is not None:
        found.append(before.query.text)
    return found


def test_one_goes_back_and_forth_among_questions() -> None:
    history = History()
    assert not history.can_go_back
    for text in ("cat", "dog"):
        history.note(asked(text))
    assert history.go(-1) == asked("cat")
    assert history.go(-1) == asked(), "the window begins with no question"
    assert history.go(-1) is None
    assert history.go(2) == asked("dog")
    assert history.go(1) is None


def test_of_a_question_that_is_typed_the_last_is_kept() -> None:
    history = History()
    left = [history.note(asked(text)) for text in ("f", "flow", "flower", "cat")]
    assert left == [asked(), None, None, asked("flower")]
    assert backwards(history) == ["flower", ""]


def test_a_question_that_was_looked_into_is_kept_though_one_types_on() -> None:
    history = History()
    history.note(asked("beach"))
    history.settle()
    history.note(asked("beach dog"))
    assert backwards(history) == ["beach", ""]


def test_one_that_was_gone_back_to_is_kept_too() -> None:
    history = History()
    history.note(asked("beach"))
    history.note(asked("cat"))
    history.go(-1)
    history.note(asked("beach dog"))
    assert history.go(1) is None, "what came after is another course"
    assert backwards(history) == ["beach", ""]


def test_words_go_on_from_words_but_not_from_a_picture() -> None:
    history = History()
    picture = Path("a.jpg")
    history.note(asked(picture=picture))
    history.note(asked("at", picture=picture))
    history.note(asked("at night", picture=picture))
    history.note(asked("at night", like=ContentId(1)))
    assert backwards(history) == ["at night", "", ""]


def test_asking_the_same_again_is_no_step() -> None:
    history = History()
    history.note(asked("cat"))
    assert history.note(asked("cat")) is None
    assert backwards(history) == [""]

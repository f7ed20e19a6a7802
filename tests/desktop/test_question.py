from desktop.question import FIRST_HITS, FIRST_NEWEST, MORE, Question
from engine.search_records import Query, SearchResult


def answered(question: Question, hits: int) -> None:
    question.answer = SearchResult(question.query, (None,) * hits, 0.1)


def test_few_hits_are_asked_for_at_first() -> None:
    question = Question()
    assert question.ask(Query()).limit == FIRST_NEWEST
    assert question.ask(Query("cat")).limit == FIRST_HITS


def test_more_is_asked_for_once_until_all_is_known() -> None:
    question = Question()
    question.ask(Query("cat"))
    assert question.ask_for_more() is None, "nothing is answered"
    answered(question, FIRST_HITS)
    assert question.ask_for_more() == Query("cat", limit=MORE * FIRST_HITS)
    assert question.ask_for_more() is None, "that is on its way"
    assert question.ask(Query("cat")).limit == MORE * FIRST_HITS, "looking again loses nothing"
    answered(question, FIRST_HITS + 1)
    assert question.ask_for_more() is None, "these are all"
    assert question.ask(Query("dog")).limit == FIRST_HITS


def test_a_question_is_answered_though_more_is_on_its_way() -> None:
    question = Question()
    question.ask(Query("cat"))
    assert not question.is_answered
    answered(question, FIRST_HITS)
    question.ask_for_more()
    assert question.is_answered
    question.ask(Query("dog"))
    assert not question.is_answered

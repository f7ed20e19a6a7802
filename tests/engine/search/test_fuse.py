from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from engine.records import ContentId, SegmentId
from engine.search.fuse import fuse
from engine.search.retrieve import Candidate
from engine.search_records import Match, Retriever

RETRIEVERS = list(Retriever)


def listed(retriever: Retriever, *found: tuple[int, float]) -> list[Candidate]:
    return [
        Candidate(ContentId(content), SegmentId(content), Match(retriever, rank, score, ""))
        for rank, (content, score) in enumerate(found, 1)
    ]


@st.composite
def lists(draw: st.DrawFn) -> list[list[Candidate]]:
    made = []
    for retriever in RETRIEVERS:
        contents = draw(st.lists(st.integers(1, 12), unique=True))
        scores = sorted((draw(st.floats(0, 1)) for _ in contents), reverse=True)
        made.append(listed(retriever, *zip(contents, scores, strict=True)))
    return made


@given(lists())
def test_scores_never_rise_and_every_content_comes_once(given_lists) -> None:
    ranked = fuse(given_lists)
    scores = [entry.score for entry in ranked]
    assert scores == sorted(scores, reverse=True)
    contents = [entry.content_id for entry in ranked]
    assert sorted(contents) == sorted({c.content_id for found in given_lists for c in found})


@given(lists(), st.randoms())
def test_the_order_of_the_lists_does_not_matter(given_lists, random) -> None:
    before = [(r.content_id, r.score) for r in fuse(given_lists)]
    random.shuffle(given_lists)
    assert [(r.content_id, r.score) for r in fuse(given_lists)] == before


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_one_list_alone_keeps_its_order(scores: list[float]) -> None:
    found = list(enumerate(sorted(scores, reverse=True), 1))
    ranked = fuse([listed(Retriever.PHOTO_MEANING, *found)])
    assert [entry.content_id for entry in ranked] == [content for content, _ in found]


def test_being_found_twice_counts_for_more() -> None:
    ranked = fuse(
        [
            listed(Retriever.PHOTO_MEANING, (1, 0.8), (2, 0.8)),
            listed(Retriever.PASSAGE_MEANING, (3, 0.8), (2, 0.8)),
        ]
    )
    assert ranked[0].content_id == 2
    assert len(ranked[0].matches) == 2


def test_a_strong_hit_comes_before_weak_ones_of_any_rank() -> None:
    ranked = fuse(
        [
            listed(Retriever.PHOTO_MEANING, (1, 0.01), (2, 0.005)),
            listed(Retriever.WORDS, (9, 0.9)),
        ]
    )
    assert [entry.content_id for entry in ranked] == [9, 1, 2]


def test_what_is_named_as_asked_comes_before_all_else() -> None:
    named, *others = listed(Retriever.NAME, (4, 0.2), (5, 0.1))
    ranked = fuse(
        [
            listed(Retriever.PHOTO_MEANING, (1, 0.95), (4, 0.1)),
            listed(Retriever.PASSAGE_MEANING, (1, 0.95)),
            [replace(named, is_named=True), *others],
        ]
    )
    assert [entry.content_id for entry in ranked] == [4, 1, 5]


def test_between_equal_ranks_the_chance_decides() -> None:
    text = listed(Retriever.PASSAGE_MEANING, (1, 0.7))
    photo = listed(Retriever.PHOTO_MEANING, (2, 0.97))
    assert [(entry.content_id, entry.score) for entry in fuse([text, photo])] == [
        (2, 0.97),
        (1, 0.7),
    ]


def test_the_likeliest_segment_is_shown_but_where_the_words_stand() -> None:
    def found(retriever: Retriever, segment: int, score: float) -> list[Candidate]:
        return [Candidate(ContentId(1), SegmentId(segment), Match(retriever, 1, score, ""))]

    photo = found(Retriever.PHOTO_MEANING, 1, 0.1)
    text = found(Retriever.PASSAGE_MEANING, 2, 0.6)
    words = found(Retriever.WORDS, 3, 0.3)
    assert fuse([photo, text])[0].segment_id == 2
    assert fuse([text, photo, words])[0].segment_id == 3

from pathlib import Path

from desktop.hit_lines import facts_of, name_of, reasons_for, verdict_of, where_in
from engine.readings import Details, Kind, Spot
from engine.search_records import Band, Match, Retriever


def test_the_best_reason_comes_first_and_none_speaks_against_a_hit(make_hit) -> None:
    against = Match(Retriever.PHOTO_MEANING, 110, 0.01, "closer than 32% of unrelated photos")
    about = Match(Retriever.PASSAGE_MEANING, 2, 0.3, "closer than 99% of unrelated passages")
    named = Match(Retriever.NAME, 1, 0.8, "its name or folder has: ko")
    hit = make_hit(matches=(against, about, named), kind=Kind.DOCUMENT)
    assert reasons_for(hit) == [
        "Its name or folder has: ko",
        "Is about it",
    ]


def test_a_weak_hit_keeps_its_only_reason(make_hit) -> None:
    weak = Match(Retriever.PHOTO_MEANING, 1, 0.01, "closer than 70% of unrelated photos")
    assert reasons_for(make_hit(matches=(weak,), band=Band.WEAK)) == ["Looks a little like it"]


def test_no_hit_is_said_to_have_no_chance(make_hit) -> None:
    for score, told in ((0.0, "less than 1%"), (0.0099, "less than 1%"), (0.01, "1%")):
        assert verdict_of(make_hit(score=score, band=Band.WEAK)) == f"Weak match, {told}"


def test_what_a_photo_shows_is_told_from_the_text_in_it(make_hit) -> None:
    about = Match(Retriever.PASSAGE_MEANING, 1, 0.6, "closer than 99% of unrelated passages")
    assert reasons_for(make_hit(matches=(about,))) == ["Text in it is about it"]
    weak = make_hit(matches=(about,), band=Band.WEAK)
    assert reasons_for(weak) == ["Text in it has a little to do with it"]
    assert reasons_for(make_hit(matches=(about,), kind=Kind.DOCUMENT)) == ["Is about it"]


def test_a_part_that_was_found_is_told_from_the_whole(make_hit) -> None:
    part = Match(Retriever.PHOTO_MEANING, 1, 0.6, "a part of it is closer", of_a_part=True)
    assert reasons_for(make_hit(matches=(part,))) == ["Looks like it in one part"]
    weak = make_hit(matches=(part,), band=Band.WEAK)
    assert reasons_for(weak) == ["Looks a little like it in one part"]


def test_an_author_is_told_from_a_title(make_hit) -> None:
    told = Details(title="Dunes", author="Patrik", caption="Dunes")
    facts = facts_of(make_hit(details=told))
    assert "Dunes · by Patrik" in facts
    assert "Dunes" not in facts, "the caption says no more than the title"
    assert "by Patrik" in facts_of(make_hit(details=Details(author="Patrik")))


def test_the_page_is_told_unless_there_is_but_one(make_hit) -> None:
    for pages, told in ((1, ""), (2, "Page 1"), (None, "Page 1")):
        hit = make_hit(kind=Kind.DOCUMENT, spot=Spot(page=1), details=Details(pages=pages))
        assert where_in(hit) == told


def test_a_name_is_in_one_line(make_hit) -> None:
    assert name_of(make_hit(path=Path("/notes/line\nbreak.txt"))) == "line break.txt"
    assert name_of(make_hit(member="beach/kite.jpg")) == "kite.jpg"


def test_every_retriever_has_its_reason(make_hit) -> None:
    matches = tuple(Match(retriever, 1, 0.5, f"why: {retriever}") for retriever in Retriever)
    assert len(set(reasons_for(make_hit(matches=matches)))) == len(Retriever)

"""Whatever is typed, pasted or passed on a command line, a search answers and never fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.library import Library
from engine.paths import Home
from engine.readings import Kind
from engine.search.query import parse
from engine.search_records import Query

PIECES = st.one_of(
    st.text(max_size=12),
    st.text(alphabet='"*:()^-+{}.,\\%_\0\n\t \u200b़²ªß́', max_size=6),
    st.sampled_from(
        [
            *("type:", "type:photo", 'in:"', "in:%", "ext:", "ext:,", "after:0", "before:99999"),
            *("NEAR(a b)", "a AND", "OR", "NOT", "北京", "北", "café", "boats", '"in a"'),
            "passage:x",
        ]
    ),
)
QUERIES = st.lists(PIECES, max_size=6).map(" ".join)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory) -> Iterator[Library]:
    folder: Path = tmp_path_factory.mktemp("shelf")
    (folder / "boats.txt").write_text("Boats in a harbour at night.")
    (folder / "北京.md").write_text("# 北京\n\n秋天的长城很美。")
    with Library.open(Home.at(tmp_path_factory.mktemp("home"))) as library:
        for _ in library.index([folder]):
            pass
        yield library


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(QUERIES)
@example("\udcff")
@example('"\udcff" in:\udcff ext:\udcff')
@example("x" * 5000)
@example("北" * 5000)
@example("after:9999-12-31 before:0001-01-01")
def test_no_query_fails(shelf: Library, text: str) -> None:
    result = shelf.search(Query(text=text, limit=5))
    assert len(result.hits) <= 2
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)


@given(
    words=st.lists(st.sampled_from(["red", "kite", "北京"]), max_size=3),
    folder=st.text(alphabet="abc XYZ", min_size=1).filter(str.strip),
    extension=st.sampled_from(["jpg", "md"]),
    kind=st.sampled_from(list(Kind)),
    day=st.dates(),
)
def test_filters_are_told_from_words_in_any_order(words, folder, extension, kind, day) -> None:
    filters = [f'in:"{folder}"', f"ext:{extension}", f"type:{kind.value}"]
    filters.append(f"after:{day.isoformat()}")
    for text in (" ".join([*words, *filters]), " ".join([*filters, *words])):
        parsed = parse(Query(text=text))
        assert parsed.words == " ".join(words)
        assert parsed.filters.folder_words == (folder,)
        assert parsed.filters.extensions == (extension,)
        assert parsed.filters.kind is kind
        assert parsed.filters.after == day


def test_bytes_of_no_encoding_stand_for_no_word(shelf: Library) -> None:
    assert shelf.search(Query(text="boats \udcff")).hits[0].path.name == "boats.txt"

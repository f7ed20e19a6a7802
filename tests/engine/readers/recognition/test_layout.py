from hypothesis import given
from hypothesis import strategies as st

from engine.readers.recognition import layout
from engine.readers.recognition.layout import Line


def line(text: str, left: float, top: float, width: float = 300, height: float = 20) -> Line:
    return Line(text, left, top, left + width, top + height, height)


def text_of(*lines: Line) -> str:
    found = layout.passages(list(lines), width=1000, height=1000)
    return "\n\n".join(passage.text for passage in found)


def test_lines_are_read_from_the_top() -> None:
    assert text_of(line("second", 10, 130), line("first", 10, 100)) == "first\nsecond"


def test_a_column_is_read_to_its_end_before_the_next() -> None:
    left = [line(f"left {number}", 10, 100 + 30 * number) for number in range(3)]
    right = [line(f"right {number}", 600, 105 + 30 * number) for number in range(3)]
    assert text_of(*right, *left) == "left 0\nleft 1\nleft 2\n\nright 0\nright 1\nright 2"


def test_pieces_of_one_line_are_joined() -> None:
    pieces = [line("the", 10, 100, 60), line("red", 85, 102, 60), line("boat", 160, 99, 60)]
    assert text_of(*pieces) == "the red boat"


def test_a_wide_gap_parts_blocks() -> None:
    assert text_of(line("above", 10, 100), line("below", 10, 400)) == "above\n\nbelow"


def test_a_heading_is_a_block_of_its_own() -> None:
    heading = line("Menu", 10, 100, 300, 60)
    assert text_of(heading, line("soup", 10, 165), line("bread", 10, 190)) == "Menu\n\nsoup\nbread"


def test_a_passage_has_the_boxes_of_its_lines_as_shares() -> None:
    (passage,) = layout.passages([line("one", 100, 200)], width=1000, height=2000)
    assert passage.boxes == ((0.1, 0.1, 0.4, 0.11),)
    assert (passage.start, passage.end) == (0, 3)


def test_a_long_page_is_split_and_each_passage_has_its_own_boxes() -> None:
    lines = [line(f"Line {number} says a little. " * 3, 10, 25 * number) for number in range(36)]
    found = layout.passages(lines, width=1000, height=1000)
    assert len(found) > 2
    assert sum(len(passage.boxes) for passage in found) >= 36
    assert all(len(passage.boxes) < 20 for passage in found)


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", categories=["L"]), min_size=1, max_size=9),
            *(st.integers(0, 900) for _ in range(2)),
            *(st.integers(5, 200) for _ in range(2)),
        ),
        max_size=30,
    )
)
def test_no_line_is_lost_or_told_twice(pieces: list[tuple[str, int, int, int, int]]) -> None:
    lines = [line(*piece) for piece in pieces]
    found = layout.passages(lines, width=1100, height=1100)
    told = sorted("".join("".join(passage.text.split()) for passage in found))
    assert told == sorted("".join("".join(text.split()) for text, *_ in pieces))

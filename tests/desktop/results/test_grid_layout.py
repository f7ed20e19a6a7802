from hypothesis import given
from hypothesis import strategies as st

from desktop.results.grid_layout import GridLayout, Section

LAYOUTS = st.builds(
    GridLayout,
    st.lists(st.integers(1, 40), min_size=1, max_size=6).map(
        lambda counts: [Section(str(i), count) for i, count in enumerate(counts)]
    ),
    st.integers(120, 2000),
    st.integers(96, 420),
)


@given(LAYOUTS)
def test_tiles_never_overlap_and_lie_inside(layout: GridLayout) -> None:
    tiles = [layout.tile(index) for index in range(layout.count)]
    assert len({(tile.x, tile.y) for tile in tiles}) == layout.count
    for tile in tiles:
        assert tile.x >= 0
        assert tile.y + tile.height <= layout.height
        assert layout.at(tile.x + 1, tile.y + 1) == tile.index


@given(LAYOUTS, st.integers(0, 3000), st.integers(0, 1500))
def test_what_is_visible_is_what_lies_between(layout: GridLayout, top: int, height: int) -> None:
    shown = {tile.index for tile in layout.visible(top, top + height)}
    for index in range(layout.count):
        tile = layout.tile(index)
        if tile.y < top + height and tile.y + tile.height > top:
            assert index in shown


@given(LAYOUTS, st.data())
def test_moving_stays_among_the_items(layout: GridLayout, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, layout.count - 1))
    for columns, rows in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        assert 0 <= layout.moved(index, columns, rows) < layout.count
    assert layout.moved(0, -1, 0) == 0
    assert layout.moved(layout.count - 1, 1, 0) == layout.count - 1


def test_moving_down_and_up_again_comes_back() -> None:
    layout = GridLayout([Section("a", 20), Section("b", 20)], 800, 180)
    assert layout.moved(layout.moved(1, 0, 1), 0, -1) == 1
    assert layout.moved(0, 0, 1) == layout.columns


def test_tiles_are_about_as_wide_as_asked_for() -> None:
    for width_px in range(450, 2000, 50):
        for tile_px in (96, 180, 420):
            layout = GridLayout([Section("all", 9)], width_px, tile_px)
            assert 0.6 * tile_px < layout.tile(0).width < 1.5 * tile_px


def test_a_hundred_thousand_items_cost_no_more_than_a_screen() -> None:
    layout = GridLayout([Section("all", 100_000)], 1200, 180)
    shown = layout.visible(layout.height // 2, layout.height // 2 + 900)
    assert 10 < len(shown) < 60
    assert layout.tile(99_999).index == 99_999


@given(LAYOUTS, st.integers(1, 2000), st.integers(96, 420))
def test_tiles_are_no_wider_than_the_grid(layout: GridLayout, width_px: int, tile_px: int) -> None:
    layout = GridLayout(layout.sections, width_px, tile_px)
    for index in range(layout.count):
        tile = layout.tile(index)
        assert width_px < 60 or tile.x + tile.width <= width_px

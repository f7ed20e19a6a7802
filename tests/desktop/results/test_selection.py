from desktop.results.selection import Selection


def test_a_range_takes_the_place_of_the_last_one_unless_added() -> None:
    selection = Selection()
    selection.choose(8)
    selection.choose(3, add=True)
    selection.choose(5, add=True, extend=True)
    assert selection.chosen == {3, 4, 5, 8}
    selection.choose(2, extend=True)
    assert selection.chosen == {2, 3}
    assert selection.current == 2


def test_what_is_acted_on_is_the_current_one_or_the_first_selected() -> None:
    selection = Selection()
    assert selection.target is None
    for index in (4, 2):
        selection.choose(index, add=True)
    assert selection.target == 2
    selection.choose(2, add=True)
    assert (selection.current, selection.target) == (2, 4)
    selection.clear()
    assert selection.target is None


def test_a_range_begins_at_the_current_one_where_its_beginning_is_gone() -> None:
    selection = Selection()
    selection.choose(1)
    selection.choose(3, extend=True)
    selection.move({2: 5, 3: 6}.get)
    assert (selection.chosen, selection.current) == ({5, 6}, 6)
    selection.choose(8, extend=True)
    assert selection.chosen == {6, 7, 8}

from desktop.results.order_button import OrderButton


def test_it_tells_of_the_order_and_of_its_change(qtbot) -> None:
    button = OrderButton(newest_first=False)
    qtbot.addWidget(button)
    best, newest = button.menu().actions()
    assert best.isChecked()
    with qtbot.waitSignal(button.newest_first_changed) as changed:
        newest.trigger()
    assert changed.args == [True]
    assert newest.isChecked()
    assert not best.isChecked()
    assert button.accessibleName() == "Order of matches: Newest first"
    with qtbot.assertNotEmitted(button.newest_first_changed):
        newest.trigger()

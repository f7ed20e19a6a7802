from PySide6.QtCore import QLocale

from desktop.models.advice_bar import AdviceBar


def test_languages_are_chosen_as_the_button_says_and_listed_by_name(qtbot, monkeypatch) -> None:
    for system, chosen in (("C", "English"), ("de_DE", "German"), ("is_IS", "Icelandic")):
        monkeypatch.setattr(QLocale, "system", lambda system=system: QLocale(system))
        bar = AdviceBar()
        qtbot.addWidget(bar)
        actions = bar._menu.actions()
        assert [action.text() for action in actions if action.isChecked()] == [chosen]
        assert bar._languages.text() == f"{chosen} ▾"
        first, second, *others = [action.text() for action in actions]
        assert (first, second) == ("English", "Chinese")
        assert others == sorted(others)

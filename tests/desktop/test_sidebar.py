"""The panel at the left: its numbers, and its lists at any text size."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QMenu

from desktop import theme
from desktop.sidebar import Scope, Sidebar
from engine.readings import Kind
from engine.records import Counts, Folder, FolderId, FolderState


def test_each_place_says_how_much_it_lists(qtbot) -> None:
    sidebar = Sidebar()
    qtbot.addWidget(sidebar)
    read = Folder(FolderId(1), Path("/Trips"), FolderState.ONLINE, files=9, indexed=8, skipped=1)
    begun = Folder(FolderId(2), Path("/Mails"), FolderState.ONLINE, files=9, indexed=1, skipped=1)
    sidebar.show_folders([read, begun])
    sidebar.show_counts(
        Counts(photos=5, documents=7, archives=1, listed_in={FolderId(1): 12, FolderId(2): 1})
    )
    scopes = [sidebar._scopes.item(row).text() for row in range(5)]
    assert scopes == ["Everything   13", "Photos   5", "Documents   7", "Videos", "Archives   1"]
    folders = [sidebar._folders.item(row).text() for row in range(2)]
    assert folders == ["Trips   12", "Mails   2 of 9"]


def test_archives_have_a_place_where_there_are_any(qtbot) -> None:
    sidebar = Sidebar()
    qtbot.addWidget(sidebar)
    sidebar.show_counts(Counts(archives=1))
    sidebar._scopes.setCurrentRow(4)
    sidebar.show_counts(Counts())
    assert sidebar.scope.kind is Kind.ARCHIVE
    assert sidebar._scopes.item(4).text() == "Archives"
    sidebar._scopes.setCurrentRow(0)
    sidebar.show_counts(Counts())
    assert sidebar._scopes.item(4) is None
    assert sidebar.scope == Scope()


def test_a_folder_that_is_not_there_says_why_that_may_be(qtbot) -> None:
    sidebar = Sidebar()
    qtbot.addWidget(sidebar)
    gone = Folder(FolderId(1), Path("/Trips"), FolderState.OFFLINE, files=9, indexed=9, skipped=0)
    sidebar.show_folders([gone])
    assert sidebar._folders.item(0).text() == "Trips   not found"
    assert "moved, renamed, or on a drive" in sidebar._folders.item(0).toolTip()


@pytest.mark.qt_log_ignore("This plugin does not support")  # the menu
@pytest.mark.parametrize("state", FolderState)
def test_a_folder_is_opened_only_where_it_is_there_and_removed_anyway(qtbot, state) -> None:
    sidebar = Sidebar()
    qtbot.addWidget(sidebar)
    folder = Folder(FolderId(1), Path("/Trips"), state, files=9, indexed=9, skipped=0)
    sidebar.show_folders([folder])
    sidebar.show()
    listed = sidebar._folders
    listed.customContextMenuRequested.emit(listed.visualItemRect(listed.item(0)).center())
    (menu,) = sidebar.findChildren(QMenu)
    opens, removes = menu.actions()
    assert opens.isEnabled() is (state is FolderState.ONLINE)
    with qtbot.waitSignal(sidebar.remove_folder_requested) as asked:
        removes.trigger()
    assert asked.args == [folder]
    menu.close()


def test_the_place_to_drop_a_picture_is_seen(qtbot) -> None:
    sidebar = Sidebar()
    qtbot.addWidget(sidebar)
    sidebar.resize(240, 700)
    sidebar.show()
    drawn = sidebar._drop.grab().toImage()
    edge = {drawn.pixelColor(x, 0).name() for x in range(drawn.width())}
    assert theme.colours().faint in edge


def test_all_kinds_show_where_letters_are_large(qtbot, qapp) -> None:
    usual = qapp.font()
    large = qapp.font()
    large.setPointSizeF(18)
    qapp.setFont(large)
    try:
        sidebar = Sidebar()
        qtbot.addWidget(sidebar)
        sidebar.resize(sidebar.minimumSizeHint().width(), 900)
        sidebar.show_counts(Counts(photos=1200, documents=34_000))
        sidebar.show()
        scopes = sidebar._scopes
        qtbot.waitUntil(lambda: scopes.height() > 4 * scopes.fontMetrics().height())
        assert scopes.verticalScrollBar().maximum() == 0
        assert scopes.sizeHintForColumn(0) <= scopes.viewport().width()
    finally:
        qapp.setFont(usual)

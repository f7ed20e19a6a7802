"""The panel at the left: what to show, the watched folders, and a place to drop a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop import icons
from desktop.hit_lines import NOT_FOUND
from engine.paths import shown
from engine.readings import Kind
from engine.records import Counts, Folder, FolderId, FolderState

MODEL_PX = 110
"""As much of a model's title as the narrowest panel has room for."""

ARCHIVES_ROW = 4
_DATA = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class Scope:
    """What part of the library is shown."""

    kind: Kind | None = None
    folder_id: FolderId | None = None


class Sidebar(QWidget):
    """Chooses a scope, lists folders with their states, takes pictures."""

    scope_changed = Signal(Scope)
    add_folder_requested = Signal()
    remove_folder_requested = Signal(Folder)
    reveal_folder_requested = Signal(Folder)
    picture_asked_for = Signal()
    models_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        longest = self.fontMetrics().horizontalAdvance("Everything   100,000")
        self.setMinimumWidth(max(200, longest + 70))
        self._counts = Counts()
        self._scopes = _list("What to show")
        self._scopes.setSizeAdjustPolicy(QListWidget.SizeAdjustPolicy.AdjustToContents)
        self._scopes.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._folders = _list("Watched folders")
        self._folders.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._folders.customContextMenuRequested.connect(self._show_menu)
        self._add = QToolButton()
        self._add.setAccessibleName("Add a folder")
        self._add.setToolTip("Add a folder…")
        self._add.clicked.connect(self.add_folder_requested)
        folders_title = QLabel("Folders")
        folders_title.setObjectName("sectionTitle")
        heading = QHBoxLayout()
        heading.addWidget(folders_title)
        heading.addStretch()
        heading.addWidget(self._add)
        heading.setContentsMargins(8, 8, 0, 0)
        self._drop = QPushButton("Drop a picture here,\npaste one or click")
        self._drop.setObjectName("dropPanel")
        self._drop.setAccessibleName("Search with a picture")
        self._drop.setMinimumHeight(84)
        self._drop.clicked.connect(self.picture_asked_for)
        self._models = QToolButton()
        self._models.setText("Models")
        self._models.setAccessibleName("Models")
        self._models.setToolTip("The model in use, and others to install or change to")
        self._models.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._models.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._models.clicked.connect(self.models_requested)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 12, 8, 12)
        layout.setSpacing(4)
        layout.addWidget(self._scopes)
        layout.addLayout(heading)
        layout.addWidget(self._folders, 1)
        layout.addWidget(self._drop)
        layout.addWidget(self._models)
        for title, icon, kind in (
            ("Everything", "layers", None),
            ("Photos", "images", Kind.PHOTO),
            ("Documents", "file-text", Kind.DOCUMENT),
            ("Videos", "film", Kind.VIDEO),
        ):
            self._add_scope(title, icon, kind)
        self._scopes.setCurrentRow(0)
        self._scopes.itemSelectionChanged.connect(lambda: self._chosen(self._scopes, self._folders))
        self._folders.itemSelectionChanged.connect(
            lambda: self._chosen(self._folders, self._scopes)
        )
        self.tint()

    @property
    def scope(self) -> Scope:
        """What part of the library is chosen."""
        for listed in (self._scopes, self._folders):
            if listed.selectedItems():
                scope: Scope = listed.selectedItems()[0].data(_DATA)[0]
                return scope
        return Scope()

    def show_folders(self, folders: Sequence[Folder]) -> None:
        """Lists the watched folders."""
        chosen = self.scope.folder_id
        self._folders.blockSignals(True)
        self._folders.clear()
        for folder in folders:
            item = QListWidgetItem(self._title_of(folder), self._folders)
            icon = "folder" if folder.state is FolderState.ONLINE else "hard-drive"
            item.setData(_DATA, (Scope(folder_id=folder.id), icon, folder))
            item.setIcon(icons.icon(icon))
            state = "" if folder.state is FolderState.ONLINE else f"\n{NOT_FOUND}; still searchable"
            item.setToolTip(
                f"{shown(folder.path)}\n{folder.indexed:,} of {folder.files:,} files indexed, "
                f"{folder.skipped:,} skipped{state}"
            )
            item.setSelected(folder.id == chosen)
        self._folders.blockSignals(False)
        if chosen is not None and not self._folders.selectedItems():
            self._scopes.setCurrentRow(0)

    def show_counts(self, counts: Counts) -> None:
        """Shows how much each place lists."""
        self._counts = counts
        self._offer_archives(any_listed=counts.archives > 0)
        numbers = (counts.photos, counts.documents, counts.videos, counts.archives)
        listed = (sum(numbers), *numbers)
        for row in range(self._scopes.count()):
            item, number = self._scopes.item(row), listed[row]
            title = item.data(_DATA)[2]
            item.setText(f"{title}   {number:,}" if number else title)
        for row in range(self._folders.count()):
            item = self._folders.item(row)
            item.setText(self._title_of(item.data(_DATA)[2]))

    def show_model(self, title: str) -> None:
        """Shows which model answers."""
        metrics = self._models.fontMetrics()
        elided = metrics.elidedText(title, Qt.TextElideMode.ElideRight, MODEL_PX)
        self._models.setText(f" Model: {elided}")
        self._models.setAccessibleName(f"Models; {title} is in use")

    def tint(self) -> None:
        """Takes on the colours in use."""
        self._add.setIcon(icons.icon("folder-plus"))
        self._drop.setIcon(icons.icon("upload"))
        self._drop.setIconSize(QSize(18, 18))
        self._models.setIcon(icons.icon("sparkles"))
        for listed in (self._scopes, self._folders):
            for row in range(listed.count()):
                item = listed.item(row)
                item.setIcon(icons.icon(item.data(_DATA)[1]))

    def _title_of(self, folder: Folder) -> str:
        """A folder's name with how much it lists, and while it is read, how many files are."""
        name = shown(folder.path.name or folder.path)
        if folder.state is FolderState.OFFLINE:
            return f"{name}   not found"
        through = folder.indexed + folder.skipped
        if through < folder.files:
            return f"{name}   {through:,} of {folder.files:,}"
        return f"{name}   {self._counts.listed_in.get(folder.id, 0):,}"

    def _add_scope(self, title: str, icon: str, kind: Kind | None) -> None:
        item = QListWidgetItem(icons.icon(icon), title, self._scopes)
        item.setData(_DATA, (Scope(kind=kind), icon, title))

    def _offer_archives(self, *, any_listed: bool) -> None:
        """Few people have any. While they are looked at, their place stays."""
        is_offered = self._scopes.count() > ARCHIVES_ROW
        if any_listed and not is_offered:
            self._add_scope("Archives", "folder-archive", Kind.ARCHIVE)
        elif is_offered and not any_listed and self.scope.kind is not Kind.ARCHIVE:
            self._scopes.takeItem(ARCHIVES_ROW)

    def _chosen(self, chosen: QListWidget, other: QListWidget) -> None:
        if chosen.selectedItems():
            other.blockSignals(True)
            other.clearSelection()
            other.blockSignals(False)
            self.scope_changed.emit(self.scope)

    def _show_menu(self, position: QPoint) -> None:
        item = self._folders.itemAt(position)
        if item is None:
            return
        folder: Folder = item.data(_DATA)[2]
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        opens = menu.addAction("Open folder", lambda: self.reveal_folder_requested.emit(folder))
        opens.setEnabled(folder.state is FolderState.ONLINE)
        menu.addAction("Remove from Keepsight…", lambda: self.remove_folder_requested.emit(folder))
        menu.popup(self._folders.mapToGlobal(position))


def _list(name: str) -> QListWidget:
    listed = QListWidget()
    listed.setAccessibleName(name)
    listed.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
    listed.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    listed.setIconSize(QSize(18, 18))
    listed.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    return listed

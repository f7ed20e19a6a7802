"""Lets files of hits be dragged out of the window."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QWidget

from engine.search_records import Hit


def drag_out(source: QWidget, hits: Iterable[Hit]) -> None:
    """Drags the files of hits from `source`; returns once they are dropped somewhere."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(hit.path)) for hit in hits])
    drag = QDrag(source)
    drag.setMimeData(mime)
    drag.exec(Qt.DropAction.CopyAction)

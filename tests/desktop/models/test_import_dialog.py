"""The fields of an import, at any text size."""

from pathlib import Path

from PySide6.QtWidgets import QLineEdit, QPushButton

from desktop.models.import_dialog import ModelImportDialog


def test_no_field_is_squeezed_where_letters_are_large(qtbot) -> None:
    dialog = ModelImportDialog()
    qtbot.addWidget(dialog)
    font = dialog.font()
    font.setPointSizeF(20)
    dialog.setFont(font)
    dialog.show()
    for path in ("", "/models/weights.pt"):
        dialog.set_path(Path(path))
        dialog.resize(dialog.minimumSize())
        dialog.layout().activate()
        for widget in (*dialog.findChildren(QLineEdit), *dialog.findChildren(QPushButton)):
            assert widget.isHidden() or widget.height() >= widget.sizeHint().height()

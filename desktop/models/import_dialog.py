"""Asks for a model's file or folder, what to call it, and for a checkpoint its architecture."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

EXPLANATION = (
    "For a computer that never goes online: a file that Keepsight exported elsewhere, a folder "
    "that OpenCLIP saved, or a checkpoint. It is copied and checked; no code in it is run."
)
CHECKPOINTS = (".safetensors", ".pt", ".pth", ".bin")
FILTER = "Models (*.zip *.safetensors *.pt *.pth *.bin);;All files (*)"


class ModelImportDialog(QDialog):
    """Three fields; `import_asked` tells the path, the name and the architecture."""

    import_asked = Signal(Path, str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import a model")
        self.setMinimumWidth(560)
        self._path = QLineEdit(placeholderText="A file or a folder")
        self._path.setAccessibleName("File or folder")
        self._path.textChanged.connect(self._on_path)
        self._name = QLineEdit()
        self._name.setAccessibleName("Name")
        self._architecture = QLineEdit(placeholderText="OpenCLIP's name, such as ViT-B-32")
        self._architecture.setAccessibleName("Architecture")
        file = QPushButton("File…", autoDefault=False)
        file.clicked.connect(self._pick_file)
        folder = QPushButton("Folder…", autoDefault=False)
        folder.clicked.connect(self._pick_folder)
        path = QHBoxLayout()
        for widget in (self._path, file, folder):
            path.addWidget(widget)
        self._form = QFormLayout(labelAlignment=Qt.AlignmentFlag.AlignVCenter)
        self._form.addRow("From", path)
        self._form.addRow("Called", self._name)
        self._form.addRow("Architecture", self._architecture)
        begin = QPushButton("Import", default=True)
        begin.clicked.connect(self._on_import)
        cancel = QPushButton("Cancel", autoDefault=False)
        cancel.clicked.connect(self.reject)
        foot = QHBoxLayout()
        foot.addStretch()
        foot.addWidget(cancel)
        foot.addWidget(begin)
        explanation = QLabel(EXPLANATION, wordWrap=True)
        explanation.setObjectName("faint")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(20, 20, 20, 20)
        self._column.setSpacing(14)
        self._column.addWidget(explanation)
        self._column.addLayout(self._form)
        self._column.addLayout(foot)
        self._on_path("")

    def set_path(self, path: Path) -> None:
        """Chooses a file or a folder."""
        self._path.setText(str(path))

    def _on_path(self, text: str) -> None:
        path = Path(text)
        self._form.setRowVisible(self._architecture, path.suffix.lower() in CHECKPOINTS)
        # Where text wraps, a layout asks for too little: its fields would be squeezed.
        self.setMinimumHeight(self._column.totalHeightForWidth(self.minimumWidth()))
        self._name.setText(re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip(".-_"))

    def _pick_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Import a model", str(Path.home()), FILTER)
        if chosen:
            self.set_path(Path(chosen))

    def _pick_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Import a model", str(Path.home()))
        if chosen:
            self.set_path(Path(chosen))

    def _on_import(self) -> None:
        fields = [self._path, self._name]
        if self._form.isRowVisible(self._architecture):
            fields.append(self._architecture)
        path, name, *architecture = (field.text().strip() for field in fields)
        lacking = next((field for field in fields if not field.text().strip()), None)
        if lacking is not None:
            lacking.setFocus()
            return
        self.import_asked.emit(Path(path), name, "".join(architecture))
        self.accept()

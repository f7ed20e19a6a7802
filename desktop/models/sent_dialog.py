"""The network ledger: every request that ever left this computer for Keepsight."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QLabel, QWidget

from desktop import formats
from desktop.table_dialog import RowsModel, TableDialog
from engine.model_records import Sent

EXPLANATION = (
    "Keepsight connects only while you install a model. No photo, document, search or account is "
    "ever sent: a request names a model's file, and its bytes come back."
)
_COLUMNS = ("When (UTC)", "To", "Why", "Received", "Outcome")


class ModelSentDialog(TableDialog):
    """Accounts for every connection, the newest first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.model = RowsModel(_COLUMNS, _cells)
        widths = ((0, 160), (1, 160), (3, 100), (4, 160))
        super().__init__("Requests that left this computer", self.model, widths, parent)
        self.setWindowTitle("What left this computer")
        self.resize(820, 460)
        explanation = QLabel(EXPLANATION, wordWrap=True)
        explanation.setObjectName("faint")
        self.column.insertWidget(1, explanation)

    def show_sent(self, sent: Sequence[Sent]) -> None:
        """Lists these requests."""
        self.model.show_rows(sent[::-1])
        self.summary.setText(
            f"{formats.count(len(sent), 'request', 'requests')} left this computer"
            if sent
            else "Nothing ever left this computer"
        )


def _cells(sent: Sent) -> tuple[str, ...]:
    when = sent.when.replace("T", " ").partition("+")[0]
    return (when, sent.host, sent.why, formats.size(sent.received_bytes), sent.outcome)

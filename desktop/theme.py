"""Colours and spacing: neutral, one accent, light or dark as the system is."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of one scheme."""

    content: str
    side: str
    raised: str
    separator: str
    text: str
    faint: str
    accent: str
    on_accent: str
    hover: str
    placeholder: str


LIGHT = Colours(
    content="#ffffff",
    side="#f6f6f8",
    raised="#ffffff",
    separator="#e4e4e8",
    text="#1d1d1f",
    faint="#6b6b72",
    accent="#2f6fed",
    on_accent="#ffffff",
    hover="#ececf0",
    placeholder="#efeff2",
)
DARK = Colours(
    content="#1b1b1d",
    side="#232326",
    raised="#2c2c30",
    separator="#3a3a3f",
    text="#f1f1f4",
    faint="#9d9da6",
    accent="#6a9bff",
    on_accent="#10131a",
    hover="#303035",
    placeholder="#29292d",
)


def is_dark() -> bool:
    """Whether the system asks for dark."""
    return QApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark


def colours() -> Colours:
    """The colours of the scheme in use."""
    return DARK if is_dark() else LIGHT


def apply(app: QApplication) -> None:
    """Dresses the application in the scheme in use."""
    scheme = colours()
    app.setPalette(_palette(scheme))
    text_pt = QFontInfo(app.font()).pointSizeF()
    sizes = {name: f"{text_pt * factor:.1f}pt" for name, factor in _SIZES.items()}
    app.setStyleSheet(_STYLE.format(**asdict(scheme), **sizes))


def _palette(scheme: Colours) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: scheme.content,
        QPalette.ColorRole.Base: scheme.content,
        QPalette.ColorRole.AlternateBase: scheme.side,
        QPalette.ColorRole.Button: scheme.raised,
        QPalette.ColorRole.ToolTipBase: scheme.raised,
        QPalette.ColorRole.WindowText: scheme.text,
        QPalette.ColorRole.Text: scheme.text,
        QPalette.ColorRole.ButtonText: scheme.text,
        QPalette.ColorRole.ToolTipText: scheme.text,
        QPalette.ColorRole.PlaceholderText: scheme.faint,
        QPalette.ColorRole.Highlight: scheme.accent,
        QPalette.ColorRole.HighlightedText: scheme.on_accent,
        QPalette.ColorRole.Link: scheme.accent,
        QPalette.ColorRole.Mid: scheme.separator,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(scheme.faint))
    return palette


_SIZES = {"field_size": 1.15, "title_size": 1.2, "big_title_size": 1.65}
"""Of letters, by how much they are larger than those of the system."""

_STYLE = """
QWidget {{ color: {text}; }}
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {separator}; padding: 4px; }}
#sidebar, #preview {{ background: {side}; }}
#toolbar, #statusBar {{ background: {content}; }}
#statusBar {{ border-top: 1px solid {separator}; }}
#toolbar {{ border-bottom: 1px solid {separator}; }}
#sidebar {{ border-right: 1px solid {separator}; }}
#preview {{ border-left: 1px solid {separator}; }}
#faint, #statusBar QLabel {{ color: {faint}; }}
#sectionTitle {{ color: {faint}; font-weight: 600; }}
#title {{ font-size: {title_size}; font-weight: 600; }}
#bigTitle {{ font-size: {big_title_size}; font-weight: 600; }}
#searchField {{ background: {side}; border: 1px solid {separator}; border-radius: 10px; }}
#searchField[focused="true"] {{ border: 1px solid {accent}; background: {content}; }}
QLineEdit {{ border: 1px solid {separator}; border-radius: 7px; padding: 5px 8px;
    background: {raised}; }}
QLineEdit:focus {{ border-color: {accent}; }}
#searchField QLineEdit {{ background: transparent; border: none; font-size: {field_size}; }}
#chip {{ background: {hover}; border-radius: 7px; }}
#dropPanel {{ border: 1px dashed {faint}; border-radius: 10px; background: transparent;
    color: {faint}; padding: 8px; }}
#dropPanel:hover, #dropPanel:focus {{ border-color: {accent}; color: {text}; }}
QToolButton {{ border: 1px solid transparent; border-radius: 6px; padding: 4px;
    background: transparent; outline: none; }}
QToolButton:hover, QToolButton:checked {{ background: {hover}; }}
QToolButton:focus {{ border-color: {accent}; }}
QPushButton {{ outline: none; border: 1px solid {separator}; border-radius: 7px; padding: 6px 12px;
    background: {raised}; }}
QPushButton:hover {{ background: {hover}; }}
QPushButton:disabled {{ color: {faint}; }}
QPushButton:focus {{ border-color: {accent}; }}
QPushButton#primary {{ background: {accent}; color: {on_accent}; font-weight: 600;
    padding: 8px 17px; }}
QPushButton#primary:focus {{ border-color: {text}; }}
QListWidget, QTableView, QTextBrowser {{ background: transparent; outline: none;
    border: 1px solid transparent; border-radius: 7px; }}
QListWidget:focus, QTableView:focus, QTextBrowser:focus {{ border-color: {accent}; }}
QListWidget::item {{ padding: 6px 8px; border-radius: 7px; }}
QListWidget::item:hover {{ background: {hover}; }}
QListWidget::item:selected {{ background: {accent}; color: {on_accent}; }}
QHeaderView::section {{ background: {content}; color: {faint}; border: none;
    border-bottom: 1px solid {separator}; padding: 6px 3px; }}
QTableView {{ padding: 0 8px; gridline-color: transparent; selection-background-color: {hover};
    selection-color: {text}; }}
QProgressBar {{ background: {hover}; border: none; border-radius: 2px; max-height: 4px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 2px; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QMessageBox #qt_msgbox_label {{ font-weight: 600; }}
QMessageBox #qt_msgbox_informativelabel {{ min-width: 380px; }}
#searchHelp {{ background: {raised}; border: 1px solid {separator}; }}
#searchHelp QPushButton {{ border-color: transparent; background: {hover}; padding: 3px 8px;
    text-align: left; }}
#searchHelp QPushButton:hover, #searchHelp QPushButton:focus {{ border-color: {accent}; }}
QMenu {{ background: {raised}; border: 1px solid {separator}; padding: 4px; }}
QMenu::item {{ padding: 6px 20px; border-radius: 5px; }}
QMenu::item:selected {{ background: {accent}; color: {on_accent}; }}
QMenu::item:disabled {{ color: {faint}; }}
QMenu::icon {{ padding-left: 10px; }}
QMenu::indicator {{ left: 6px; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 2px; }}
QScrollBar::handle:vertical {{ background: {separator}; border-radius: 4px; min-height: 32px; }}
QScrollBar::handle:vertical:hover {{ background: {faint}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
    background: none; height: 0; }}
QSplitter::handle {{ background: transparent; }}
QSlider::groove:horizontal {{ background: {separator}; height: 3px; border-radius: 1px; }}
QSlider::handle:horizontal {{ background: {faint}; width: 14px; margin: -6px 0;
    border-radius: 7px; }}
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus {{ background: {accent}; }}
"""

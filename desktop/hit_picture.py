"""The picture of a hit, fitted into its room: the thumbnail at hand until the larger one comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop import icons, theme
from desktop.region_frame import FRAMED, frame
from desktop.results.thumbnail_cache import EDGES_PX, ThumbnailCache
from desktop.text_marks import lines_with, mark
from engine.readings import Box
from engine.search_records import Hit, Retriever

REST_MS = 60
"""Longer than a key that is held takes to repeat: what is passed by is not asked for."""

MOST_ENLARGED = 2
ICON_PX = 44
UNREADABLE = "The file cannot be read now"
_UNREADABLE_PX = 2 * ICON_PX


class HitPicture(QWidget):
    """Shows the picture of one hit, with marks where the words of a query stand in it, or a frame
    around the part that fits them best.

    Asks for it with a longer side of `edge_px`. What is drawn over it goes into `place`.
    """

    wanted = Signal(Hit, int)
    region_wanted = Signal(Hit)
    changed = Signal()
    clicked = Signal()

    def __init__(
        self,
        cache: ThumbnailCache,
        edge_px: int,
        colours: Callable[[], theme.Colours] = theme.colours,
    ) -> None:
        super().__init__()
        self._cache = cache
        self._edge_px = edge_px
        self._colours = colours
        self._hit: Hit | None = None
        self._words: Sequence[str] = ()
        self._region: Box | None = None
        self._picture = QPixmap()
        self._fitted = QPixmap()
        self._is_whole = self._is_awaited = self._is_unreadable = self._seeks_region = False
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._ask)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Picture")

    def show_hit(self, hit: Hit | None, words: Sequence[str]) -> None:
        """Shows a hit's picture, with the lines marked that have one of `words`; None shows none.

        The picture of a hit that shows already stays.
        """
        before, self._hit = self._hit, hit
        is_another = hit is None or before is None or _picture_of(hit) != _picture_of(before)
        if is_another or tuple(words) != tuple(self._words):
            self._region = None
            self._seeks_region = hit is not None and bool(words) and _is_seen(hit)
        self._words = words
        if is_another:
            self._rest.stop()
            self._is_whole = self._is_awaited = self._is_unreadable = False
            at_hand = self._cache.at_hand(hit.segment_id, EDGES_PX[-1]) if hit else None
            self._set(QPixmap() if at_hand is None else at_hand)
        if hit is not None and hit.has_picture and (self._lacks_picture or self._seeks_region):
            self._rest.start()
        self._tell()

    def show_region(self, segment_id: int, region: Box) -> None:
        """Frames the part of the current hit's picture that fits best."""
        if self._hit is not None and segment_id == self._hit.segment_id:
            self._region = region
            self._tell()

    def show_picture(self, segment_id: int, edge_px: int, image: QImage) -> None:
        """Shows the picture of the current hit, or a smaller one until that comes.

        A null one says that it cannot be read: then a thumbnail stays where there is one.
        """
        if self._hit is None or segment_id != self._hit.segment_id or self._is_whole:
            return
        is_it = edge_px == self._edge_px
        if not image.isNull() and (is_it or self._picture.isNull()):
            self._set(QPixmap.fromImage(image))
        if is_it:
            self._is_awaited = False
            self._is_whole = not image.isNull()
            self._is_unreadable = self._picture.isNull()
        self._tell()

    @property
    def has_region(self) -> bool:
        """Whether a part of the picture is framed."""
        return self._region is not None and not self._picture.isNull()

    @property
    def is_whole(self) -> bool:
        """Whether the picture that was asked for shows, and no thumbnail in its place."""
        return self._is_whole

    @property
    def place(self) -> QRectF:
        """Where the picture lies in this widget."""
        size = self.size_in(self.size()).toSizeF()
        corner = QPointF((self.width() - size.width()) / 2, (self.height() - size.height()) / 2)
        return QRectF(corner, size)

    def size_in(self, room: QSize) -> QSize:
        """How large the picture shows in a room: whole, and what is small no larger than twice."""
        if self._is_unreadable:
            return QSize(room.width(), _UNREADABLE_PX)
        told = self._hit.details if self._hit else None
        own = QSize(told.width or 0, told.height or 0) if told else QSize(0, 0)
        shape = next((size for size in (self._picture.size(), own) if not size.isEmpty()), _SHAPE)
        most_px = MOST_ENLARGED * max(own.width(), own.height())
        if most_px:
            room = room.boundedTo(QSize(most_px, most_px))
        return shape.scaled(room, Qt.AspectRatioMode.KeepAspectRatio)

    def _set(self, picture: QPixmap) -> None:
        self._picture, self._fitted = picture, QPixmap()

    def _tell(self) -> None:
        told = UNREADABLE if self._is_unreadable else FRAMED if self.has_region else ""
        self.setAccessibleDescription(told)
        self.update()
        self.changed.emit()

    @property
    def _lacks_picture(self) -> bool:
        return not self._is_whole and not self._is_awaited

    def _ask(self) -> None:
        if self._hit is None:
            return
        if self._lacks_picture:
            self._is_awaited = True
            self.wanted.emit(self._hit, self._edge_px)
        if self._seeks_region:
            self._seeks_region = False
            self.region_wanted.emit(self._hit)

    def _paint_unreadable(self, painter: QPainter) -> None:
        faint = self._colours().faint
        line = QRect(0, 0, self.width(), _UNREADABLE_PX)
        line.moveCenter(self.rect().center())
        drawn = icons.pixmap("image-off", faint, ICON_PX)
        painter.drawPixmap((self.width() - ICON_PX) // 2, line.top(), drawn)
        painter.setPen(QColor(faint))
        painter.drawText(
            line, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, UNREADABLE
        )

    # Qt's own

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._is_unreadable:
            self._paint_unreadable(painter)
        if self._picture.isNull() or self._hit is None:
            return
        place, ratio = self.place, self.devicePixelRatioF()
        size = (place.size() * ratio).toSize()
        if self._fitted.size() != size:
            smooth = Qt.TransformationMode.SmoothTransformation
            self._fitted = self._picture.scaled(size, mode=smooth)
            self._fitted.setDevicePixelRatio(ratio)
        painter.drawPixmap(place.topLeft(), self._fitted)
        mark(painter, place, lines_with(self._words, self._hit.snippet, self._hit.boxes))
        if self._region is not None:
            frame(painter, place, self._region)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(
            event.position().toPoint()
        ):
            self.clicked.emit()


_SHAPE = QSize(4, 3)
"""Of what is not known yet."""


def _is_seen(hit: Hit) -> bool:
    """Whether a hit was found by what its picture shows."""
    return any(match.retriever is Retriever.PHOTO_MEANING for match in hit.matches)


def _picture_of(hit: Hit) -> tuple[int, int]:
    return hit.content_id, hit.segment_id

"""Keeps the thumbnails that were shown last, within a bound."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtGui import QImage, QPixmap

from engine.records import SegmentId

MOST_BYTES = 192 << 20
EDGES_PX = (256, 512)


def edge_for(shown_px: float) -> int:
    """The one of `EDGES_PX` that is enough for a picture shown this large."""
    return next((edge for edge in EDGES_PX if shown_px <= edge), EDGES_PX[-1])


class ThumbnailCache:
    """Pixmaps by the segment that a hit shows, the least recently shown dropped first.

    Lives on the GUI thread.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._pixmaps: OrderedDict[tuple[SegmentId, int], QPixmap] = OrderedDict()
        self._doubted: set[tuple[SegmentId, int]] = set()

    def get(self, segment_id: SegmentId, edge_px: int) -> QPixmap | None:
        """The thumbnail, a null one where there can be none, or None where it is not loaded."""
        key = (segment_id, edge_px)
        if key in self._pixmaps:
            self._pixmaps.move_to_end(key)
        return self._pixmaps.get(key)

    def at_hand(self, segment_id: SegmentId, edge_px: int) -> QPixmap | None:
        """As `get`; until that is loaded, the thumbnail of another of `EDGES_PX`."""
        loaded = (self.get(segment_id, edge) for edge in (edge_px, *EDGES_PX))
        return next((thumbnail for thumbnail in loaded if thumbnail is not None), None)

    def lacks(self, segment_id: SegmentId, edge_px: int) -> bool:
        """Whether a thumbnail has to be loaded, or tried again."""
        key = (segment_id, edge_px)
        return key not in self._pixmaps or key in self._doubted

    def doubt_missing(self) -> None:
        """Lets those that there could not be be tried again: a drive may have come back."""
        self._doubted = {key for key, pixmap in self._pixmaps.items() if pixmap.isNull()}

    def put(self, segment_id: SegmentId, edge_px: int, image: QImage) -> None:
        """Keeps a thumbnail, and drops others where the bound is passed."""
        key = (segment_id, edge_px)
        if not self.lacks(segment_id, edge_px):
            return
        self._doubted.discard(key)
        self._pixmaps[key] = QPixmap.fromImage(image)
        self._bytes += image.sizeInBytes()
        while self._bytes > self._most_bytes and len(self._pixmaps) > 1:
            _, dropped = self._pixmaps.popitem(last=False)
            self._bytes -= dropped.width() * dropped.height() * 4

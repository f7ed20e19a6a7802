from PySide6.QtGui import QImage

from desktop.results.thumbnail_cache import ThumbnailCache
from engine.records import ContentId, SegmentId


def test_the_least_recently_shown_goes_first(qapp) -> None:
    image = QImage(100, 100, QImage.Format.Format_RGB32)
    cache = ThumbnailCache(most_bytes=3 * image.sizeInBytes())
    for number in (1, 2, 3):
        cache.put(ContentId(number), 256, image)
    cache.get(ContentId(1), 256)
    cache.put(ContentId(4), 256, image)
    kept = [n for n in (1, 2, 3, 4) if cache.get(ContentId(n), 256) is not None]
    assert kept == [1, 3, 4]


def test_sizes_are_kept_apart(qapp) -> None:
    cache = ThumbnailCache()
    cache.put(ContentId(1), 256, QImage(10, 10, QImage.Format.Format_RGB32))
    assert cache.get(ContentId(1), 512) is None


def test_another_size_does_until_the_right_one_is_loaded(qapp) -> None:
    cache = ThumbnailCache()
    assert cache.at_hand(SegmentId(1), 512) is None
    cache.put(SegmentId(1), 256, QImage(10, 10, QImage.Format.Format_RGB32))
    assert cache.at_hand(SegmentId(1), 512).width() == 10
    assert cache.lacks(SegmentId(1), 512)
    cache.put(SegmentId(1), 512, QImage(20, 20, QImage.Format.Format_RGB32))
    assert cache.at_hand(SegmentId(1), 512).width() == 20
    assert cache.at_hand(SegmentId(1), 256).width() == 10


def test_what_there_could_not_be_is_tried_again_once_that_is_doubted(qapp) -> None:
    cache = ThumbnailCache()
    cache.put(SegmentId(1), 256, QImage())
    cache.put(SegmentId(2), 256, QImage(10, 10, QImage.Format.Format_RGB32))
    assert not cache.lacks(SegmentId(1), 256)
    cache.doubt_missing()
    assert [cache.lacks(SegmentId(number), 256) for number in (1, 2, 3)] == [True, False, True]
    assert cache.get(SegmentId(1), 256).isNull(), "shown as missing until it is there"
    cache.put(SegmentId(1), 256, QImage())
    assert not cache.lacks(SegmentId(1), 256)
    cache.doubt_missing()
    cache.put(SegmentId(1), 256, QImage(10, 10, QImage.Format.Format_RGB32))
    assert cache.get(SegmentId(1), 256).width() == 10
    assert not cache.lacks(SegmentId(1), 256)

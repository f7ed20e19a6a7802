"""How large pictures are painted in their tiles."""

import pytest
from PySide6.QtCore import QSize

from desktop.results.tile_painter import picture_size
from engine.readings import Details, Kind

TILE = QSize(180, 180)


@pytest.mark.parametrize(
    ("kind", "thumbnail", "own", "painted"),
    [
        pytest.param(Kind.PHOTO, (256, 128), (4000, 2000), (360, 180), id="a photo fills its tile"),
        pytest.param(Kind.DOCUMENT, (256, 128), None, (180, 90), id="a slide is seen whole"),
        pytest.param(Kind.DOCUMENT, (128, 256), None, (180, 360), id="a page begins at its head"),
        pytest.param(Kind.PHOTO, (16, 16), (16, 16), (32, 32), id="an icon stays small"),
        pytest.param(
            Kind.PHOTO, (256, 64), (8000, 2000), (720, 180), id="a panorama is large itself"
        ),
    ],
)
def test_pictures_fill_their_tiles_as_far_as_that_does_them_good(
    make_hit, kind: Kind, thumbnail, own, painted
) -> None:
    details = Details(width=own[0], height=own[1]) if own else Details()
    hit = make_hit(1, kind=kind, details=details)
    assert picture_size(QSize(*thumbnail), TILE, hit) == QSize(*painted)

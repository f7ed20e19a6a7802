"""Where in a picture what is asked for is to be seen."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from engine.library import Library
from engine.models.starter import StarterEncoder
from engine.paths import Home
from engine.readings import Box, PixelSpec
from engine.records import Medium
from engine.search.calibrate import scale_of
from engine.search.regions import Near, best_region, sliding
from engine.search_records import Query

EDGE_PX = 240
QUARTERS = [(0, 0), (1, 0), (0, 1), (1, 1)]


@pytest.fixture(scope="module")
def encoder() -> Iterator[StarterEncoder]:
    encoder = StarterEncoder()
    yield encoder
    encoder.close()


def jpeg_of(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.convert("RGB").save(written, "JPEG", quality=90)
    return written.getvalue()


def quartered(real_photos, names: list[str]) -> Image.Image:
    """Four photos in one, in the order of QUARTERS."""
    made = Image.new("RGB", (2 * EDGE_PX, 2 * EDGE_PX))
    for name, (across, down) in zip(names, QUARTERS, strict=True):
        with Image.open(real_photos[name]) as photo:
            part = photo.convert("RGB").resize((EDGE_PX, EDGE_PX))
        made.paste(part, (across * EDGE_PX, down * EDGE_PX))
    return made


def near(encoder: StarterEncoder, vector: np.ndarray) -> Near:
    return lambda pixels: encoder.encode_images(pixels) @ vector


def region_of(encoder: StarterEncoder, words: str, picture: Image.Image) -> Box | None:
    vector = encoder.encode_query(words)[1]
    curve = encoder.card.photo_calibration
    background = encoder.background(Medium.PICTURE)
    scale = scale_of(vector, background, background[:0], curve.null)
    return best_region(jpeg_of(picture), encoder.card.pixels, near(encoder, vector), scale, curve)


@pytest.mark.parametrize("turned", range(4))
@pytest.mark.parametrize(("words", "name"), [("a cat", "cat"), ("a motorcycle", "motorcycle")])
def test_a_region_lies_where_the_thing_is(encoder, real_photos, words, name, turned) -> None:
    names = ["cat", "motorcycle", "rocket", "coffee"]
    names = names[turned:] + names[:turned]
    region = region_of(encoder, words, quartered(real_photos, names))
    assert region is not None
    across, down = QUARTERS[names.index(name)]
    middle = (region.left + region.right) / 2, (region.top + region.bottom) / 2
    assert (middle[0] > 0.5, middle[1] > 0.5) == (across == 1, down == 1)


def test_no_region_where_the_whole_is_meant(encoder, real_photos) -> None:
    with Image.open(real_photos["cat"]) as photo:
        assert region_of(encoder, "a cat", photo.convert("RGB")) is None


def test_no_region_where_the_thing_is_not(encoder, real_photos) -> None:
    picture = quartered(real_photos, ["cat", "motorcycle", "rocket", "coffee"])
    assert region_of(encoder, "children playing in the snow", picture) is None


def test_a_damaged_picture_is_told(encoder) -> None:
    vector = encoder.encode_query("a cat")[1]
    background = encoder.background(Medium.PICTURE)
    curve = encoder.card.photo_calibration
    scale = scale_of(vector, background, background[:0], curve.null)
    with pytest.raises(OSError, match="identify"):
        best_region(b"no picture", encoder.card.pixels, near(encoder, vector), scale, curve)


@pytest.mark.parametrize("size", [(400, 400), (4000, 300), (300, 4000), (1, 1)])
@pytest.mark.parametrize("squash", [True, False])
def test_windows_lie_inside_the_picture_and_leave_nothing_out(size, squash) -> None:
    boxes = list(sliding(size, PixelSpec(64, squash=squash)))
    assert all(0 <= box.left < box.right <= 1 + 1e-9 for box in boxes)
    assert all(0 <= box.top < box.bottom <= 1 + 1e-9 for box in boxes)
    for x, y in [(0.01, 0.01), (0.5, 0.5), (0.99, 0.99), (0.3, 0.7)]:
        assert any(b.left <= x <= b.right and b.top <= y <= b.bottom for b in boxes)
    if not squash:
        sides = [((b.right - b.left) * size[0], (b.bottom - b.top) * size[1]) for b in boxes]
        assert all(width == pytest.approx(height) for width, height in sides)


def test_a_library_shows_where_a_hit_is_seen(real_photos, tmp_path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    quartered(real_photos, ["rocket", "coffee", "motorcycle", "cat"]).save(folder / "four.png")
    (folder / "pets.txt").write_text("A cat needs no permission.")
    with Library.open(Home.at(tmp_path / "home")) as library:
        for _ in library.index([folder]):
            pass
        query = Query(text="a cat")
        hits = {hit.path.name: hit for hit in library.search(query).hits}
        region = library.region_async(hits["four.png"], query).result()
        assert region is not None
        assert region.left + region.right > 1
        assert region.top + region.bottom > 1
        assert library.region_async(hits["pets.txt"], query).result() is None
        assert library.region_async(hits["four.png"], Query()).result() is None

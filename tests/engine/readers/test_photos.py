import io
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from engine.readers import photos, pixels
from engine.records import PixelSpec

SQUASH = PixelSpec(32, squash=True)


def halves(left: object, right: object, mode: str = "RGB", size: int = 64) -> Image.Image:
    image = Image.new(mode, (size, size), left)
    image.paste(right, (size // 2, 0, size, size))
    return image


def sides(path: Path, spec: PixelSpec = SQUASH) -> tuple[np.ndarray, np.ndarray]:
    pixels = photos.read(path, spec).pixels
    assert pixels.dtype == np.uint8
    assert pixels.shape == (spec.edge_px, spec.edge_px, 3)
    return pixels[:, :8].mean((0, 1)), pixels[:, -8:].mean((0, 1))


_TRANSPOSED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_shown_upright(tmp_path: Path, orientation: int) -> None:
    upright = Image.new("RGB", (96, 64), "blue")
    upright.paste("red", (0, 0, 48, 32))
    stored = upright
    if _TRANSPOSED[orientation] is not None:
        stored = upright.transpose(_TRANSPOSED[orientation])
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    stored.save(tmp_path / "a.png", exif=exif)
    reading = photos.read(tmp_path / "a.png", SQUASH)
    assert (reading.width, reading.height) == (96, 64)
    assert reading.pixels[4, 4].tolist() == [255, 0, 0]
    for corner in ((4, -4), (-4, 4), (-4, -4)):
        assert reading.pixels[corner].tolist() == [0, 0, 255]


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    halves((255, 0, 0, 255), (0, 0, 0, 0), "RGBA").save(tmp_path / "a.png")
    left, right = sides(tmp_path / "a.png")
    assert left == pytest.approx([255, 0, 0])
    assert right == pytest.approx([255, 255, 255])


@pytest.mark.parametrize(
    ("mode", "left", "right", "suffix"),
    [
        ("L", 0, 255, "png"),
        ("1", 0, 1, "png"),
        ("I;16", 0, 65535, "png"),
        ("I;16", 0, 65535, "tif"),
        ("F", 0.0, 1.0, "tif"),
        ("CMYK", (255, 255, 255, 255), (0, 0, 0, 0), "jpg"),
        ("LA", (0, 255), (255, 255), "png"),
    ],
)
def test_every_mode_keeps_black_and_white(
    tmp_path: Path, mode: str, left: object, right: object, suffix: str
) -> None:
    halves(left, right, mode).save(tmp_path / f"a.{suffix}")
    dark, bright = sides(tmp_path / f"a.{suffix}")
    assert dark.max() < 12
    assert bright.min() > 243


def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path: Path) -> None:
    Image.fromarray(np.full((40, 40), 32768, np.uint16)).save(tmp_path / "a.png")
    assert photos.read(tmp_path / "a.png", SQUASH).pixels.mean() == pytest.approx(128, abs=2)


def test_a_palette_is_resolved(tmp_path: Path) -> None:
    halves("red", "lime").quantize(4).save(tmp_path / "a.png")
    left, right = sides(tmp_path / "a.png")
    assert left == pytest.approx([255, 0, 0], abs=4)
    assert right == pytest.approx([0, 255, 0], abs=4)


def test_the_first_frame_of_a_gif_counts(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert photos.read(tmp_path / "a.gif", SQUASH).pixels[5, 5].tolist() == [255, 0, 0]


def test_squash_keeps_the_whole_picture_and_crop_its_middle(tmp_path: Path) -> None:
    wide = Image.new("RGB", (300, 100), "lime")
    wide.paste("red", (0, 0, 60, 100))
    wide.save(tmp_path / "a.png")
    squashed = photos.read(tmp_path / "a.png", SQUASH).pixels
    cropped = photos.read(tmp_path / "a.png", PixelSpec(32, squash=False)).pixels
    assert squashed[16, 2].tolist() == [255, 0, 0]
    assert cropped[16, 2].tolist() == [0, 255, 0]


def test_a_large_jpeg_is_read_at_reduced_scale_without_a_difference(tmp_path: Path) -> None:
    gradient = np.linspace(0, 255, 1600).astype(np.uint8)
    image = Image.fromarray(np.repeat(gradient[None, :, None], 1200, 0).repeat(3, 2))
    image.save(tmp_path / "a.jpg", quality=95)
    pixels = photos.read(tmp_path / "a.jpg", SQUASH).pixels.astype(float)
    exact = np.asarray(image.resize((32, 32), Image.Resampling.BILINEAR), float)
    assert np.abs(pixels - exact).mean() < 3


def exif(**tags: str) -> Image.Exif:
    written = Image.Exif()
    inner = written.get_ifd(ExifTags.IFD.Exif)
    for name, value in tags.items():
        tag = ExifTags.Base[name]
        target = inner if name.startswith("DateTime") and name != "DateTime" else written
        target[tag] = value
    return written


@pytest.mark.parametrize(
    ("tags", "taken_at"),
    [
        ({"DateTimeOriginal": "2023:05:06 07:08:09"}, datetime(2023, 5, 6, 7, 8, 9)),
        ({"DateTime": "2021:01:02 03:04:05"}, datetime(2021, 1, 2, 3, 4, 5)),
        ({"DateTimeOriginal": "0000:00:00 00:00:00"}, None),
        ({"DateTimeOriginal": "yesterday"}, None),
        ({}, None),
    ],
)
def test_the_date_is_when_it_was_taken(tmp_path: Path, tags: dict, taken_at: object) -> None:
    Image.new("RGB", (20, 20)).save(tmp_path / "a.jpg", exif=exif(**tags))
    assert photos.read(tmp_path / "a.jpg", SQUASH).taken_at == taken_at


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Canon", "Canon EOS 40D", "Canon EOS 40D"),
        ("NIKON CORPORATION", "NIKON D70", "NIKON D70"),
        ("Google", "Pixel 8", "Google Pixel 8"),
        ("", "", None),
    ],
)
def test_the_camera_is_named_once(tmp_path: Path, make: str, model: str, camera: object) -> None:
    Image.new("RGB", (20, 20)).save(tmp_path / "a.jpg", exif=exif(Make=make, Model=model))
    assert photos.read(tmp_path / "a.jpg", SQUASH).camera == camera


def test_a_thumbnail_is_upright_and_fits(tmp_path: Path) -> None:
    written = Image.Exif()
    written[ExifTags.Base.Orientation] = 6
    Image.new("RGB", (400, 200), "red").save(tmp_path / "a.jpg", exif=written)
    (tmp_path / "t.jpg").write_bytes(photos.thumbnail(tmp_path / "a.jpg", 100))
    with Image.open(tmp_path / "t.jpg") as thumbnail:
        assert thumbnail.size == (50, 100)


@pytest.mark.parametrize("suffix", ["jpg", "tif", "webp"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_the_size_is_that_of_the_upright_photo_in_every_format(
    tmp_path: Path, suffix: str, orientation: int
) -> None:
    stored = Image.new("RGB", (96, 64), "blue")
    if _TRANSPOSED[orientation] is not None:
        stored = stored.transpose(_TRANSPOSED[orientation])
    written = Image.Exif()
    written[ExifTags.Base.Orientation] = orientation
    stored.save(tmp_path / f"a.{suffix}", exif=written)
    reading = photos.read(tmp_path / f"a.{suffix}", SQUASH)
    assert (reading.width, reading.height) == (96, 64)


@pytest.mark.parametrize(
    ("offset", "hours"),
    [("+02:00", 2.0), ("-09:30", -9.5), ("", None), ("+2", None), ("+99:00", None)],
)
def test_a_date_has_the_time_zone_that_the_camera_wrote(
    tmp_path: Path, offset: str, hours: float | None
) -> None:
    written = exif(DateTimeOriginal="2023:05:06 07:08:09")
    written.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.OffsetTimeOriginal] = offset
    Image.new("RGB", (20, 20)).save(tmp_path / "a.jpg", exif=written)
    taken_at = photos.read(tmp_path / "a.jpg", SQUASH).taken_at
    zone = None if hours is None else timezone(timedelta(hours=hours))
    assert taken_at == datetime(2023, 5, 6, 7, 8, 9, tzinfo=zone)


def test_damaged_metadata_does_not_spoil_a_photo(tmp_path: Path) -> None:
    for number in range(40):
        block = exif(DateTimeOriginal="2023:05:06 07:08:09", Make="Canon").tobytes()
        damaged = bytearray(block)
        damaged[6 + number :: 7] = b"\xff" * len(damaged[6 + number :: 7])
        Image.new("RGB", (20, 20), "red").save(tmp_path / "a.jpg", exif=bytes(damaged))
        assert photos.read(tmp_path / "a.jpg", SQUASH).pixels is not None


@pytest.mark.parametrize("size", [(3000, 2000), (2000, 3000), (4000, 300), (300, 4000)])
@pytest.mark.parametrize("squash", [True, False])
def test_a_reduced_jpeg_is_never_smaller_than_what_is_asked_for(
    tmp_path: Path, monkeypatch, size: tuple[int, int], squash: bool
) -> None:
    Image.new("RGB", size).save(tmp_path / "a.jpg")
    decoded: list[tuple[int, int]] = []
    fitted = pixels.fitted
    monkeypatch.setattr(pixels, "fitted", lambda i, s: decoded.append(i.size) or fitted(i, s))
    photos.read(tmp_path / "a.jpg", PixelSpec(224, squash=squash))
    assert min(decoded[0]) >= 224


@pytest.mark.parametrize("mode", ["L", "RGBA", "CMYK", "RGB"])
def test_a_large_picture_keeps_its_colours(tmp_path: Path, monkeypatch, mode: str) -> None:
    monkeypatch.setattr(pixels, "_LARGE_PIXELS", 1000)
    image = halves("black", "white", "RGB", 512).convert(mode)
    image.save(tmp_path / ("a.jpg" if mode == "CMYK" else "a.png"))
    left, right = sides(next(tmp_path.iterdir()))
    assert left.max() < 12
    assert right.min() > 243


def test_a_thumbnail_of_a_small_photo_is_not_blown_up(tmp_path: Path) -> None:
    Image.new("RGB", (40, 20), "red").save(tmp_path / "a.png")
    with Image.open(io.BytesIO(photos.thumbnail(tmp_path / "a.png", 100))) as made:
        assert made.size == (40, 20)


def test_a_thumbnail_is_in_srgb(tmp_path: Path) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    for mode in ("RGB", "L", "CMYK"):
        Image.new(mode, (40, 40)).save(tmp_path / "a.jpg", icc_profile=lab.tobytes())
        with Image.open(io.BytesIO(photos.thumbnail(tmp_path / "a.jpg", 20))) as made:
            assert made.mode == "RGB"
            assert "icc_profile" not in made.info

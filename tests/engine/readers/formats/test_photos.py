import contextlib
import random
import struct
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from engine.readers import registry
from engine.readers.family import NotReadableError
from engine.readers.formats import photos
from engine.readers.isolation import ReaderPool
from engine.readers.pictures import frames, opening, pixels
from engine.readings import WHOLE, PixelSpec, ReadFailure, Reading, SkipReason, Spot

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
    assert (reading.details.width, reading.details.height) == (96, 64)
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
    assert photos.read(tmp_path / "a.jpg", SQUASH).details.taken_at == taken_at


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
    assert photos.read(tmp_path / "a.jpg", SQUASH).details.camera == camera


def test_a_picture_is_upright_and_fits(tmp_path: Path) -> None:
    written = Image.Exif()
    written[ExifTags.Base.Orientation] = 6
    Image.new("RGB", (400, 200), "red").save(tmp_path / "a.jpg", exif=written)
    assert photos.picture(tmp_path / "a.jpg", WHOLE, 100).size == (50, 100)


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
    assert (reading.details.width, reading.details.height) == (96, 64)


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
    taken_at = photos.read(tmp_path / "a.jpg", SQUASH).details.taken_at
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


def test_a_picture_of_a_small_photo_is_not_blown_up(tmp_path: Path) -> None:
    Image.new("RGB", (40, 20), "red").save(tmp_path / "a.png")
    assert photos.picture(tmp_path / "a.png", WHOLE, 100).size == (40, 20)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_picture_is_in_srgb(tmp_path: Path, mode: str) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new(mode, (40, 40)).save(tmp_path / "a.jpg", icc_profile=srgb)
    assert photos.picture(tmp_path / "a.jpg", WHOLE, 20).mode == "RGB"


@pytest.mark.samples
@pytest.mark.parametrize("seen", ["read", "shown"])
def test_colours_of_a_wide_profile_are_turned_into_srgb(
    tmp_path: Path, seen: str, samples: Path
) -> None:
    from pi_heif import open_heif

    display_p3 = open_heif(samples / "photos/exif/heic/IMG_5195.HEIC").info["icc_profile"]
    Image.new("RGB", (64, 64), (200, 60, 40)).save(tmp_path / "a.png", icc_profile=display_p3)
    if seen == "read":
        found = photos.read(tmp_path / "a.png", SQUASH).pixels[5, 5]
    else:
        found = np.asarray(photos.picture(tmp_path / "a.png", WHOLE, 64))[5, 5]
    # By the matrices of CSS Color 4.
    assert found.tolist() == pytest.approx([217, 42, 23], abs=2)


def test_a_profile_that_does_not_fit_is_left_alone(tmp_path: Path) -> None:
    for_other_modes = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (b"no profile", for_other_modes):
        Image.new("RGB", (40, 40), "red").save(tmp_path / "a.png", icc_profile=profile)
        assert photos.read(tmp_path / "a.png", SQUASH).pixels[5, 5].tolist() == [255, 0, 0]


@pytest.mark.parametrize("suffix", ["avif", "jp2", "ppm", "psd"])
def test_formats_that_people_keep_are_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    if suffix == "psd":
        path.write_bytes(psd(halves("red", "blue")))
    else:
        halves("red", "blue").save(path)
    left, right = sides(path)
    assert left == pytest.approx([255, 0, 0], abs=24)
    assert right == pytest.approx([0, 0, 255], abs=24)


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "size", "year"),
    [
        ("formats/formats/heic/IMG_2682.heic", (4032, 3024), 2019),
        ("exif/heic/IMG_5195.HEIC", (2566, 3313), 2021),
        ("formats/heif/example.avif", (800, 533), None),
        ("formats/formats/avif/10bit-HDR-P3-nclx.avif", (3681, 5594), None),
    ],
)
def test_photos_of_phones_are_read(
    samples: Path, name: str, size: tuple[int, int], year: int | None
) -> None:
    reading = photos.read(samples / "photos" / name, SQUASH)
    assert (reading.details.width, reading.details.height) == size
    assert (reading.details.taken_at and reading.details.taken_at.year) == year
    shown = photos.picture(samples / "photos" / name, WHOLE, 400)
    assert shown.width / shown.height == pytest.approx(size[0] / size[1], rel=0.01)
    assert np.asarray(shown).std() > 10
    assert len(registry.thumbnail(samples / "photos" / name, 64)) > 100


@pytest.mark.samples
@pytest.mark.slow
def test_damaged_heic_harms_no_more_than_its_worker(tmp_path: Path, samples: Path) -> None:
    whole = (samples / "photos/exif/heic/samplefilehub.heif").read_bytes()
    rng = random.Random(1)
    for number in range(60):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 30)):
            data[rng.randrange(4000 if rng.random() < 0.7 else len(data))] = rng.randrange(256)
        path = tmp_path / f"{number}.heic"
        path.write_bytes(data[: rng.randrange(len(data) // 2, len(data) + 1)])
    with contextlib.closing(ReaderPool()) as pool:
        outcomes = [pool.submit_read(path, SQUASH) for path in sorted(tmp_path.iterdir())]
        found = [outcome.result() for outcome in outcomes]
    refused = [each for each in found if isinstance(each, ReadFailure)]
    assert all(isinstance(each, Reading) for each in found if each not in refused)
    assert len(refused) > 10
    assert all(each.detail for each in refused)


def psd(image: Image.Image) -> bytes:
    """A Photoshop file without layers: a header, three empty sections, the composite's planes."""
    header = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, image.height, image.width, 8, 3)
    planes = b"".join(band.tobytes() for band in image.split())
    return header + struct.pack(">IIIH", 0, 0, 0, 0) + planes


@pytest.mark.parametrize("suffix", ["gif", "png", "webp"])
def test_an_animation_is_shown_by_a_frame_with_something_on_it(tmp_path: Path, suffix: str) -> None:
    frames = [Image.new("RGB", (64, 64), "black"), halves("red", "lime"), halves("blue", "red")]
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:], duration=50)
    left, right = sides(tmp_path / f"a.{suffix}")
    assert left == pytest.approx([255, 0, 0], abs=12)
    assert right == pytest.approx([0, 255, 0], abs=12)


def test_an_animation_of_one_colour_is_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert photos.read(tmp_path / "a.gif", SQUASH).pixels[5, 5].tolist() == [255, 0, 0]


def scan(path: Path, *colours: str) -> Path:
    pages = [halves(colour, "white", size=80) for colour in colours]
    pages[0].save(path, save_all=True, append_images=pages[1:], compression="tiff_lzw")
    return path


def test_each_page_of_a_tiff_is_a_picture(tmp_path: Path) -> None:
    path = scan(tmp_path / "a.tif", "red", "lime", "blue")
    reading = photos.read(path, SQUASH)
    assert [each.spot for each in reading.pictures] == [Spot(1), Spot(2), Spot(3)]
    assert [each.pixels[5, 5].tolist() for each in reading.pictures] == [
        [255, 0, 0],
        [0, 255, 0],
        [0, 0, 255],
    ]
    assert reading.details.pages == 3
    assert photos.picture(path, Spot(3), 40).getpixel((2, 2)) == (0, 0, 255)
    with pytest.raises(NotReadableError):
        photos.picture(path, Spot(4), 40)


def test_one_page_is_no_page(tmp_path: Path) -> None:
    reading = photos.read(scan(tmp_path / "a.tif", "red"), SQUASH)
    assert [each.spot for each in reading.pictures] == [WHOLE]
    assert reading.details.pages is None


def test_pages_are_read_within_bounds(tmp_path: Path, monkeypatch) -> None:
    path = scan(tmp_path / "a.tif", *["red"] * 9)
    monkeypatch.setattr(frames, "MOST_PAGES", 5)
    assert len(photos.read(path, SQUASH).pictures) == 5
    monkeypatch.setattr(opening, "MOST_PIXELS", 80 * 80 * 3)
    assert len(photos.read(path, SQUASH).pictures) == 3


def test_a_damaged_page_takes_no_other_with_it(tmp_path: Path) -> None:
    path = scan(tmp_path / "a.tif", "red", "lime", "blue")
    with Image.open(path) as image:
        image.seek(2)
        strip = image.tag_v2[273][0]
    data = bytearray(path.read_bytes())
    data[strip : strip + 40] = b"\xff" * 40
    path.write_bytes(data)
    assert len(photos.read(path, SQUASH).pictures) == 2


def test_a_small_copy_inside_a_tiff_is_no_page(tmp_path: Path) -> None:
    big, small = halves("red", "blue", size=80), halves("red", "blue", size=20)
    small.encoderinfo = {"tiffinfo": {254: 1}}
    big.save(tmp_path / "a.tif", save_all=True, append_images=[small])
    assert len(photos.read(tmp_path / "a.tif", SQUASH).pictures) == 1


def test_a_file_that_leads_nowhere_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"II+\0\x08\0\0\0" + b"\xff" * 8 + bytes(100))
    with pytest.raises(NotReadableError) as refused:
        photos.read(tmp_path / "a.tif", SQUASH)
    assert refused.value.failure.reason is SkipReason.CORRUPT


def test_a_motion_photo_is_its_photo(tmp_path: Path) -> None:
    halves("red", "blue").save(tmp_path / "a.jpg", quality=95)
    film = b"\0\0\0\x18ftypmp42" + bytes(5000)
    (tmp_path / "a.jpg").write_bytes((tmp_path / "a.jpg").read_bytes() + film)
    left, right = sides(tmp_path / "a.jpg")
    assert left[0] > 240
    assert right[2] > 240


def test_the_first_of_several_pictures_in_a_jpeg_counts(tmp_path: Path) -> None:
    views = [halves("red", "blue"), halves("lime", "blue")]
    views[0].save(tmp_path / "a.mpo", save_all=True, append_images=views[1:], quality=95)
    reading = photos.read(tmp_path / "a.mpo", SQUASH)
    assert len(reading.pictures) == 1
    assert reading.pixels[16, 4].tolist() == pytest.approx([254, 0, 0], abs=12)


@pytest.mark.parametrize("suffix", ["avif", "jp2", "ppm", "psd"])
def test_mutations_are_read_or_refused(tmp_path: Path, suffix: str) -> None:
    image, path = halves("red", "blue", size=32), tmp_path / f"a.{suffix}"
    if suffix == "psd":
        path.write_bytes(psd(image))
    else:
        image.save(path)
    whole, rng = path.read_bytes(), random.Random(0)
    for _ in range(150):
        data = bytearray(whole[: rng.randrange(1, len(whole) + 1)])
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(data)
        try:
            assert photos.read(path, SQUASH).pictures
        except NotReadableError as error:
            assert error.failure.reason in (
                SkipReason.CORRUPT,
                SkipReason.TOO_LARGE,
                SkipReason.WRONG_TYPE,
            )

import random
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from engine.readers.family import NotReadableError
from engine.readers.formats import jpegxl
from engine.readings import WHOLE, DateSource, PixelSpec, SkipReason

pylibjxl = pytest.importorskip("pylibjxl")

SPEC = PixelSpec(32, squash=True)


def halves(channels: int = 3) -> np.ndarray:
    values = np.zeros((48, 64, channels), np.uint8)
    values[:, :32, 0] = 255
    values[:, 32:, min(2, channels - 1)] = 255
    if channels == 4:
        values[..., 3] = 255
    return values


def written(path: Path, values: np.ndarray, **extras: object) -> Path:
    path.write_bytes(pylibjxl.encode(values, lossless=True, **extras))
    return path


def test_a_photo_is_read_and_shown(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jxl", halves())
    reading = jpegxl.read(path, SPEC)
    assert (reading.details.width, reading.details.height) == (64, 48)
    assert reading.pixels[16, 4].tolist() == [255, 0, 0]
    assert reading.pixels[16, -4].tolist() == [0, 0, 255]
    assert jpegxl.picture(path, WHOLE, 32).size == (32, 24)


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    values = halves(4)
    values[..., 3] = 0
    assert jpegxl.read(written(tmp_path / "a.jxl", values), SPEC).pixels.min() == 255


def test_greys_are_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jxl", np.full((40, 40, 1), 90, np.uint8))
    assert jpegxl.read(path, SPEC).pixels[5, 5].tolist() == [90, 90, 90]


def test_what_the_camera_wrote_is_read(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Google", "Pixel 8"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2023:05:06 07:08:09"
    details = jpegxl.read(written(tmp_path / "a.jxl", halves(), exif=exif.tobytes()), SPEC).details
    assert details.camera == "Google Pixel 8"
    assert details.taken_from is DateSource.CAMERA


def test_a_photo_too_large_is_not_decoded(tmp_path: Path, monkeypatch) -> None:
    path = written(tmp_path / "a.jxl", halves())
    monkeypatch.setattr("engine.readers.pictures.opening.MOST_PIXELS", 100)
    with pytest.raises(NotReadableError) as refused:
        jpegxl.read(path, SPEC)
    assert refused.value.failure.reason is SkipReason.TOO_LARGE


def test_another_file_of_its_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jxl").write_bytes(b"%PDF-1.7")
    with pytest.raises(NotReadableError) as refused:
        jpegxl.read(tmp_path / "a.jxl", SPEC)
    assert refused.value.failure.reason is SkipReason.WRONG_TYPE


def test_damaged_photos_are_read_or_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jxl", halves())
    whole, rng = path.read_bytes(), random.Random(0)
    for _ in range(150):
        data = bytearray(whole[: rng.randrange(2, len(whole) + 1)])
        for _ in range(rng.randrange(3)):
            data[rng.randrange(2, len(data)) if len(data) > 2 else 0] = rng.randrange(256)
        path.write_bytes(data)
        try:
            assert jpegxl.read(path, SPEC).pictures
        except NotReadableError as error:
            assert error.failure.reason in (
                SkipReason.CORRUPT,
                SkipReason.TOO_LARGE,
                SkipReason.WRONG_TYPE,
            )


@pytest.mark.samples
def test_a_sample_is_read(samples: Path) -> None:
    reading = jpegxl.read(samples / "photos/formats/formats/jxl/8bit-sRGB.jxl", SPEC)
    assert (reading.details.width, reading.details.height) == (1440, 1080)
    assert reading.pixels.std() > 10

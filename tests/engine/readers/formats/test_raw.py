import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from engine.readers import registry
from engine.readers.family import NotReadableError
from engine.readers.formats import photos, raw
from engine.readers.metadata import raw as raw_metadata
from engine.readers.pictures import tiff
from engine.readings import WHOLE, DateSource, PixelSpec, ReadFailure, Reading, SkipReason
from tests.engine.readers.formats.raw_files import (
    Camera,
    Entry,
    canon_file,
    directory,
    fujifilm_file,
    raw_file,
    shorts,
    text,
)

SPEC = PixelSpec(32, squash=True)


def cornered(size: tuple[int, int] = (640, 480)) -> Image.Image:
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1] // 2))
    return image


@pytest.mark.parametrize(
    ("orientation", "red", "size"),
    [
        (1, (4, 4), (96, 64)),
        (3, (-4, -4), (96, 64)),
        (6, (4, -4), (64, 96)),
        (8, (-4, 4), (64, 96)),
    ],
)
def test_the_preview_is_shown_upright(
    tmp_path: Path, orientation: int, red: tuple[int, int], size: tuple[int, int]
) -> None:
    path = raw_file(tmp_path / "a.dng", cornered(), orientation)
    reading = raw.read(path, SPEC)
    assert (reading.details.width, reading.details.height) == size
    for corner in ((4, 4), (4, -4), (-4, 4), (-4, -4)):
        colour = [254, 0, 0] if corner == red else [0, 0, 254]
        assert reading.pixels[corner].tolist() == pytest.approx(colour, abs=16)
    assert raw.picture(path, WHOLE, 320).size == ((320, 240) if orientation < 5 else (240, 320))


def test_what_the_camera_wrote_is_read(tmp_path: Path) -> None:
    details = raw.read(raw_file(tmp_path / "a.dng", cornered()), SPEC).details
    assert (details.camera, details.lens, details.iso) == ("Ricoh GR", "50mm f/2", 400)
    assert details.taken_at is not None
    assert details.taken_at.isoformat() == "2023-05-06T07:08:09"
    assert details.taken_from is DateSource.CAMERA


MAKERS = [
    Camera("Canon", "Canon EOS 40D", ".cr2", b"II*\0CR\2\0"),
    Camera("NIKON CORPORATION", "NIKON D70", ".nef"),
    Camera("SONY", "ILCE-7M3", ".arw"),
    Camera("OLYMPUS CORPORATION", "E-M5", ".orf", b"IIRO"),
    Camera("Panasonic", "DMC-GF1", ".rw2", b"IIU\0"),
    Camera("PENTAX", "PENTAX K-5", ".pef"),
    Camera("SAMSUNG", "NX300", ".srw"),
    Camera("Hasselblad", "X1D", ".3fr"),
]


@pytest.mark.parametrize("camera", MAKERS, ids=lambda camera: camera.extension)
def test_the_files_of_makers_are_shown_by_their_previews(tmp_path: Path, camera: Camera) -> None:
    path = raw_file(tmp_path / f"a{camera.extension}", cornered(), 6, camera)
    outcome = registry.read(path, SPEC)
    assert isinstance(outcome, Reading)
    assert outcome.reader == raw.FAMILY.name
    assert camera.model in (outcome.details.camera or "")
    check_turned(outcome, path)


@pytest.mark.parametrize(
    ("write", "extension", "camera"),
    [(fujifilm_file, ".raf", "FUJIFILM X100"), (canon_file, ".cr3", "Canon EOS R")],
)
def test_files_that_are_no_tiff_are_shown_by_their_previews(
    tmp_path: Path, write: Callable[..., Path], extension: str, camera: str
) -> None:
    path = write(tmp_path / f"a{extension}", cornered(), 6)
    outcome = registry.read(path, SPEC)
    assert isinstance(outcome, Reading)
    assert outcome.reader == raw.FAMILY.name
    assert outcome.details.camera == camera
    check_turned(outcome, path)


def check_turned(reading: Reading, path: Path) -> None:
    assert (reading.details.iso, str(reading.details.taken_at)) == (400, "2023-05-06 07:08:09")
    assert reading.pixels[4, -4].tolist() == pytest.approx([254, 0, 0], abs=16)
    assert reading.pixels[4, 4].tolist() == pytest.approx([0, 0, 254], abs=16)
    assert raw.picture(path, WHOLE, 320).size == (240, 320)


def test_without_a_preview_worth_showing_the_sensor_is_developed(tmp_path: Path) -> None:
    path = raw_file(tmp_path / "a.dng", cornered((64, 48)), 6)
    reading = raw.read(path, SPEC)
    assert (reading.details.width, reading.details.height) == (64, 96)
    assert reading.pixels.std() > 5
    assert raw.picture(path, WHOLE, 400).size == (32, 48)


def test_a_raw_file_is_told_by_its_content(tmp_path: Path) -> None:
    path = raw_file(tmp_path / "a.tif", cornered())
    assert tiff.is_raw(path)
    outcome = registry.read(path, SPEC)
    assert isinstance(outcome, Reading)
    assert outcome.reader == raw.FAMILY.name


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "jpeg", "group4"])
def test_a_tiff_is_no_raw_file(tmp_path: Path, compression: str | None) -> None:
    image = cornered((64, 48)).convert("1" if compression == "group4" else "RGB")
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "EPSON"
    image.save(tmp_path / "a.tif", compression=compression, exif=exif)
    assert not tiff.is_raw(tmp_path / "a.tif")
    outcome = registry.read(tmp_path / "a.tif", SPEC)
    assert isinstance(outcome, Reading)
    assert outcome.reader == photos.FAMILY.name


@pytest.mark.parametrize(
    "head",
    [b"", b"II*\0", b"II*\0\xff\xff\xff\xff" + bytes(8), b"MM\0*\0\0\0\x08\xff\xff" + bytes(20)],
)
def test_a_stump_of_a_tiff_is_no_raw_file(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "a.tif").write_bytes(head)
    assert not tiff.is_raw(tmp_path / "a.tif")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"II*\0\x08\0\0\0" + bytes(200), SkipReason.UNSUPPORTED),
        (b"IIRO\x08\0\0\0" + bytes(200), SkipReason.UNSUPPORTED),
        (b"FUJIFILMCCD-RAW " + bytes(200), SkipReason.UNSUPPORTED),
        (b"\0\0\0\x18ftypcrx " + bytes(200), SkipReason.UNSUPPORTED),
        (b"Dear Anna, this is a letter.", SkipReason.WRONG_TYPE),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, content: bytes, reason: SkipReason) -> None:
    (tmp_path / "a.nef").write_bytes(content)
    outcome = registry.read(tmp_path / "a.nef", SPEC)
    assert isinstance(outcome, ReadFailure)
    assert outcome.reason is reason


@pytest.mark.parametrize(
    ("own", "plain"), [(b"IIRO", b"II*\0"), (b"IIU\0", b"II*\0"), (b"IIRS", b"II*\0")]
)
def test_tags_are_found_under_the_names_that_makers_give_to_tiff(
    tmp_path: Path, own: bytes, plain: bytes
) -> None:
    data = raw_file(tmp_path / "a.dng", cornered()).read_bytes()
    assert data.startswith(plain)
    (tmp_path / "a.orf").write_bytes(own + data[4:])
    exif = raw_metadata.parts_of(tmp_path / "a.orf").exif
    assert exif is not None
    assert exif[ExifTags.Base.Model] == "GR"
    assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] == 400


def test_tags_are_found_in_the_boxes_of_canon(tmp_path: Path) -> None:
    def box(name: bytes, *entries: Entry) -> bytes:
        inside = b"II*\0\x08\0\0\0" + directory(8, *entries)
        return struct.pack(">I", len(inside) + 8) + name + inside

    camera = box(b"CMT1", text(271, "Canon"), text(272, "Canon EOS R5"))
    shot = box(b"CMT2", text(36867, "2023:05:06 07:08:09"), shorts(34855, 400))
    place = box(b"CMT4", text(1, "N"), text(29, "2023:05:06"))
    (tmp_path / "a.cr3").write_bytes(b"\0\0\0\x18ftypcrx " + bytes(12) + camera + shot + place)
    exif = raw_metadata.parts_of(tmp_path / "a.cr3").exif
    assert exif is not None
    assert exif[ExifTags.Base.Model] == "Canon EOS R5"
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    assert inner[ExifTags.Base.DateTimeOriginal] == "2023:05:06 07:08:09"
    assert exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSDateStamp] == "2023:05:06"


def test_damaged_raw_files_are_read_or_refused(tmp_path: Path) -> None:
    path = raw_file(tmp_path / "a.dng", cornered((160, 120)))
    whole, rng = path.read_bytes(), random.Random(0)
    tags_at = struct.unpack_from("<I", whole, 4)[0]
    for _ in range(200):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 6)):
            # Half of them in the tags, which say where all the rest is.
            start = tags_at if rng.random() < 0.5 else 0
            data[rng.randrange(start, len(data))] = rng.randrange(256)
        path.write_bytes(data[: rng.randrange(len(data) // 2, len(data) + 1)])
        try:
            assert raw.read(path, SPEC).pictures
        except NotReadableError as error:
            assert error.failure.detail

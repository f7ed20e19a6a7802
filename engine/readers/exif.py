"""Tells from a photo's metadata how it was held, when it was taken, and with which camera."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from PIL import ExifTags, Image

_DATES = (
    (ExifTags.Base.DateTimeOriginal, ExifTags.Base.OffsetTimeOriginal),
    (ExifTags.Base.DateTimeDigitized, ExifTags.Base.OffsetTimeDigitized),
    (ExifTags.Base.DateTime, ExifTags.Base.OffsetTime),
)
_OFFSET_CHARS = len("+01:00")


@dataclass(frozen=True, slots=True)
class Metadata:
    """`taken_at` has a time zone where the camera wrote one."""

    orientation: int = 1
    taken_at: datetime | None = None
    camera: str | None = None


def metadata(image: Image.Image) -> Metadata:
    """What can be read of it; damaged metadata never spoils a photo."""
    tags: dict[int, object] = {}
    # Tags of hostile files raise nearly anything when they are parsed.
    with suppress(Exception):
        exif = image.getexif()
        tags |= exif
        with suppress(Exception):
            tags |= {tag: tags.get(tag) or value for tag, value in exif.get_ifd(0x8769).items()}
    orientation = tags.get(ExifTags.Base.Orientation)
    return Metadata(
        orientation=orientation if isinstance(orientation, int) else 1,
        taken_at=_taken_at(tags),
        camera=_camera(tags),
    )


def _taken_at(tags: dict[int, object]) -> datetime | None:
    for date_tag, offset_tag in _DATES:
        try:
            written = datetime.strptime(_words(tags.get(date_tag))[:19], "%Y:%m:%d %H:%M:%S")
        except ValueError:
            continue
        return written.replace(tzinfo=_offset(_words(tags.get(offset_tag))))
    return None


def _offset(written: str) -> timezone | None:
    """The time zone in `+01:00`."""
    sign, hours, minutes = written[:1], written[1:3], written[4:6]
    if len(written) != _OFFSET_CHARS or sign not in "+-" or not (hours + minutes).isdecimal():
        return None
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    with suppress(ValueError):
        return timezone(-offset if sign == "-" else offset)
    return None


def _camera(tags: dict[int, object]) -> str | None:
    make, model = _words(tags.get(ExifTags.Base.Make)), _words(tags.get(ExifTags.Base.Model))
    if model and model.casefold().startswith(make.split(" ")[0].casefold()):
        return model
    return f"{make} {model}".strip() or None


def _words(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    text = value.split("\0")[0] if isinstance(value, str) else ""
    return " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())

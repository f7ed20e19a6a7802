"""Opens pictures with Pillow, within limits, and turns what its decoders raise into reasons.

The only module that opens pictures with Pillow, which is imported when it first does.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from engine.readers import faults
from engine.readers.family import HEAD_BYTES, NotReadableError
from engine.readings import SkipReason

if TYPE_CHECKING:
    from PIL import Image

Signatures = tuple[Mapping[int, bytes], ...]

MOST_PIXELS = 200_000_000
"""Above this a photo is taken for a decompression bomb."""
MOST_REDUCED_PIXELS = 1_000_000_000
"""The same for JPEG of which only a reduced size is decoded: not the progressive kind."""

_PLUGINS = {
    "JPEG": "Jpeg",
    "PNG": "Png",
    "WEBP": "WebP",
    "GIF": "Gif",
    "TIFF": "Tiff",
    "BMP": "Bmp",
    "AVIF": "Avif",
    "JPEG2000": "Jpeg2K",
    "PSD": "Psd",
    "PPM": "Ppm",
}
"""The formats that are opened, and no others, by the modules of Pillow that decode them."""
_HEIF = "HEIF"
FORMATS = (*_PLUGINS, _HEIF)
DECODERS = (*(f"PIL.{plugin}ImagePlugin" for plugin in _PLUGINS.values()), "pi_heif")
SIGNATURES: Signatures = (
    {0: b"\xff\xd8\xff"},
    {0: b"\x89PNG\r\n\x1a\n"},
    {0: b"GIF87a"},
    {0: b"GIF89a"},
    {0: b"RIFF", 8: b"WEBP"},
    {0: b"II*\0"},
    {0: b"MM\0*"},
    {0: b"II+\0"},
    {0: b"MM\0+"},
    {0: b"BM", 6: b"\0\0\0\0"},
    *({4: b"ftyp" + brand} for brand in (b"avif", b"avis")),
    *({4: b"ftyp" + brand} for brand in (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")),
    *({4: b"ftyp" + brand} for brand in (b"hevc", b"hevx")),
    {0: b"\0\0\0\x0cjP  \r\n\x87\n"},
    {0: b"\xff\x4f\xff\x51"},
    {0: b"8BPS\0\1"},
    *({0: magic} for magic in (b"P4\n", b"P5\n", b"P6\n")),
)


@contextmanager
def opened(source: Path | bytes, path: Path) -> Iterator[Image.Image]:
    """The picture in a file, or in bytes that came out of the file at `path`.

    Nothing is decoded yet. Raises NotReadableError for whatever a decoder raises, here and while
    the picture is worked on; errors of the operating system pass through.
    """
    from PIL import Image, UnidentifiedImageError

    _register()
    # Sizes are checked here, by format, before anything is decoded.
    Image.MAX_IMAGE_PIXELS = None
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    with guarded():
        try:
            image = Image.open(file, formats=FORMATS)
        except UnidentifiedImageError as error:
            raise unidentified(path) from error
        with image:
            refuse_bomb(*image.size, reduced=is_reducible(image))
            yield image


@contextmanager
def guarded() -> Iterator[None]:
    """Turns whatever a decoder raises, or warns of, into a NotReadableError.

    Errors of the operating system and want of memory pass through.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except NotReadableError:
            raise
        except Exception as error:
            if is_damage(error):
                raise damaged() from error
            raise error if isinstance(error, OSError) else MemoryError() from error


def refuse_bomb(width: int, height: int, *, reduced: bool = False) -> None:
    """Raises NotReadableError where a picture claims more pixels than are decoded, or none."""
    if width < 1 or height < 1:
        raise damaged()
    if width * height > (MOST_REDUCED_PIXELS if reduced else MOST_PIXELS):
        raise NotReadableError(
            SkipReason.TOO_LARGE,
            f"The photo claims {width} × {height} pixels, more than Keepsight opens. "
            "Save a smaller copy to have it found.",
        )


def is_reducible(image: Image.Image) -> bool:
    """Whether less than the whole picture needs to be decoded."""
    return image.format in ("JPEG", "MPO") and not image.info.get("progressive")


def is_damage(error: Exception) -> bool:
    """Whether a decoder failed for the file's sake, and neither the system's nor want of memory.

    Decoders raise nearly anything on damaged files; the system's own errors have a number, but
    where a file sends its decoder to a place that no file has.
    """
    return not faults.is_of_system(error) and "memory" not in str(error)


def damaged() -> NotReadableError:
    """That a photo cannot be decoded."""
    return NotReadableError(
        SkipReason.CORRUPT,
        "The photo is damaged, incomplete or of a rare kind. Replace it by a good copy, or save it "
        "as JPEG.",
    )


@cache
def _register() -> None:
    import pi_heif

    for plugin in _PLUGINS.values():
        import_module(f"PIL.{plugin}ImagePlugin")
    # One thread: the workers take turns on all cores already.
    pi_heif.register_heif_opener(decode_threads=1, thumbnails=False)


def unidentified(path: Path, signatures: Signatures = SIGNATURES) -> NotReadableError:
    """That a decoder does not know a file: it is something else than its name says, or damaged."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    is_ours = any(
        all(head.startswith(magic, offset) for offset, magic in signature.items())
        for signature in signatures
    )
    return (None if is_ours else faults.misnamed(path, head)) or damaged()

"""Reads videos: when and where they were taken, and a picture of each of their scenes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.readers.family import Family
from engine.readings import Kind, Picture, PixelSpec, Reading, Spot

if TYPE_CHECKING:
    from av import VideoFrame
    from PIL import Image

    from engine.readers.videos.footage import Footage
    from engine.readers.videos.moments import Glimpse

SEARCH_S = 3.0
"""How long is searched for a picture that is not blank, when one stands for the video."""

_SIGNATURES = (
    *({4: box} for box in (b"ftyp", b"moov", b"mdat", b"wide", b"pnot")),
    {0: b"\x1aE\xdf\xa3"},
    {0: b"RIFF", 8: b"AVI "},
    {0: b"\0\0\1\xba"},
    {0: b"\0\0\1\xb3"},
    {0: b"G", 188: b"G", 376: b"G"},
    {4: b"G", 196: b"G", 388: b"G"},
    {0: b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"},
    {0: b"FLV\1"},
    {0: b"OggS"},
)
# Of what begins like a video: HEIF, AVIF and CR3 pictures.
_PICTURE_BRANDS = (b"hei", b"hev", b"mif", b"msf", b"avi", b"crx", b"jpx", b"mif1", b"miaf")


def read(path: Path, spec: PixelSpec) -> Reading:
    """A picture of each scene, at most one every two seconds, and what the file says of itself."""
    import numpy as np

    from engine.readers.pictures import pixels
    from engine.readers.videos import container_tags, footage, moments

    with footage.opened(path) as film:
        size: tuple[int, int] | None = None
        glimpses: list[Glimpse] = []
        pictures: dict[float, Picture] = {}
        for second, frame in film.all_over():
            size = size or film.upright_size(frame)
            image = film.image(frame, spec.edge_px)
            glimpses.append(moments.glimpse(second, image))
            pictures[second] = Picture(np.asarray(pixels.fitted(image, spec)), Spot(second=second))
        if size is None:
            raise footage.damaged()
        glimpses.sort(key=lambda glimpse: glimpse.second)
        return Reading(
            kind=Kind.VIDEO,
            pictures=tuple(pictures[each.second] for each in moments.chosen(glimpses)),
            details=replace(
                container_tags.read(film.tags),
                width=size[0],
                height=size[1],
                duration_s=film.duration_s,
                codec=film.codec,
            ),
        )


def picture(path: Path, spot: Spot, edge_px: int) -> Image.Image:
    """The video's picture at a second, or one in which something can be seen."""
    from engine.readers.videos import footage

    with footage.opened(path) as film:
        frame = _first_seen(film) if spot.second is None else film.at(spot.second)
        if frame is None:
            raise footage.damaged()
        image = film.image(frame, edge_px)
        image.thumbnail((edge_px, edge_px))
        return image


def is_video(path: Path) -> bool:
    """Whether a file that begins with boxes, as pictures do too, is none of these."""
    with path.open("rb") as file:
        head = file.read(12)
    return not (head[4:8] == b"ftyp" and head[8:].startswith(_PICTURE_BRANDS))


FAMILY = Family(
    name="video",
    kind=Kind.VIDEO,
    extensions=frozenset(
        f".{name}"
        for name in (
            *("mp4", "mov", "m4v", "qt", "mkv", "webm", "avi", "3gp", "3g2", "mpg", "mpeg"),
            *("mts", "m2ts", "wmv", "asf", "flv", "ogv"),
        )
    ),
    decoders=(
        "av",
        "engine.readers.videos.footage",
        "engine.readers.videos.moments",
        "engine.readers.pictures.pixels",
    ),
    signatures=_SIGNATURES,
    probe=is_video,
    read=read,
    picture=picture,
    version=3,
)


def _first_seen(film: Footage) -> VideoFrame | None:
    from engine.readers.videos import moments

    blank = None
    for second, frame in film.all_over(SEARCH_S):
        if moments.shows_something(moments.glimpse(second, film.image(frame, 64))):
            return frame
        blank = blank or frame
    return blank

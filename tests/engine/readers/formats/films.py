"""Makes small videos for tests: scenes that a person could tell apart, in any format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av  # noqa: TID253 - it makes nothing but videos
import numpy as np
from PIL import Image

FPS = 25


def scene(number: int, size: tuple[int, int] = (160, 120)) -> Image.Image:
    """A picture of coloured patches, another one for each number."""
    patches = np.random.default_rng(number).integers(0, 256, (6, 8, 3), np.uint8)
    return Image.fromarray(patches).resize(size, Image.Resampling.BICUBIC)


def film(
    path: Path,
    scenes: Sequence[Image.Image],
    *,
    codec: str = "mpeg4",
    seconds: float = 3.0,
    tags: Mapping[str, str] | None = None,
    rotation: int | None = None,
    options: Mapping[str, str] | None = None,
) -> Path:
    """A video of the scenes, each so long and begun with a picture that stands alone."""
    with av.open(str(path), "w", options=dict(options or {})) as container:
        container.metadata.update(tags or {})
        stream = container.add_stream(codec, rate=FPS)
        stream.width, stream.height = scenes[0].size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.gop_size = int(seconds * FPS)
        if rotation is not None:
            stream.set_display_rotation(rotation)
        for number in range(int(len(scenes) * seconds * FPS)):
            frame = av.VideoFrame.from_image(scenes[int(number / (seconds * FPS))])
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def sound(path: Path) -> Path:
    """A second of silence."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        for number in range(40):
            frame = av.AudioFrame.from_ndarray(
                np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
            )
            frame.sample_rate, frame.pts = 44100, 1024 * number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path

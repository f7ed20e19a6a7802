"""Opens videos and takes pictures out of them: the only module that imports PyAV.

Only pictures that stand alone (key frames) are decoded: the others are built on those and take
many times as long. The decoders are handed bytes and cannot open anything themselves.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.readers import faults
from engine.readers.family import NotReadableError
from engine.readings import SkipReason

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream
    from PIL import Image

DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,asf,flv,ogg"
"""FFmpeg's names of the containers that are opened: none that leads to other files."""
MOST_PIXELS = 48_000_000
"""Of one picture: 8K has 33 million."""
MOST_STREAMS = 64
MOST_SECONDS = 12.0
"""How long pictures are taken, on a slow computer: they are spread evenly by then."""
MOST_PACKETS = 5000
"""How far is looked for a picture after a place in a video."""

_BEFORE_S = 1.0
_ROUNDING_S = 0.002


@contextmanager
def opened(path: Path) -> Iterator[Footage]:
    """The moving pictures of a file.

    Whatever decoders raise meanwhile becomes NotReadableError; MemoryError and the errors of the
    operating system pass.
    """
    import av

    limits = {
        "format_whitelist": DEMUXERS,
        "protocol_whitelist": "none",
        "max_streams": str(MOST_STREAMS),
    }
    with path.open("rb") as file:
        try:
            with av.open(file, "r", options=limits, metadata_errors="replace") as container:
                yield Footage(container, _stream(container))
        except NotReadableError:
            raise
        # Decoders raise nearly anything on damaged files, also with the system's numbers.
        except Exception as error:
            is_of_decoder = isinstance(error, av.error.FFmpegError)
            if isinstance(error, MemoryError) or (faults.is_of_system(error) and not is_of_decoder):
                raise
            raise damaged() from error


@dataclass(frozen=True, slots=True)
class Footage:
    """The moving pictures of an open file."""

    _container: InputContainer
    _stream: VideoStream

    @property
    def codec(self) -> str:
        """FFmpeg's name of it."""
        return self._stream.codec_context.name

    @property
    def tags(self) -> dict[str, str]:
        """What the file says of itself, as FFmpeg names it."""
        return {**self._stream.metadata, **self._container.metadata}

    @property
    def duration_s(self) -> float | None:
        """Seconds, where the file says so."""
        duration, stream = self._container.duration, self._stream
        if duration is not None and duration > 0:
            return duration / 1_000_000
        if stream.duration is not None and stream.duration > 0 and stream.time_base is not None:
            return float(stream.duration * stream.time_base)
        return None

    def all_over(self, limit_s: float = MOST_SECONDS) -> Iterator[tuple[float, VideoFrame]]:
        """Pictures from all over the video and the second of each, in no order, none twice."""
        from engine.readers.videos import moments

        deadline = time.monotonic() + limit_s
        duration_s = self.duration_s
        found: Iterator[tuple[float, VideoFrame] | None]
        if duration_s is None:
            found = self._one_after_the_other()
        else:
            found = (self._after(place) for place in moments.places(duration_s))
        seen: set[float] = set()
        for each in found:
            if each is not None and each[0] not in seen:
                seen.add(each[0])
                yield each
            if time.monotonic() > deadline:
                return

    def at(self, second: float) -> VideoFrame | None:
        """The picture of a second, or of the next that stands alone, or else of the last."""
        self._seek(second - _BEFORE_S)
        last = None
        for found_second, last in self._key_frames():  # noqa: B007
            if found_second >= second - _ROUNDING_S:
                break
        return last

    def upright_size(self, frame: VideoFrame) -> tuple[int, int]:
        """Width and height as it is shown: pixels may be oblong, cameras held upright."""
        aspect = self._stream.sample_aspect_ratio
        width = round(frame.width * aspect) if aspect and 0.2 < aspect < 5 else frame.width
        return (frame.height, width) if frame.rotation % 180 else (width, frame.height)

    def image(self, frame: VideoFrame, edge_px: int) -> Image.Image:
        """The picture upright, in RGB, its shorter side `edge_px` or what it has."""
        from PIL import Image

        turns = {
            90: Image.Transpose.ROTATE_90,
            180: Image.Transpose.ROTATE_180,
            270: Image.Transpose.ROTATE_270,
        }
        width, height = self.upright_size(frame)
        scale = min(1.0, edge_px / min(width, height))
        shown = max(1, round(width * scale)), max(1, round(height * scale))
        stored = shown[::-1] if frame.rotation % 180 else shown
        small = frame.reformat(*stored, format="rgb24", interpolation="AREA")
        image = Image.fromarray(small.to_ndarray())
        turn = turns.get(frame.rotation % 360)
        return image if turn is None else image.transpose(turn)

    def _after(self, second: float) -> tuple[float, VideoFrame] | None:
        """The picture of a second or just before: in some containers, just after."""
        self._seek(second)
        return next(self._key_frames(), None)

    def _seek(self, second: float) -> None:
        import av

        stream = self._stream
        start = stream.start_time or 0
        # Before the beginning is the beginning, also where the clock does not start at zero.
        ticks = min(start, 0)
        if second > 0 and stream.time_base is not None:
            ticks = start + int((second + _ROUNDING_S) / stream.time_base)
        # What cannot be sought goes on from where it is.
        with suppress(av.error.FFmpegError):
            self._container.seek(ticks, stream=stream)

    def _one_after_the_other(self) -> Iterator[tuple[float, VideoFrame]]:
        """Pictures from the beginning on, of a video that does not say how long it is."""
        from engine.readers.videos import moments

        last = -moments.LEAST_APART_S
        looked_at = 0
        for second, frame in self._key_frames():
            if second - last < moments.LEAST_APART_S:
                continue
            yield second, frame
            last = second
            looked_at += 1
            if looked_at == moments.MOST_LOOKED_AT:
                return

    def _key_frames(self) -> Iterator[tuple[float, VideoFrame]]:
        """The pictures that stand alone, with their seconds, from where the container is."""
        import av

        decoder = self._stream.codec_context
        waited = 0
        for packet in self._container.demux(self._stream):
            waited += 1
            if waited > MOST_PACKETS:
                return
            if not packet.is_keyframe or packet.size == 0:
                continue
            frames: list[VideoFrame] = []
            with suppress(av.error.FFmpegError):
                # Told that nothing follows, the decoder hands its picture out at once.
                frames = [*decoder.decode(packet), *decoder.decode(None)]
            decoder.flush_buffers()
            if frames and (second := self._second(frames[0])) is not None:
                waited = 0
                yield second, frames[0]

    def _second(self, frame: VideoFrame) -> float | None:
        # A picture that a decoder hands out at its end does not know its own time base.
        stream = self._stream
        if frame.pts is None or stream.time_base is None:
            return None
        return max(0.0, round(float((frame.pts - (stream.start_time or 0)) * stream.time_base), 3))


def damaged() -> NotReadableError:
    """That a video cannot be read."""
    return NotReadableError(
        SkipReason.CORRUPT,
        "The video is damaged or incomplete. Replace it by a good copy and it is read again.",
    )


def _stream(container: InputContainer) -> VideoStream:
    """The first stream of pictures that is no cover, ready to decode."""
    from av.stream import Disposition

    streams = [
        stream
        for stream in container.streams.video
        if not stream.disposition & Disposition.attached_pic
    ]
    if not streams:
        raise NotReadableError(
            SkipReason.UNSUPPORTED,
            "There are no moving pictures in this file. Keepsight does not listen to sounds.",
        )
    stream = streams[0]
    decoder = stream.codec_context
    if decoder is None or not decoder.width or not decoder.height:
        raise damaged()
    if decoder.width * decoder.height > MOST_PIXELS:
        raise NotReadableError(
            SkipReason.TOO_LARGE,
            f"The video claims {decoder.width} × {decoder.height} pixels, more than Keepsight "
            "opens. Save a smaller copy to have it found.",
        )
    decoder.options = {"max_pixels": str(MOST_PIXELS)}
    decoder.skip_frame = "NONKEY"
    decoder.thread_count = 1
    return stream

"""Tells by their names which files beside a photo belong to it and are shown with it as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

RAW_EXTENSIONS = frozenset(
    (
        *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".iiq", ".kdc", ".mef"),
        *(".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2", ".rwl", ".sr2", ".srf"),
        *(".srw", ".x3f"),
    )
)
_JPEGS = (".jpg", ".jpeg", ".jpe")
_HEIFS = (".heic", ".heif", ".hif")
_RAW_LEADERS = (*_JPEGS, *_HEIFS)
_LIVE_LEADERS = (*_HEIFS, *_JPEGS)
_LIVE_MOVIES = frozenset((".mov", ".mp4", ".mp"))
LIVE_MOVIE_BYTES = 20_000_000
"""The film of a live photo lasts three seconds; larger ones have a picture as their poster."""
LIVE_MOVIE_S = 5.0
"""At most, of an MP4 beside a JPEG, as exports write it. Most such pairs are of programs that fetch
or sort films: the JPEG is the poster of a film that stands for itself."""
_SIDECARS = (".xmp", ".aae")
FOLLOWER_EXTENSIONS = RAW_EXTENSIONS | _LIVE_MOVIES | set(_SIDECARS)
"""Of what is shown with another file where there is one for it."""
_PHOTOS = (*_RAW_LEADERS, ".png", ".tif", ".tiff", ".webp", ".avif", ".jxl")
_VIDEOS = (".mov", ".mp4", ".m4v", ".avi", ".mkv", ".mts", ".m2ts", ".3gp")


class Beside:
    """The files of one folder, by name: which of them follow which.

    Upper and lower case don't count, since cameras and people mix `.JPG` and `.jpg`. Names without
    their folder, of one folder only. Those of `unreadable`, which are among them, lead nothing that
    can be seen without them. `sizes_bytes` are those of names where they are known: a long film
    follows no photo.
    """

    def __init__(
        self,
        names: Iterable[str],
        unreadable: Iterable[str] = (),
        sizes_bytes: Mapping[str, int] = MappingProxyType({}),
        is_short: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._names = {name.casefold(): name for name in sorted(names)}
        self._unreadable = {name.casefold() for name in unreadable}
        self._sizes_bytes = sizes_bytes
        self._is_short = is_short

    def leader_of(self, name: str) -> str | None:
        """The file that `name` is shown with, or None where it stands for itself.

        A JPEG or HEIC leads the raw file of the same shot; the photo leads the short film of a Live
        Photo; a sidecar follows its photo, raw file or film. A leader never follows another file.
        """
        stem, extension = _split(name.casefold())
        if extension in _SIDECARS:
            leader = self._described_by(stem, extension)
            return leader and (self.leader_of(leader) or leader)
        if extension in RAW_EXTENSIONS:
            return self._shown_by(stem, _RAW_LEADERS)
        if extension in _LIVE_MOVIES and self._sizes_bytes.get(name, 0) <= LIVE_MOVIE_BYTES:
            return self._shown_live_by(name)
        return None

    def _shown_live_by(self, name: str) -> str | None:
        """The photo of a film of a few megabytes: a.jpg of a.mov, a.jpg or a.MP.jpg of a.MP."""
        stem, extension = _split(name.casefold())
        leader = self._shown_by(stem, _LIVE_LEADERS)
        if leader is None and extension == ".mp":
            leader = self._shown_by(name.casefold(), _JPEGS)
        if leader is None or extension == ".mov" or leader.casefold().endswith(_HEIFS):
            return leader
        return leader if self._is_short(name) else None

    def _described_by(self, stem: str, extension: str) -> str | None:
        """What a sidecar describes: `a.jpg.xmp` a.jpg, `a.xmp` a's raw file first."""
        if stem in self._names:
            return self._names[stem]
        # An edit is written beside the original on phones: IMG_O1234.AAE is of IMG_1234.HEIC.
        plain = stem.replace("img_o", "img_", 1) if _is_edit(stem + extension) else stem
        return self._first(plain, (*sorted(RAW_EXTENSIONS), *_PHOTOS, *_VIDEOS))

    def _shown_by(self, stem: str, leaders: Iterable[str]) -> str | None:
        return self._first(stem, (each for each in leaders if stem + each not in self._unreadable))

    def _first(self, stem: str, extensions: Iterable[str]) -> str | None:
        found = (self._names.get(stem + extension) for extension in extensions)
        return next((name for name in found if name is not None), None)


def sidecar_names(name: str) -> tuple[str, ...]:
    """The names that an XMP sidecar of a file may have, the most telling first."""
    stem = _split(name)[0]
    return (f"{name}.xmp", f"{name}.XMP", f"{stem}.xmp", f"{stem}.XMP")


def _is_edit(key: str) -> bool:
    return key.startswith("img_o") and key.endswith(".aae")


def _split(name: str) -> tuple[str, str]:
    stem, dot, extension = name.rpartition(".")
    return (stem, f".{extension}") if dot and stem else (name, "")

"""Names the town, region and country of a place on earth, offline, from GeoNames' towns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

import numpy as np

from engine.readings import Place

if TYPE_CHECKING:
    from numpy.typing import NDArray

FARTHEST_KM = 100.0
"""Farther than this from any town, a place has no name: it is at sea, or in a desert."""

_EARTH_KM = 6371.0
_KM_PER_DEGREE = 111.0
_CORE = 1 / 3
"""The part of a town's radius within which a larger town outweighs a nearer one."""
_PEOPLE_PER_KM2 = 4000.0
"""How densely people live in cities, about: it tells how far a city reaches."""


def place_of(latitude: float, longitude: float) -> Place | None:
    """The town that a place is in or nearest to, or None far from all of them.

    Degrees (WGS 84). Each town is a circle as large as its people need. A place is in the largest
    town whose core it lies in, so that the middle of a city is not its nearest quarter; else in the
    town whose circle it lies deepest in; else it is near the nearest one.
    """
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    towns = _towns()
    near = np.flatnonzero(np.abs(towns.latitudes - latitude) <= FARTHEST_KM / _KM_PER_DEGREE)
    if not near.size:
        return None
    distances_km = _distances_km(latitude, longitude, towns.latitudes[near], towns.longitudes[near])
    depths = distances_km / towns.radii_km[near]
    cores = np.flatnonzero(depths <= _CORE)
    if cores.size:
        chosen = cores[towns.radii_km[near[cores]].argmax()]
    elif depths.min() <= 1:
        chosen = depths.argmin()
    else:
        chosen = distances_km.argmin()
    return towns.place(int(near[chosen])) if distances_km[chosen] <= FARTHEST_KM else None


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """Many short texts as one: a list of strings would take ten times the memory."""

    data: bytes
    ends: NDArray[np.uint32]

    @classmethod
    def of(cls, stored: NDArray[np.uint8]) -> _Lines:
        ends = np.append(np.flatnonzero(stored == ord("\n")), len(stored))
        return cls(stored.tobytes(), ends.astype(np.uint32))

    def __getitem__(self, index: int) -> str:
        start = int(self.ends[index - 1]) + 1 if index else 0
        return self.data[start : int(self.ends[index])].decode()


@dataclass(frozen=True, slots=True, eq=False)
class _Towns:
    """(N,) degrees and radii; `regions` says which line of `areas` is whose: region, region in
    Chinese, country, country in Chinese.
    """

    latitudes: NDArray[np.float32]
    longitudes: NDArray[np.float32]
    radii_km: NDArray[np.float32]
    regions: NDArray[np.uint16]
    names: _Lines
    names_zh: _Lines
    areas: _Lines

    def place(self, index: int) -> Place:
        region, region_zh, country, country_zh = self.areas[int(self.regions[index])].split("\t")
        return Place(
            city=self.names[index],
            region=region,
            country=country,
            city_zh=self.names_zh[index],
            region_zh=region_zh,
            country_zh=country_zh,
        )


@cache
def _towns() -> _Towns:
    with (
        as_file(files("resources") / "places" / "places.npz") as path,
        np.load(path, allow_pickle=False) as stored,
    ):
        people = np.maximum(stored["population"], 1)
        return _Towns(
            latitudes=stored["latitude"],
            longitudes=stored["longitude"],
            radii_km=np.sqrt(people / (np.pi * _PEOPLE_PER_KM2)).astype(np.float32),
            regions=stored["region"],
            names=_Lines.of(stored["names"]),
            names_zh=_Lines.of(stored["names_zh"]),
            areas=_Lines.of(stored["regions"]),
        )


def _distances_km(
    latitude: float,
    longitude: float,
    latitudes: NDArray[np.float32],
    longitudes: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Along great circles, by the haversine formula, which is exact for small distances too."""
    here, there = np.radians(latitude), np.radians(latitudes.astype(np.float64))
    across = np.radians(longitudes.astype(np.float64) - longitude)
    haversine = (
        np.sin((there - here) / 2) ** 2 + np.cos(here) * np.cos(there) * np.sin(across / 2) ** 2
    )
    distances: NDArray[np.float64] = 2 * _EARTH_KM * np.arcsin(np.sqrt(np.minimum(haversine, 1)))
    return distances

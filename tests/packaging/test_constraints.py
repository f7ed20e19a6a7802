"""Everything that Keepsight needs is pinned, and every pin fits."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
FOR_GPUS = ("nvidia", "cuda", "triton")
UNPINNED = ("pip", *FOR_GPUS)  # pip is the one that the virtual environment brings


def pins() -> dict[str, str]:
    lines = CONSTRAINTS.read_text().splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


def requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    return [Requirement(line) for line in project["dependencies"] + extras]


def pulled_in_by(requirement: Requirement) -> list[Requirement]:
    """What an installed package requires in turn, here; nothing where it is not installed."""
    try:
        lines = requires(requirement.name) or []
    except PackageNotFoundError:
        return []
    found = map(Requirement, lines)
    extras = requirement.extras or {""}
    return [
        needed
        for needed in found
        if needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in extras)
    ]


def test_every_requirement_is_pinned_within_its_range() -> None:
    pinned = pins()
    for requirement in requirements():
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)])


def test_what_requirements_pull_in_is_pinned_within_its_range() -> None:
    pinned = pins()
    waiting, seen = requirements(), set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (name, *requirement.extras) in seen or name.startswith(UNPINNED):
            continue
        seen.add((name, *requirement.extras))
        assert name in pinned
        assert requirement.specifier.contains(pinned[name], prereleases=True), requirement
        waiting += pulled_in_by(requirement)


def test_pins_are_exact_and_sorted_and_name_no_place() -> None:
    lines = [line for line in CONSTRAINTS.read_text().splitlines() if not line.startswith("#")]
    assert lines == sorted(lines, key=str.lower)
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)


def test_nothing_pins_a_gpu_package() -> None:
    assert not [name for name in pins() if name.startswith(FOR_GPUS)]


def test_every_requirement_says_what_it_is_for() -> None:
    for line in (ROOT / "pyproject.toml").read_text().splitlines():
        if re.match(r'    "[\w-]+[<>=]', line):
            assert re.search(r",\s+# \w", line), line

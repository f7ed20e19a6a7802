"""The documentation tells all there is, and nothing that is not there."""

import re
import subprocess
from dataclasses import fields
from datetime import datetime
from pathlib import Path

import click
import pytest

from engine import cli, output
from engine.readings import Kind
from engine.records import ContentId, FileId, Folder, SegmentId
from engine.search_records import Band, Hit

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted(ROOT.glob("*.md")) + sorted((ROOT / "resources").rglob("*.md"))
# In pieces, so that this file does not name what no file may name.
UNWANTED = [
    re.compile(r"\b(?:files\.)?python" + r"hosted\.org|\b(?:test\.)?py" + r"pi\.(?:org|python)"),
    re.compile(r"download\.py" + r"torch\.org|\bindex-" + r"url\b|\bfind-" + r"links\b"),
    re.compile(r"(?<![\w.~])/(?:work|home/\w+|Users/\w+|opt/wheels)" + r"/[\w.]"),
]


def options() -> list[tuple[str, str]]:
    """Every command, those of groups too, with its name and with each of its options."""
    found = []
    waiting = list(cli._commands.commands.items())
    while waiting:
        name, command = waiting.pop(0)
        found.append((name, f"keepsight {name}"))
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                found.append((name, max(parameter.opts, key=len)))
        if isinstance(command, click.Group):
            waiting += [(f"{name} {one}", inner) for one, inner in command.commands.items()]
    return found


def texts() -> list[Path]:
    """Every text file that git tracks or would track."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs git and a checkout, to tell our files from others")
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()]


@pytest.mark.parametrize(("command", "documented"), options())
def test_every_command_and_option_is_in_the_readme(command: str, documented: str) -> None:
    row = next(line for line in README.splitlines() if line.startswith(f"| `keepsight {command}"))
    assert {"--limit": "-n N"}.get(documented, documented) in row


def test_every_option_before_a_command_is_in_the_readme() -> None:
    for parameter in cli._commands.params:
        assert f"`{max(parameter.opts, key=len)}" in README


def test_the_readme_names_no_command_that_is_not_there() -> None:
    named = re.findall(r"^\| `keepsight (\w+(?: [a-z]+)?)", README, re.MULTILINE)
    assert set(named) == {name for name, _ in options()}


def test_every_key_of_the_json_is_in_the_readme() -> None:
    now = datetime(2024, 1, 1)
    hit = Hit(
        content_id=ContentId(1),
        segment_id=SegmentId(1),
        file_id=FileId(1),
        path=Path("a.jpg"),
        folder=Path(),
        kind=Kind.PHOTO,
        score=1.0,
        band=Band.STRONG,
        matches=(),
        size_bytes=1,
        modified_at=now,
        online=True,
    )
    for key in [*output.hit_as_json(hit), *(field.name for field in fields(Folder))]:
        assert f"`{key}`" in README


def test_every_filter_of_the_query_language_is_in_the_readme() -> None:
    for key in ("type:", "in:", "after:", "before:", "ext:"):
        assert f"`{key}" in README


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), target


def test_the_architecture_fits_on_two_pages() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) <= 100


def test_no_text_names_an_index_of_packages_or_a_place_on_one_machine() -> None:
    for path in texts():
        content = path.read_text(encoding="utf-8", errors="replace")
        for unwanted in UNWANTED:
            found = unwanted.search(content)
            assert found is None, f"{path.relative_to(ROOT)} names {found}"

"""The documentation tells all there is, and nothing that is not there."""

import re
from pathlib import Path

import click
import pytest

from engine import cli

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(ROOT.glob("*.md")) + sorted((ROOT / "resources").rglob("*.md"))


def options() -> list[tuple[str, str]]:
    found = []
    for name, command in cli._commands.commands.items():
        found.append((name, f"keepsight {name}"))
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                found.append((name, max(parameter.opts, key=len)))
    return found


@pytest.mark.parametrize(("command", "documented"), options())
def test_every_command_and_option_is_in_the_readme(command: str, documented: str) -> None:
    readme = (ROOT / "README.md").read_text()
    row = next(line for line in readme.splitlines() if line.startswith(f"| `keepsight {command}"))
    if documented in ("--limit", "--type"):
        documented = {"--limit": "-n N", "--type": "--type"}[documented]
    assert documented in row


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), target


def test_the_architecture_fits_on_two_pages() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text().splitlines()) <= 80


def test_every_setting_of_the_query_language_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    for key in ("type:", "in:", "after:", "before:", "ext:"):
        assert f"`{key}" in readme

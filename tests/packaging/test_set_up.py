"""What start.py installs, and when; nothing is installed here."""

import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

START = Path(__file__).resolve().parents[2] / "packaging" / "start.py"


class Commands:
    """Stands in for running commands: notes them and, as `venv` does, makes a Python."""

    def __init__(self, start: ModuleType) -> None:
        self.start = start
        self.status = 0
        self.ran: list[list[str]] = []

    def run(self, command: list[str]) -> int:
        self.ran.append(command)
        if "venv" in command and not self.status:
            python = Path(self.start.python())
            python.parent.mkdir(parents=True)
            python.touch()
        return self.status

    def targets(self) -> list[str]:
        """What pip was told to install since this was asked last."""
        found = [command[-1] for command in self.ran if "pip" in command]
        self.ran.clear()
        return found


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """start.py in a project of its own."""
    spec = spec_from_file_location("start", START)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "constraints.txt").write_text("numpy==2.0\n")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "CONSTRAINTS", tmp_path / "constraints.txt")
    monkeypatch.setattr(module, "works", lambda: Path(module.python()).exists())
    return module


@pytest.fixture
def commands(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Commands:
    made = Commands(start)
    monkeypatch.setattr(start, "run", made.run)
    return made


def test_it_installs_once_and_again_when_a_pin_changes(
    start: ModuleType, commands: Commands
) -> None:
    assert start.set_up([]) is None
    assert commands.targets() == [str(start.ROOT)]
    assert start.set_up([]) is None
    assert commands.targets() == []
    start.CONSTRAINTS.write_text("numpy==2.1\n")
    assert start.set_up([]) is None
    assert commands.targets() == [str(start.ROOT)]


def test_an_extra_is_added_to_those_that_are_there(start: ModuleType, commands: Commands) -> None:
    start.set_up(["demo"])
    start.set_up(["dev"])
    start.set_up(["demo"])
    assert commands.targets() == [f"{start.ROOT}[demo]", f"{start.ROOT}[demo,dev]"]


def test_a_failed_installation_is_told_and_tried_again(
    start: ModuleType, commands: Commands
) -> None:
    start.set_up([])
    start.CONSTRAINTS.write_text("numpy==2.1\n")
    commands.status = 1
    assert "installation failed" in start.set_up([])
    commands.status = 0
    commands.targets()
    assert start.set_up([]) is None
    assert commands.targets() == [str(start.ROOT)]


def test_a_python_without_venv_is_told_what_to_install(
    start: ModuleType, commands: Commands
) -> None:
    commands.status = 1
    assert "sudo apt install python3-venv" in start.set_up([])
    assert commands.targets() == []


class Linux:
    """A Linux whose Qt starts once its libraries have been installed."""

    def __init__(self) -> None:
        self.installed: list[str] = []
        self.has_packages = True

    def qt_problem(self, _environment: dict[str, str]) -> str:
        return "" if self.installed else "libEGL.so.1: cannot open shared object file"

    def run(self, command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        if not self.has_packages:
            return subprocess.CompletedProcess(command, 100, "", "Unable to locate package")
        if "install" in command:
            self.installed = command[command.index("install") + 1 :]
        return subprocess.CompletedProcess(command, 0, "", "")


@pytest.fixture
def linux(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Linux:
    made = Linux()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(start.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(start.subprocess, "run", made.run)
    monkeypatch.setattr(start, "qt_problem", made.qt_problem)
    return made


def be_user(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: number, raising=False)


def test_root_gets_the_libraries_installed(
    start: ModuleType, linux: Linux, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_user(0, monkeypatch)
    assert start.provide_libraries(opens_window=False) is None
    assert {"libegl1", "libxcb-cursor0"} <= set(linux.installed)
    assert not [word for word in linux.installed if "#" in word or " " in word]


def test_others_are_told_the_command_for_their_linux(
    start: ModuleType, linux: Linux, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_user(1000, monkeypatch)
    told = start.provide_libraries(opens_window=False)
    assert not linux.installed
    assert "libEGL.so.1" in told
    for command in ("sudo apt-get install", "sudo dnf install", "sudo pacman -S"):
        assert command in told


def test_a_failed_apt_is_told_with_its_reason(
    start: ModuleType, linux: Linux, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_user(0, monkeypatch)
    linux.has_packages = False
    assert "Unable to locate package" in start.provide_libraries(opens_window=False)


def test_a_window_without_a_display_is_refused_before_anything_is_installed(
    start: ModuleType, linux: Linux, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_user(0, monkeypatch)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert "no display" in start.provide_libraries(opens_window=True)
    assert not linux.installed

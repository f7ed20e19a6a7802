"""Sets Keepsight up in a virtual environment of its own, then starts it or runs its tests.

    python3 packaging/start.py [FOLDER ...]     open Keepsight on folders
    python3 packaging/start.py --demo           open it on some free photos and texts
    python3 packaging/start.py --test [...]     pass the checks and tests
    python3 packaging/start.py --help           tell this

Other options go to Keepsight itself, such as `--version`. Uses nothing but Python's standard
library, and is parsed by old versions of Python too, so that these can say what is missing.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
LINUX_PACKAGES = ROOT / "packaging" / "linux-packages.txt"
DEMO_HOME = ROOT / ".demo"
QT_PROBE = "from PySide6.QtWidgets import QApplication; QApplication([])"


def main(arguments):
    """Does what `arguments` ask for; returns the exit status."""
    if sys.version_info < OLDEST_PYTHON:
        return fail(
            "Keepsight needs Python %d.%d or newer; this is %s. Install a newer one and run this "
            "command with it, for example: python3.11 packaging/start.py"
            % (OLDEST_PYTHON[0], OLDEST_PYTHON[1], sys.version.split()[0])
        )
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return 0
    testing = "--test" in arguments
    demo = "--demo" in arguments
    rest = [argument for argument in arguments if argument not in ("--test", "--demo")]
    extras = (["dev"] if testing else []) + (["demo"] if testing or demo else [])
    opens_window = not testing and (demo or not rest or not rest[0].startswith("-"))
    problem = set_up(extras)
    if not problem and (testing or opens_window):
        problem = provide_libraries(opens_window)
    if problem:
        return fail(problem)
    if testing:
        return run([python(), str(ROOT / "packaging" / "check.py"), *rest])
    if demo:
        folder = DEMO_HOME / "Photos and texts"
        status = run([python(), str(ROOT / "packaging" / "demo.py"), str(folder)])
        if status:
            return status
        rest = ["--home", str(DEMO_HOME / "library"), "window", str(folder), *rest]
    elif rest and opens_window:
        rest = ["window", *rest]
    # -P: a folder named "desktop" where this command is given is not mistaken for our package.
    return run([python(), "-P", "-m", "desktop", *rest])


def set_up(extras):
    """Makes the virtual environment and installs into it what is not there yet."""
    stamp = VENV / "keepsight-installed.txt"
    wanted = fingerprint()
    installed = stamp.read_text().split() if stamp.exists() else []
    if installed[:1] == [wanted] and Path(python()).exists():
        if set(extras) <= set(installed[1:]):
            return None
        extras = sorted(set(extras) | set(installed[1:]))
    if not works():
        say("Making a virtual environment in %s" % VENV)
        if run([sys.executable, "-m", "venv", "--clear", str(VENV)]):
            shutil.rmtree(str(VENV), ignore_errors=True)
            return (
                "The virtual environment could not be made. On Debian and Ubuntu, install what it "
                "needs and try again: sudo apt install python3-venv"
            )
    say("Installing what Keepsight needs (about 1 GB at the first time; this takes some minutes)")
    target = str(ROOT) + ("[%s]" % ",".join(extras) if extras else "")
    command = [python(), "-m", "pip", "install", "--disable-pip-version-check"]
    command += [] if sys.stdout.isatty() else ["-qq"]
    status = run([*command, "--constraint", str(CONSTRAINTS), "--editable", target])
    if status:
        return (
            "The installation failed; pip says why above. Check the network connection and the "
            "free disk space, then run this command again: it goes on where it stopped."
        )
    stamp.write_text(" ".join([wanted, *extras]) + "\n")
    return None


def provide_libraries(opens_window):
    """Makes sure that Qt can start: bare Linux systems lack libraries that it needs."""
    environment = dict(os.environ)
    linux = sys.platform.startswith("linux")
    has_display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not opens_window:
        environment["QT_QPA_PLATFORM"] = "offscreen"
    elif linux and not has_display and "QT_QPA_PLATFORM" not in os.environ:
        return "There is no display to open a window on. The commands need none: see %s --help" % (
            Path(python()).parent / "keepsight"
        )
    problem = qt_problem(environment)
    if not problem:
        return None
    if not linux:
        return "Qt cannot start:\n%s" % problem
    packages = [
        line.split("#")[0].strip()
        for line in LINUX_PACKAGES.read_text().splitlines()
        if line.split("#")[0].strip()
    ]
    install = ["apt-get", "install", "--yes", *packages]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("Installing the system libraries that Qt needs: %s" % " ".join(packages))
        quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        for command in (["apt-get", "update"], install):
            done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
            if done.returncode:
                return "`%s` failed:\n%s" % (" ".join(command), done.stderr.strip())
        problem = qt_problem(environment)
        if not problem:
            return None
    return (
        "Qt cannot start, most likely since system libraries are missing:\n%s\n\nOn Debian and "
        "Ubuntu, install them and run this command again:\n    sudo %s\n"
        "On Fedora: sudo dnf install libglvnd-egl "
        "libglvnd-glx libxkbcommon-x11 xcb-util-cursor xcb-util-wm xcb-util-image "
        "xcb-util-keysyms xcb-util-renderutil fontconfig dbus-libs\nOn Arch: sudo pacman -S "
        "libglvnd libxkbcommon-x11 xcb-util-cursor xcb-util-wm xcb-util-image xcb-util-keysyms "
        "xcb-util-renderutil fontconfig" % (problem[-500:], " ".join(install))
    )


def qt_problem(environment):
    """What keeps Qt from starting; empty where nothing does."""
    probe = subprocess.run(
        [python(), "-c", QT_PROBE], env=environment, capture_output=True, text=True, check=False
    )
    return (probe.stderr.strip() or "no reason given") if probe.returncode else ""


def fingerprint():
    """Changes whenever something else would be installed, or at another place."""
    files = (ROOT / "pyproject.toml", CONSTRAINTS)
    parts = [file.read_bytes() for file in files] + [os.fsencode(str(ROOT))]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def works():
    """Whether the virtual environment is whole: an interrupted one has no pip."""
    if not Path(python()).exists():
        return False
    probe = [python(), "-c", "import pip"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def python():
    """The virtual environment's Python."""
    return str(VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def run(command):
    """Runs a command to its end; returns its exit status."""
    try:
        return subprocess.run(command, cwd=str(Path.cwd()), check=False).returncode
    except KeyboardInterrupt:
        return 130


def say(text):
    """Tells what happens now."""
    print("keepsight: " + text, file=sys.stderr, flush=True)


def fail(text):
    """Tells what went wrong; returns an exit status."""
    say(text)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

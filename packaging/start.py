"""Sets Keepsight up in a virtual environment of its own, then starts it or runs its tests.

    python3 packaging/start.py [FOLDER ...]     open Keepsight on folders
    python3 packaging/start.py --demo           open it on some free photos and texts
    python3 packaging/start.py --test [...]     pass the checks and tests

Uses nothing but Python's standard library, and is parsed by old versions of Python too, so that
these can say what is missing.
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
QT_PROBE = (
    "import os; os.environ['QT_QPA_PLATFORM'] = 'offscreen'; "
    "from PySide6.QtWidgets import QApplication; QApplication([])"
)


def main(arguments):
    """Does what `arguments` ask for; returns the exit status."""
    if sys.version_info < OLDEST_PYTHON:
        return fail(
            "Keepsight needs Python %d.%d or newer; this is %s. Install a newer one and run this "
            "command with it, for example: python3.11 packaging/start.py"
            % (OLDEST_PYTHON[0], OLDEST_PYTHON[1], sys.version.split()[0])
        )
    testing = "--test" in arguments
    demo = "--demo" in arguments
    rest = [argument for argument in arguments if argument not in ("--test", "--demo")]
    extras = (["dev"] if testing else []) + (["demo"] if testing or demo else [])
    problem = set_up(extras) or provide_libraries()
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
    elif rest and not rest[0].startswith("-"):
        rest = ["window", *rest]
    return run([python(), "-m", "desktop", *rest])


def set_up(extras):
    """Makes the virtual environment and installs into it what is not there yet."""
    if not Path(python()).exists():
        say("Making a virtual environment in %s" % VENV.name)
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False)
        if made.returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            return (
                "The virtual environment could not be made. On Debian and Ubuntu, install what it "
                "needs and try again: sudo apt install python3-venv"
            )
    stamp = VENV / "keepsight-installed.txt"
    wanted = fingerprint()
    installed = stamp.read_text().split() if stamp.exists() else []
    if installed[:1] == [wanted] and set(extras) <= set(installed[1:]):
        return None
    if installed[:1] == [wanted]:
        extras = sorted(set(extras) | set(installed[1:]))
    say("Installing what Keepsight needs (about 1 GB at the first time; this takes some minutes)")
    target = str(ROOT) + ("[%s]" % ",".join(extras) if extras else "")
    command = [python(), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    status = run([*command, "--constraint", str(CONSTRAINTS), "--editable", target])
    if status:
        return (
            "The installation failed; pip says why above. Check the network connection and the "
            "free disk space, then run this command again: it goes on where it stopped."
        )
    stamp.write_text(" ".join([wanted, *extras]) + "\n")
    return None


def provide_libraries():
    """Makes sure that Qt can start: bare Linux systems lack libraries that it needs."""
    probe = subprocess.run([python(), "-c", QT_PROBE], capture_output=True, text=True, check=False)
    if probe.returncode == 0:
        return None
    if not sys.platform.startswith("linux"):
        return "Qt cannot start:\n%s" % probe.stderr.strip()
    packages = [
        line.split("#")[0].strip()
        for line in LINUX_PACKAGES.read_text().splitlines()
        if line.split("#")[0].strip()
    ]
    install = ["apt-get", "install", "--yes", *packages]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("Installing the system libraries that Qt needs: %s" % " ".join(packages))
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        for command in (["apt-get", "update"], install):
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False
            )
            if done.returncode:
                return "`%s` failed:\n%s" % (" ".join(command), done.stderr.strip())
        again = subprocess.run([python(), "-c", QT_PROBE], capture_output=True, check=False)
        if again.returncode == 0:
            return None
    return (
        "Qt cannot start, since system libraries are missing:\n%s\n\nOn Debian and Ubuntu, install "
        "them and run this command again:\n    sudo %s\nOn Fedora: sudo dnf install libglvnd-egl "
        "libglvnd-glx libxkbcommon-x11 xcb-util-cursor xcb-util-wm xcb-util-image "
        "xcb-util-keysyms xcb-util-renderutil fontconfig dbus-libs\nOn Arch: sudo pacman -S "
        "libglvnd libxkbcommon-x11 xcb-util-cursor xcb-util-wm xcb-util-image xcb-util-keysyms "
        "xcb-util-renderutil fontconfig" % (probe.stderr.strip()[-500:], " ".join(install))
    )


def fingerprint():
    """Changes whenever something else would be installed."""
    files = (ROOT / "pyproject.toml", CONSTRAINTS)
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


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

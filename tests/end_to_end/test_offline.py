"""Nothing opens a connection, and nothing heavy is loaded before it is needed."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

GUARD = """
import socket, sys
def refuse(*_arguments, **_options):
    raise SystemExit("a connection was tried")
socket.socket.connect = socket.socket.connect_ex = refuse
socket.getaddrinfo = socket.create_connection = refuse
from engine.cli import command_line
"""


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_indexing_and_searching_need_no_network(tmp_path: Path, pictures, make_photo) -> None:
    make_photo(pictures / "a.jpg")
    (pictures / "note.txt").write_text("boats in a harbour")
    guarded = GUARD + "\nif __name__ == '__main__':\n    command_line(lambda *_: 1, sys.argv[1:])"
    script = tmp_path / "guarded.py"
    script.write_text(f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{guarded}")
    for command in (["index", pictures], ["search", "boats"], ["similar", pictures / "a.jpg"]):
        done = subprocess.run(
            [sys.executable, script, "--home", tmp_path / "home", *command],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        assert done.returncode == 0, done.stderr


def test_help_loads_nothing_heavy() -> None:
    heavy = ("torch", "open_clip", "onnxruntime", "PySide6", "usearch", "PIL")
    script = (
        "import sys\nfrom desktop.__main__ import open_window\n"
        "from engine.cli import command_line\n"
        "try:\n    command_line(open_window, ['--help'])\n"
        "except SystemExit:\n    pass\n"
        f"print('loaded:', [name for name in {heavy} if name in sys.modules])"
    )
    done = run(script)
    assert "loaded: []" in done.stdout


def test_searching_with_the_built_in_model_loads_no_torch(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from engine.library import Library\nfrom engine.paths import Home\n"
        "from engine.search_records import Query\n"
        "with Library.open(Home.at(Path(sys.argv[1]))) as library:\n"
        "    library.search(Query(text='cat'))\n"
        "print('loaded:', [name for name in ('torch', 'open_clip') if name in sys.modules])"
    )
    done = run(script, tmp_path / "home")
    assert "loaded: []" in done.stdout, done.stderr

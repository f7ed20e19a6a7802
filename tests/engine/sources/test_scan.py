import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.paths import Home
from engine.records import LATEST_NS, Folder, FolderId, FolderState, FoundFile
from engine.sources import rules
from engine.sources.scan import ClosedFolder, LeftOut, scan


def watched(path: Path) -> Folder:
    return Folder(FolderId(1), path, FolderState.ONLINE, files=0, indexed=0, skipped=0)


def found(path: Path, below: str = "") -> list[str]:
    return sorted(
        item.relative.as_posix()
        for item in scan(watched(path), Path(below))
        if isinstance(item, FoundFile)
    )


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def test_every_file_is_found_once_with_its_size(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "b/c.txt", "b/d/e.png")
    assert found(tmp_path) == ["a.jpg", "b/c.txt", "b/d/e.png"]
    sizes = {i.relative.name: i.size_bytes for i in scan(watched(tmp_path))}
    assert sizes == {"a.jpg": 5, "c.txt": 7, "e.png": 9}


def test_a_part_of_a_folder_is_scanned_alone(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "b/c.txt", "b/d/e.png", "bb/f.txt")
    assert found(tmp_path, "b") == ["b/c.txt", "b/d/e.png"]
    assert found(tmp_path, "b/c.txt") == ["b/c.txt"]
    assert found(tmp_path, "gone") == []


def test_a_part_that_is_left_out_is_not_scanned_when_asked_for(tmp_path: Path) -> None:
    put(tmp_path, ".git/a.txt", "node_modules/b/c.txt", ".hidden.jpg")
    for below in (".git", ".git/a.txt", "node_modules/b", ".hidden.jpg"):
        assert found(tmp_path, below) == []


def test_loops_of_links_end_and_owners_names_win(tmp_path: Path) -> None:
    put(tmp_path, "z/photo.jpg")
    (tmp_path / "a").symlink_to(tmp_path / "z", target_is_directory=True)
    (tmp_path / "z" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    assert found(tmp_path) == ["z/photo.jpg"]


@pytest.mark.parametrize("below", ["", "link", "link/photo.jpg", "new", "new/deep"])
def test_a_link_to_a_folder_inside_is_never_another_path(tmp_path: Path, below: str) -> None:
    put(tmp_path, "z/photo.jpg", "new/a.jpg")
    (tmp_path / "link").symlink_to("z", target_is_directory=True)
    (tmp_path / "new" / "deep").symlink_to("../z", target_is_directory=True)
    everything = {"": ["new/a.jpg", "z/photo.jpg"], "new": ["new/a.jpg"]}
    assert found(tmp_path, below) == everything.get(below, [])


@pytest.mark.parametrize("below", ["", "link"])
def test_a_link_to_what_is_left_out_is_followed(tmp_path: Path, below: str) -> None:
    put(tmp_path, ".hidden/photos/a.jpg")
    (tmp_path / "link").symlink_to(".hidden/photos", target_is_directory=True)
    assert found(tmp_path, below) == ["link/a.jpg"]


def test_links_to_places_outside_are_followed(tmp_path: Path) -> None:
    put(tmp_path / "outside", "a.jpg")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "link").symlink_to(tmp_path / "outside", target_is_directory=True)
    assert found(tmp_path / "inside") == ["link/a.jpg"]


def test_pipes_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert found(tmp_path) == []


def test_a_file_from_the_far_future_can_be_stored(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg")
    try:
        os.utime(tmp_path / "a.jpg", (1e10, 1e10))
    except OverflowError:
        pytest.skip("this platform has no such dates")
    (file,) = scan(watched(tmp_path))
    assert isinstance(file, FoundFile)
    assert file.modified_ns <= LATEST_NS


def test_a_folder_that_cannot_be_listed_is_told(tmp_path: Path, monkeypatch) -> None:
    put(tmp_path, "open/a.jpg", "closed/b.jpg")
    listing = os.scandir

    def refuse(path: Path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return listing(path)

    monkeypatch.setattr(os, "scandir", refuse)
    closed = [item for item in scan(watched(tmp_path)) if isinstance(item, ClosedFolder)]
    assert closed == [ClosedFolder(Path("closed"), "Permission denied")]
    assert found(tmp_path) == ["open/a.jpg"]


Look = Callable[[Path, os.stat_result], os.stat_result]


class Entry:
    """An entry of a listing that says of itself what `look` makes of the truth."""

    def __init__(self, entry: os.DirEntry[str], look: Look) -> None:
        self._entry, self._look = entry, look
        self.name, self.path = entry.name, entry.path

    def is_symlink(self) -> bool:
        return self._entry.is_symlink()

    def stat(self) -> os.stat_result:
        return self._look(Path(self.path), self._entry.stat())


@pytest.fixture
def entries_seen(monkeypatch) -> Callable[[Look], None]:
    """Has entries of listings say other things of themselves."""
    listing = os.scandir

    def see(look: Look) -> None:
        @contextmanager
        def listed(path: Path) -> Iterator[list[Entry]]:
            with listing(path) as entries:
                yield [Entry(entry, look) for entry in entries]

        monkeypatch.setattr(os, "scandir", listed)

    return see


def test_every_folder_is_entered_where_listings_have_no_identities(
    tmp_path: Path, entries_seen
) -> None:
    put(tmp_path, "a/1.jpg", "b/2.jpg", "b/c/3.jpg")
    (tmp_path / "b" / "up").symlink_to(tmp_path, target_is_directory=True)

    def as_on_windows(_path: Path, status: os.stat_result) -> os.stat_result:
        fields = list(status)
        fields[1] = fields[2] = 0
        return os.stat_result(fields, {"st_mtime_ns": status.st_mtime_ns})

    entries_seen(as_on_windows)
    assert found(tmp_path) == ["a/1.jpg", "b/2.jpg", "b/c/3.jpg"]


@pytest.mark.parametrize("below", ["", "dead"])
def test_what_cannot_be_looked_at_is_not_taken_for_gone(
    tmp_path: Path, monkeypatch, below: str
) -> None:
    put(tmp_path, "alive/a.jpg", "dead/b.jpg", "System Volume Information/c.jpg")
    look = os.stat

    def refuse(path: Path | str, **options: bool) -> os.stat_result:
        if Path(path).name in ("dead", "System Volume Information"):
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        return look(path, **options)

    monkeypatch.setattr(os, "stat", refuse)
    closed = [i for i in scan(watched(tmp_path), Path(below)) if isinstance(i, ClosedFolder)]
    assert closed == [ClosedFolder(Path("dead"), "Transport endpoint is not connected")]


def test_a_part_below_what_is_now_a_file_is_gone(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg")
    assert found(tmp_path, "a.jpg/b.jpg") == []


def test_a_watched_folder_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="gone"):
        list(scan(watched(tmp_path / "gone")))


NAMES = st.sampled_from(["a.jpg", ".b", "Cache", "node_modules", "c", "d.part", "~$e.txt", "F.TMP"])


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_a_file_is_left_out_with_its_folder_or_by_its_name(parts: list[str]) -> None:
    by_folder = any(rules.ignores_folder(part) for part in parts[:-1])
    with TemporaryDirectory() as root:
        put(Path(root), "/".join(parts))
        left_out = by_folder or rules.ignores_file(parts[-1])
        assert found(Path(root)) == ([] if left_out else ["/".join(parts)])
        told = [item.path for item in scan(watched(Path(root))) if isinstance(item, LeftOut)]
        assert [Path(root, *parts).is_relative_to(path) for path in told] == [True] * left_out
        assert rules.leaves_out(Path(root), Path(*parts)) == by_folder


def test_a_library_inside_a_watched_folder_is_not_indexed(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "portable" / "keepsight").create()
    put(tmp_path, "a.jpg", "portable/b.txt", "portable/keepsight/data/vectors/c.json")
    assert found(tmp_path) == ["a.jpg", "portable/b.txt"]
    assert LeftOut(home.data, is_folder=True) in list(scan(watched(tmp_path)))
    for own in (home.data, home.vectors, home.vectors / "c.json"):
        assert found(tmp_path, own.relative_to(tmp_path).as_posix()) == []


@pytest.mark.parametrize(
    "mark",
    [
        {"st_file_attributes": stat.FILE_ATTRIBUTE_HIDDEN},
        {"st_flags": stat.UF_HIDDEN},
    ],
)
def test_a_folder_that_the_system_hides_is_left_out_unless_it_is_the_watched_one(
    tmp_path: Path, monkeypatch, entries_seen, mark: dict[str, int]
) -> None:
    put(tmp_path, "seen/a.jpg", "AppData/deep/b.jpg")
    look = os.stat

    def marked(path: Path, status: os.stat_result) -> os.stat_result | SimpleNamespace:
        if path.name != "AppData":
            return status
        fields = {name: getattr(status, name) for name in dir(status) if name.startswith("st_")}
        return SimpleNamespace(**fields, **mark)

    entries_seen(marked)
    monkeypatch.setattr(
        os, "stat", lambda path, **options: marked(Path(path), look(path, **options))
    )
    assert found(tmp_path) == ["seen/a.jpg"]
    assert found(tmp_path, "AppData") == found(tmp_path, "AppData/deep") == []
    assert found(tmp_path / "AppData") == ["deep/b.jpg"]


@pytest.mark.parametrize("name", ["Thumbs.db", "~$letter.docx", "film.MP4.part", "._a.jpg", "x~"])
def test_what_programs_leave_behind_is_left_out(name: str) -> None:
    assert rules.ignores_file(name)


@pytest.mark.parametrize("name", ["a.jpg", "~a.jpg", "part", "caches.txt", "trash.jpg", "北京.txt"])
def test_what_people_make_is_not(name: str) -> None:
    assert not rules.ignores_file(name)

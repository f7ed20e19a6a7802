import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.readers.packages import members
from engine.readings import ReadFailure, SkipReason


def test_what_is_said_to_be_too_large_is_not_even_read() -> None:
    def read() -> bytes:
        raise AssertionError

    found = members.Allowance().member("a.bin", members.MOST_MEMBER_BYTES + 1, read)
    assert isinstance(found.data, ReadFailure)
    assert found.data.reason is SkipReason.TOO_LARGE


def test_what_unpacks_to_far_too_much_is_refused() -> None:
    allowance = members.Allowance()
    bomb = allowance.member("a", 30 << 20, lambda: b"", packed_bytes=30 << 10)
    page = allowance.member("b", 30 << 10, lambda: b"words", packed_bytes=30)
    assert isinstance(bomb.data, ReadFailure)
    assert page.data == b"words"


def test_all_files_together_are_bounded(monkeypatch) -> None:
    monkeypatch.setattr(members, "MOST_TOTAL_BYTES", 10)
    allowance = members.Allowance()
    found = [allowance.held(str(number), b"1234") for number in range(3)]
    assert [isinstance(each.data, bytes) for each in found] == [True, True, False]


def test_the_number_of_files_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr(members, "MOST_MEMBERS", 2)
    allowance = members.Allowance()
    allowance.held("a", b"1")
    assert not allowance.is_spent
    allowance.held("b", b"1")
    assert allowance.is_spent


def test_a_false_size_is_found_out(monkeypatch) -> None:
    monkeypatch.setattr(members, "MOST_MEMBER_BYTES", 100)
    read = members.bounded(lambda count: b"x" * count)
    assert len(read) < 100 + (1 << 20)
    found = members.Allowance().member("a", 5, lambda: read)
    assert isinstance(found.data, ReadFailure)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("C:\\Users\\a.txt", "C:/Users/a.txt"),
        ("/root//./a.txt", "root/a.txt"),
        ("a\nb\x00c.txt", "a b c.txt"),
        ("..", ""),
    ],
)
def test_a_name_leads_nowhere(name: str, shown: str) -> None:
    assert members.cleaned(name) == shown


@given(st.text())
def test_a_cleaned_name_can_be_shown(name: str) -> None:
    shown = members.cleaned(name)
    assert shown.isprintable()
    assert len(shown) <= members.NAME_CHARS
    assert not set(shown.split("/")) & {".", ".."} or not shown


def test_what_systems_leave_behind_is_litter() -> None:
    assert members.is_litter("__MACOSX/a/._b.jpg")
    assert members.is_litter("a/.DS_Store")
    assert members.is_litter("Thumbs.db")
    assert not members.is_litter("a/b.jpg")

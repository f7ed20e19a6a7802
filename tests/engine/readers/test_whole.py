from pathlib import Path

import pytest

from engine.readers import whole
from engine.readers.family import NotReadableError
from engine.readings import SkipReason


def test_a_file_is_read_as_a_whole_up_to_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(2 << 20))
    assert whole.data(tmp_path / "a", 2 << 20, noun="mail", advice="") == bytes(2 << 20)
    with pytest.raises(NotReadableError) as caught:
        whole.data(tmp_path / "a", 1 << 20, noun="mail", advice="Split it.")
    assert caught.value.failure.reason is SkipReason.TOO_LARGE
    assert caught.value.failure.detail == "The mail is larger than 1 MiB. Split it."

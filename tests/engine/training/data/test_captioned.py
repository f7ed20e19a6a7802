"""What is in a captioned photo."""

import pytest

from engine.errors import CaptionsError
from engine.readings import PixelSpec
from engine.training.data.captioned import content_words, pixels


def test_content_words_say_what_is_in_a_photo() -> None:
    assert content_words("Two dogs are running into the Snow!") == {"two", "dog", "running", "snow"}


def test_a_photo_is_fitted_to_what_is_asked_for(real_photos) -> None:
    assert pixels(real_photos["cat"], PixelSpec(edge_px=32, squash=True)).shape == (32, 32, 3)


def test_a_photo_that_cannot_be_read_is_named(tmp_path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(CaptionsError, match=r"broken\.jpg"):
        pixels(tmp_path / "broken.jpg", PixelSpec(edge_px=32, squash=True))

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from engine.readers.videos import moments
from tests.engine.readers.formats.films import scene


def looked(*images: Image.Image, apart_s: float = 2.0) -> list[moments.Glimpse]:
    return [moments.glimpse(number * apart_s, image) for number, image in enumerate(images)]


def kept(glimpses: list[moments.Glimpse]) -> list[float]:
    return [each.second for each in moments.chosen(glimpses)]


def test_any_number_of_the_first_places_is_spread_evenly() -> None:
    places = moments.places(600.0)
    assert places[0] == 0.0
    assert len(places) == moments.MOST_LOOKED_AT + 1
    for count in (9, 33, 65):
        gaps = np.diff(np.sort([*places[:count], 600.0]))
        assert gaps.max() <= 3 * 600 / count


@pytest.mark.parametrize("duration_s", [0.04, 1.0, 7.0, 86_400.0])
def test_places_lie_in_the_video(duration_s: float) -> None:
    assert all(0 <= place < duration_s for place in moments.places(duration_s))


def test_a_new_scene_is_a_moment_and_light_is_none() -> None:
    bright = ImageEnhance.Brightness(scene(1)).enhance(1.2)
    assert kept(looked(scene(1), bright, scene(2), scene(2), scene(3))) == [0.0, 4.0, 8.0]


def test_what_changes_slowly_is_seen_to_change() -> None:
    steps = [Image.blend(scene(1), scene(2), share / 10) for share in range(11)]
    found = kept(looked(*steps))
    assert len(found) == 2


def test_a_quick_change_is_none() -> None:
    assert kept(looked(scene(1), scene(2), scene(1), scene(3), apart_s=0.5)) == [0.0]


def test_moments_are_bounded_and_spread(monkeypatch) -> None:
    monkeypatch.setattr(moments, "MOST_MOMENTS", 5)
    found = kept(looked(*(scene(number) for number in range(20))))
    assert len(found) == 5
    assert found[-1] > 30


def test_nothing_looked_at_is_no_moment() -> None:
    assert moments.chosen([]) == []

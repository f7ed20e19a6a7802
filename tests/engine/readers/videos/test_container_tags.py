import pytest

from engine.readers.videos import container_tags


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("+48.8577+002.295/", (48.8577, 2.295)),
        ("-33.8568+151.2153+012.5/", (-33.8568, 151.2153)),
        ("+48+002/", (48.0, 2.0)),
        ("+00.0000+000.0000/", (None, None)),
        ("+95.0000+002.0000/", (None, None)),
        ("+4851.46+00217.70/", (None, None)),
        ("Paris", (None, None)),
        ("", (None, None)),
    ],
)
def test_a_place_is_read_as_iso_6709_writes_it(written: str, place: object) -> None:
    for key in ("location", "com.apple.quicktime.location.ISO6709"):
        found = container_tags.read({key: written})
        assert (found.latitude, found.longitude) == place


@pytest.mark.parametrize(
    "written", ["1904-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2999-01-01", "soon", ""]
)
def test_a_clock_that_was_never_set_says_nothing(written: str) -> None:
    found = container_tags.read({"creation_time": written})
    assert (found.taken_at, found.taken_from) == (None, None)


@pytest.mark.parametrize(
    ("tags", "camera"),
    [
        ({"make": "Apple", "model": "iPhone 12"}, "Apple iPhone 12"),
        ({"make": "Canon", "model": "Canon EOS R5"}, "Canon EOS R5"),
        ({"com.android.manufacturer": "Google", "com.android.model": "Pixel 8"}, "Google Pixel 8"),
        ({"make": "NIKON CORPORATION", "model": "NIKON Z 6"}, "NIKON Z 6"),
        ({"model": "Pixel 8"}, "Pixel 8"),
        ({"make": "Canon"}, "Canon"),
        ({}, None),
    ],
)
def test_the_camera_is_named_once(tags: dict[str, str], camera: object) -> None:
    assert container_tags.read(tags).camera == camera


def test_words_are_bounded() -> None:
    found = container_tags.read({"title": " The\nharbour ", "description": "x" * 5000})
    assert found.title == "The harbour"
    assert len(found.caption or "") == container_tags.WORDS_CHARS

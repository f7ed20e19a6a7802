import random
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.readers.family import NotReadableError
from engine.readers.formats import video
from engine.readers.isolation import ReaderPool
from engine.readers.videos import footage, moments
from engine.readings import DateSource, Kind, PixelSpec, Reading, SkipReason, Spot
from tests.engine.readers.formats.films import film, scene, sound

SPEC = PixelSpec(32, squash=True)
APPLE = "com.apple.quicktime."


def seconds(reading: Reading) -> list[float | None]:
    return [picture.spot.second for picture in reading.pictures]


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other.astype(float)).mean())


def reason(path: Path) -> SkipReason:
    with pytest.raises(NotReadableError) as caught:
        video.read(path, SPEC)
    return caught.value.failure.reason


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("a.m4v", "mpeg4"),
        ("a.mov", "mjpeg"),
        ("a.mkv", "libx264"),
        ("a.webm", "libvpx"),
        ("a.avi", "mpeg4"),
        ("a.3gp", "mpeg4"),
        ("a.mpg", "mpeg2video"),
        ("a.mts", "libx264"),
        ("a.wmv", "wmv2"),
        ("a.flv", "flv"),
    ],
)
def test_every_scene_has_its_picture(tmp_path: Path, name: str, codec: str) -> None:
    scenes = [scene(number) for number in range(3)]
    path = film(tmp_path / name, scenes, codec=codec)
    reading = video.read(path, SPEC)
    assert reading.kind is Kind.VIDEO
    assert len(reading.pictures) == 3
    for picture, shown in zip(reading.pictures, scenes, strict=True):
        assert difference(picture.pixels, np.asarray(shown.resize((32, 32)))) < 12
        again = video.picture(path, picture.spot, 160).resize((32, 32))
        assert difference(np.asarray(again), picture.pixels) < 12
    details = reading.details
    assert (details.width, details.height) == (160, 120)
    # Some containers only let it be guessed.
    assert details.duration_s == pytest.approx(9, abs=1.0)
    assert details.codec
    head = path.read_bytes()[:512]
    assert video.FAMILY.recognises(head)
    assert video.is_video(path)


def test_moments_stand_where_their_scenes_begin(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", [scene(number) for number in range(4)], codec="libx264")
    assert seconds(video.read(path, SPEC)) == [0.0, 3.0, 6.0, 9.0]


def test_one_scene_is_one_moment(tmp_path: Path) -> None:
    assert seconds(video.read(film(tmp_path / "a.mp4", [scene(1)] * 4), SPEC)) == [0.0]


def test_a_black_beginning_is_passed_over(tmp_path: Path) -> None:
    black = Image.new("RGB", (160, 120))
    path = film(tmp_path / "a.mp4", [black, scene(1), scene(2)])
    assert seconds(video.read(path, SPEC)) == [3.0, 6.0]
    assert np.asarray(video.picture(path, Spot(), 64)).std() > 20


def test_a_black_film_has_a_moment_still(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", [Image.new("RGB", (160, 120))] * 2)
    assert seconds(video.read(path, SPEC)) == [0.0]
    assert video.picture(path, Spot(), 64).size == (64, 48)


def test_a_short_film_has_a_moment(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", [scene(1)], seconds=0.2)
    assert len(video.read(path, SPEC).pictures) == 1


def test_moments_are_two_seconds_apart_at_least(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", [scene(number) for number in range(20)], seconds=0.5)
    found = seconds(video.read(path, SPEC))
    assert 2 < len(found) <= 5
    assert min(np.diff(np.array(found))) >= moments.LEAST_APART_S


def test_a_film_that_does_not_say_how_long_it_is_is_read(tmp_path: Path) -> None:
    path = film(
        tmp_path / "a.webm",
        [scene(number) for number in range(3)],
        codec="libvpx",
        options={"live": "1"},
    )
    reading = video.read(path, SPEC)
    assert reading.details.duration_s is None
    assert seconds(reading) == [0.0, 3.0, 6.0]


@pytest.mark.parametrize(("rotation", "turn"), [(-90, 3), (90, 1), (180, 2), (0, 0)])
def test_a_film_is_shown_upright(tmp_path: Path, rotation: int, turn: int) -> None:
    path = film(tmp_path / "a.mp4", [scene(1)], codec="libx264", rotation=rotation)
    reading = video.read(path, SPEC)
    size = (120, 160) if turn % 2 else (160, 120)
    assert (reading.details.width, reading.details.height) == size
    upright = np.rot90(np.asarray(scene(1).resize((32, 32))), turn)
    assert difference(reading.pictures[0].pixels, upright) < 12
    assert video.picture(path, Spot(second=0.0), 80).size == tuple(side // 2 for side in size)


def test_a_film_says_when_and_where_and_with_what_it_was_taken(tmp_path: Path) -> None:
    tags = {
        f"{APPLE}creationdate": "2023-05-06T09:08:09+0200",
        f"{APPLE}location.ISO6709": "+48.8577+002.2950+035.0/",
        f"{APPLE}make": "Apple",
        f"{APPLE}model": "iPhone 12",
        "creation_time": "2023-05-07T00:00:00Z",
    }
    path = film(
        tmp_path / "a.mov", [scene(1)], tags=tags, options={"movflags": "use_metadata_tags"}
    )
    details = video.read(path, SPEC).details
    assert details.taken_at == datetime(2023, 5, 6, 9, 8, 9, tzinfo=timezone(timedelta(hours=2)))
    assert details.taken_from is DateSource.VIDEO
    assert (details.latitude, details.longitude) == (48.8577, 2.295)
    assert details.place is not None
    assert (details.place.city, details.place.city_zh) == ("Paris", "巴黎")
    assert details.camera == "Apple iPhone 12"


def test_the_clock_of_the_container_is_in_utc(tmp_path: Path) -> None:
    tags = {"creation_time": "2023-05-06T07:08:09Z", "title": "The harbour"}
    details = video.read(film(tmp_path / "a.mp4", [scene(1)], tags=tags), SPEC).details
    assert details.taken_at == datetime(2023, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert details.title == "The harbour"


def test_a_sound_says_what_it_is(tmp_path: Path) -> None:
    path = sound(tmp_path / "a.m4a").rename(tmp_path / "a.mp4")
    assert reason(path) is SkipReason.UNSUPPORTED


def test_pictures_that_begin_like_videos_are_left_to_their_reader(tmp_path: Path) -> None:
    for brand, is_one in ((b"heic", False), (b"avif", False), (b"mif1", False), (b"isom", True)):
        (tmp_path / "a").write_bytes(b"\0\0\0\x18ftyp" + brand + bytes(40))
        assert video.is_video(tmp_path / "a") is is_one


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{}'\n",
    ],
)
def test_no_link_is_followed(tmp_path: Path, playlist: str) -> None:
    film(tmp_path / "real.mp4", [scene(1)])
    (tmp_path / "a.mp4").write_text(playlist.format(tmp_path / "real.mp4"))
    assert reason(tmp_path / "a.mp4") is SkipReason.CORRUPT


def test_a_picture_that_claims_too_many_pixels_is_refused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(footage, "MOST_PIXELS", 10_000)
    assert reason(film(tmp_path / "a.mp4", [scene(1)])) is SkipReason.TOO_LARGE


def test_time_ends_the_search_evenly_spread(tmp_path: Path, monkeypatch) -> None:
    path = film(tmp_path / "a.mp4", [scene(number) for number in range(8)])
    monkeypatch.setattr(footage, "MOST_SECONDS", -1.0)
    with footage.opened(path) as film_:
        assert len(list(film_.all_over(-1.0))) == 1


@pytest.mark.parametrize("data", [b"", b"no video at all", bytes(5000), b"\0\0\0\x18ftypisom"])
def test_what_is_no_video_is_corrupt(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(data)
    assert reason(tmp_path / "a.mp4") is SkipReason.CORRUPT


def test_a_video_cut_short_is_read_or_refused(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.avi", "a.mpg"):
        path = film(tmp_path / name, [scene(1), scene(2)], codec="mpeg2video")
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
        try:
            assert video.read(path, SPEC).pictures
        except NotReadableError as error:
            assert error.failure.reason is SkipReason.CORRUPT


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "libx264"), ("a.mkv", "mpeg4"), ("a.avi", "mpeg4")]
)
def test_mutated_videos_are_read_or_refused(tmp_path: Path, name: str, codec: str) -> None:
    whole = film(tmp_path / name, [scene(1), scene(2)], codec=codec).read_bytes()
    chance = random.Random(4)
    outcomes: dict[object, int] = {}
    pool = ReaderPool(1)
    try:
        for number in range(100):
            data = bytearray(whole)
            for _ in range(chance.randint(1, 20)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            path = tmp_path / f"{number}-{name}"
            path.write_bytes(data if chance.random() < 0.8 else data[: chance.randrange(len(data))])
            outcome = pool.submit_read(path, SPEC).result()
            key = "read" if isinstance(outcome, Reading) else outcome.reason
            outcomes[key] = outcomes.get(key, 0) + 1
    finally:
        pool.close()
    assert outcomes["read"] > 20
    assert SkipReason.CRASHED not in outcomes
    assert SkipReason.TIMED_OUT not in outcomes


@pytest.mark.samples
def test_real_videos_are_read(samples: Path) -> None:
    reading = video.read(samples / "documents" / "ko-KR_(Annyeonghaseyo).mp4", SPEC)
    details = reading.details
    assert (details.width, details.height, details.codec) == (256, 144, "h264")
    assert details.duration_s == pytest.approx(4.09, abs=0.01)
    assert len(reading.pictures) == 1
    assert len(video.read(samples / "documents" / "testMP4Video.mp4", SPEC).pictures) == 1

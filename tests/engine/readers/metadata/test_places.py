import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.readers.metadata.places import place_of
from engine.readings import Place


@pytest.mark.parametrize(
    ("latitude", "longitude", "city", "region", "country"),
    [
        (48.8584, 2.2945, "Paris", "Île-de-France", "France"),
        (48.8049, 2.1204, "Versailles", "Île-de-France", "France"),
        (40.7580, -73.9855, "New York City", "New York", "United States"),
        (-33.857, 151.215, "Sydney", "New South Wales", "Australia"),
        (35.53, 139.70, "Kawasaki", "Kanagawa", "Japan"),
        (29.6577, 91.1172, "Lhasa", "Tibet", "China"),
        (52.5163, 13.3777, "Berlin", "State of Berlin", "Germany"),
    ],
)
def test_a_place_has_the_name_that_people_give_it(
    latitude: float, longitude: float, city: str, region: str, country: str
) -> None:
    place = place_of(latitude, longitude)
    assert place is not None
    assert (place.city, place.country) == (city, country)
    assert place.region in (region, region.removeprefix("State of "))


@pytest.mark.parametrize(
    ("latitude", "longitude", "chinese"),
    [
        (39.9042, 116.4074, Place(city_zh="北京", region_zh="北京", country_zh="中国")),
        (22.54, 114.06, Place(city_zh="深圳", region_zh="广东省", country_zh="中国")),
        (35.6595, 139.7005, Place(city_zh="东京", region_zh="东京", country_zh="日本")),
        (22.28, 114.158, Place(city_zh="香港", region_zh="", country_zh="香港")),
        (51.5007, -0.1246, Place(city_zh="伦敦", region_zh="", country_zh="英国")),
        (48.8584, 2.2945, Place(city_zh="巴黎", region_zh="", country_zh="法国")),
    ],
)
def test_a_place_has_its_chinese_name_where_that_is_known(
    latitude: float, longitude: float, chinese: Place
) -> None:
    place = place_of(latitude, longitude)
    assert place is not None
    found = (place.city_zh, place.region_zh, place.country_zh)
    assert found == (chinese.city_zh, chinese.region_zh, chinese.country_zh)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(0, -30), (-75, 100), (89.9, 0), (91, 0), (0, 181), (float("nan"), 0)],
)
def test_the_sea_and_nowhere_have_no_name(latitude: float, longitude: float) -> None:
    assert place_of(latitude, longitude) is None


def test_the_date_line_is_no_border() -> None:
    place = place_of(-16.8, 180.0)
    assert place is not None
    assert place.country == "Fiji"


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_every_place_is_named_or_not(latitude: float, longitude: float) -> None:
    place = place_of(latitude, longitude)
    assert place is None or (place.city and place.country)

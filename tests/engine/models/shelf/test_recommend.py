"""Recommendations follow the machine, the languages, the photos and what was measured."""

from __future__ import annotations

import pytest

from engine.models.shelf.choices import choice, choices
from engine.models.shelf.machine import REFERENCE, Machine
from engine.models.shelf.recommend import PATIENCE_S, Speed, about, recommend

LAPTOP = Machine("cpu", 16_000_000_000)
WORKSTATION = Machine("cuda", 64_000_000_000, 24_000_000_000, "GPU")
SLOW = Speed(read_s=0.01, reference_s=0.1)
FAST = Speed(read_s=0.002, reference_s=0.001)


def suits(*arguments) -> list[str]:
    return [advice.choice.name for advice in recommend(*arguments) if advice.suits]


def test_every_model_is_listed_once_with_a_reason():
    advice = recommend(LAPTOP, ["en"], 10_000, SLOW)
    assert sorted(one.choice.name for one in advice) == sorted(one.name for one in choices())
    assert all(one.reasons for one in advice)


def test_what_suits_comes_first_and_the_better_before_the_worse():
    advice = recommend(WORKSTATION, ["en"], 10_000, FAST)
    assert advice[0].choice.name == "siglip2-so400m"
    mixed = recommend(LAPTOP, ["en"], 100_000, SLOW)
    assert [one.suits for one in mixed] == sorted((one.suits for one in mixed), reverse=True)
    recalls = [one.choice.published.coco_text_to_image_r1 for one in mixed if one.suits]
    assert recalls == sorted(recalls, reverse=True)
    assert len(recalls) > 1


def test_a_language_that_a_model_does_not_know_speaks_against_it():
    assert "vit-b-32" in suits(WORKSTATION, ["en"], 100, FAST)
    chinese = suits(WORKSTATION, ["en", "zh"], 100, FAST)
    assert "vit-b-32" not in chinese
    assert {"siglip2-b-16", "xlm-roberta-b-32"} <= set(chinese)
    against = {a.choice.name: a.reasons for a in recommend(WORKSTATION, ["zh"], 100, FAST)}
    assert "does not know: zh" in against["vit-b-32"]


def test_a_model_that_does_not_fit_into_memory_is_not_recommended():
    small = Machine("cpu", 4_000_000_000)
    assert "siglip2-so400m" not in suits(small, ["en"], 10, FAST)
    assert "mobileclip2-s0" in suits(small, ["en"], 10, FAST)
    weak_card = Machine("cuda", 64_000_000_000, 4_000_000_000)
    assert "siglip2-so400m" not in suits(weak_card, ["en"], 10, FAST)
    assert "siglip2-so400m" in suits(WORKSTATION, ["en"], 10, FAST)


def test_more_photos_than_a_night_holds_speak_for_a_lighter_model():
    roomy = Machine("cpu", 32_000_000_000)
    few, many = (suits(roomy, ["en"], photos, SLOW) for photos in (1_000, 200_000))
    assert "siglip2-so400m" in few
    assert set(many) < set(few)
    assert "siglip2-so400m" not in many
    assert "mobileclip2-s0" in many


def test_the_estimate_is_what_was_measured_in_proportion_to_the_work():
    by_name = {one.choice.name: one for one in recommend(LAPTOP, ["en"], 1_000, SLOW)}
    assert by_name[REFERENCE].index_s == pytest.approx(1_000 * (0.01 + 0.1))
    ratio = choice("vit-l-14").image_gmacs / choice(REFERENCE).image_gmacs
    assert by_name["vit-l-14"].index_s == pytest.approx(1_000 * (0.01 + 0.1 * ratio))
    assert not by_name["vit-l-14"].measured


def test_a_model_that_was_measured_itself_is_not_estimated():
    speed = Speed(read_s=0.01, reference_s=0.1, measured_s={"vit-l-14": 0.5})
    by_name = {one.choice.name: one for one in recommend(LAPTOP, ["en"], 1_000, speed)}
    assert by_name["vit-l-14"].index_s == pytest.approx(1_000 * (0.01 + 0.5))
    assert by_name["vit-l-14"].measured
    assert not by_name[REFERENCE].measured


def test_without_a_measurement_the_hardware_decides():
    assert "vit-l-14" not in suits(LAPTOP, ["en"], 1_000, None)
    assert "vit-l-14" in suits(WORKSTATION, ["en"], 1_000, None)
    assert all(one.index_s is None for one in recommend(LAPTOP, ["en"], 1_000, None))


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        *((0.1, "about 1 s"), (89, "about 89 s"), (100, "about 2 min"), (7200, "about 2 h")),
        (PATIENCE_S, "about 12 h"),
        (200_000, "about 2 days"),
    ],
)
def test_times_are_told_as_estimates(seconds, told):
    assert about(seconds) == told

"""A model that is in memory only while it is used; time is told by the test."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from engine.errors import ModelError
from engine.models.idle import IdleEncoder
from engine.models.openclip.encoder import OpenClipEncoder
from engine.models.starter import StarterEncoder, read_card
from engine.records import Medium

IDLE_S = 60.0


class Time:
    """A clock, and timers that end when it passes them."""

    def __init__(self):
        self.now = 0.0
        self.waiting = []

    def timer(self, seconds, call):
        return Waiting(self, self.now + seconds, call)

    def pass_(self, seconds):
        self.now += seconds
        for each in [each for each in self.waiting if each.end <= self.now]:
            self.waiting.remove(each)
            each.call()


class Waiting:
    def __init__(self, of, end, call):
        self.of, self.end, self.call = of, end, call

    def start(self):
        self.of.waiting.append(self)

    def cancel(self):
        if self in self.of.waiting:
            self.of.waiting.remove(self)


class Loader:
    """Loads a real encoder, and counts."""

    def __init__(self, folder):
        self.folder = folder
        self.loaded = []
        self.closed = 0

    def __call__(self):
        encoder = OpenClipEncoder(f"openclip:{self.folder}", "cpu")
        close = encoder.close

        def counted():
            self.closed += 1
            close()

        encoder.close = counted
        self.loaded.append(encoder)
        return encoder


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def load(tiny_folder):
    return Loader(tiny_folder)


@pytest.fixture
def idle(load, time):
    encoder = IdleEncoder(load, IDLE_S, clock=lambda: time.now, timer=time.timer)
    yield encoder
    encoder.close()


def test_it_is_loaded_when_first_asked_and_freed_when_idle(idle, load, time, small_noise):
    assert not idle.is_loaded
    before = idle.encode_images(small_noise)
    assert idle.is_loaded
    time.pass_(IDLE_S)
    assert not idle.is_loaded
    assert load.closed == 1
    assert (idle.encode_images(small_noise) == before).all()
    assert len(load.loaded) == 2


def test_the_card_stays_known_while_it_is_not_loaded(idle, load, time):
    card = idle.card
    time.pass_(IDLE_S)
    assert not idle.is_loaded
    assert idle.card == card
    assert len(load.loaded) == 1


def test_a_card_that_is_given_costs_no_load(load, time, idle):
    again = IdleEncoder(load, IDLE_S, card=idle.card, clock=lambda: time.now, timer=time.timer)
    assert len(load.loaded) == 1
    assert again.card == idle.card
    assert not again.is_loaded
    again.close()


def test_each_use_begins_the_wait_again_with_one_timer(idle, time):
    idle.encode_texts(["a dog"])
    for _ in range(5):
        time.pass_(IDLE_S - 1)
        assert idle.is_loaded
        idle.encode_texts(["a dog"])
        assert len(time.waiting) == 1
    time.pass_(IDLE_S - 1)
    assert idle.is_loaded
    time.pass_(1)
    assert not idle.is_loaded
    assert time.waiting == []


def test_it_is_never_freed_under_a_call(idle, load, time):
    idle.encode_texts(["a dog"])
    began, go_on = threading.Event(), threading.Event()
    encode = load.loaded[0].encode_texts

    def slow(texts):
        began.set()
        assert go_on.wait(30)
        return encode(texts)

    load.loaded[0].encode_texts = slow
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(idle.encode_texts, ["a cat"])
        assert began.wait(30)
        time.pass_(10 * IDLE_S)
        assert idle.is_loaded
        go_on.set()
        assert answer.result().shape == (1, 32)
    time.pass_(IDLE_S)
    assert not idle.is_loaded


def test_several_threads_load_it_once_and_closing_waits_for_them(load, time, small_noise):
    idle = IdleEncoder(load, IDLE_S, clock=lambda: time.now, timer=time.timer)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(idle.encode_images, [small_noise] * 8))
    assert len(load.loaded) == 1
    assert all(np.allclose(answer, answers[0], atol=1e-5) for answer in answers)
    idle.close()
    assert (load.closed, time.waiting) == (1, [])
    with pytest.raises(ValueError, match="closed"):
        idle.encode_texts(["a dog"])


def test_closing_under_a_call_frees_it_afterwards(idle, load):
    idle.encode_texts(["a dog"])
    encode = load.loaded[0].encode_texts

    def closing(texts):
        idle.close()
        assert load.closed == 0
        return encode(texts)

    load.loaded[0].encode_texts = closing
    assert idle.encode_texts(["a cat"]).shape == (1, 32)
    assert load.closed == 1


def test_a_model_whose_files_were_exchanged_is_refused(idle, load, time, save_model, tmp_path):
    card = idle.card
    time.pass_(IDLE_S)
    load.folder = save_model(tmp_path / "other", seed=1)
    with pytest.raises(ModelError, match="no longer those"):
        idle.encode_texts(["a dog"])
    assert load.closed == 2
    assert idle.card == card


def test_a_model_that_cannot_be_loaded_can_be_asked_again(idle, load, tiny_folder, tmp_path):
    load.folder = tmp_path
    with pytest.raises(ModelError):
        idle.encode_texts(["a dog"])
    load.folder = tiny_folder
    assert idle.encode_texts(["a dog"]).shape == (1, 32)


def test_everything_else_is_the_models_own(idle, small_noise, noise):
    assert idle.background(Medium.PICTURE).shape == (0, 32)
    assert idle.unknown_words("猫") == ()
    assert [vector.shape for vector in idle.encode_query("a dog")] == [(32,), (32,)]
    assert idle.encode_patches(small_noise[:1]).shape == (1, 4, 4, 32)
    # Of its own, as it is closed when it was idle, which other tests' must not be.
    other = IdleEncoder(StarterEncoder, IDLE_S)
    with pytest.raises(ModelError, match="one vector a picture"):
        other.encode_patches(noise)
    assert other.card == read_card()
    other.close()


def test_the_usual_timer_frees_it_by_itself(load):
    closed = threading.Event()
    idle = IdleEncoder(load, 0.01)
    idle.encode_texts(["a dog"])
    with idle._lock:  # unless it was freed already
        if load.loaded[0] is idle._encoder:
            close = load.loaded[0].close
            load.loaded[0].close = lambda: (close(), closed.set())
        else:
            closed.set()
    assert closed.wait(30)
    assert load.closed == 1
    idle.close()

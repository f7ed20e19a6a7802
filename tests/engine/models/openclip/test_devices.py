"""Batches that fit the memory, and what runs where; the accelerators are stand-ins."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch  # noqa: TID253 -- raises its errors

from engine.models.openclip.devices import (
    Batches,
    best_device,
    half_precision,
    is_out_of_memory,
    machine,
)
from engine.models.openclip.encoder import OpenClipEncoder
from engine.models.openclip.towers import TorchTowers
from engine.models.openclip.weights import load

FITS = 3


def step_of(sizes, fits=FITS, error=None):
    """Doubles its input, and has memory for `fits` items."""

    def step(batch):
        sizes.append(len(batch))
        if len(batch) > fits:
            raise error or torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return batch.astype(np.float32) * 2

    return step


def test_out_of_memory_halves_the_batch_goes_on_and_remembers():
    freed, sizes = [], []
    batches = Batches(16, lambda: freed.append(True))
    items = np.arange(20)
    assert (np.concatenate(batches.run(items, step_of(sizes))) == items * 2).all()
    assert sizes == [16, 8, 4, *[2] * 10]
    assert (batches.size, len(freed)) == (2, 3)
    sizes.clear()
    batches.run(items[:5], step_of(sizes))
    assert sizes == [2, 2, 1]


def test_a_small_batch_that_fails_halves_itself():
    sizes = []
    batches = Batches(64)
    batches.run(np.arange(6), step_of(sizes))
    assert sizes == [6, 3, 3]
    assert batches.size == 3


def test_one_item_that_is_too_large_is_an_error():
    with pytest.raises(torch.OutOfMemoryError):
        Batches(4).run(np.arange(4), step_of([], fits=0))


def test_memory_is_freed_after_the_error_is_gone():
    import gc
    import weakref

    class Held:
        """What a failed batch left behind."""

    left, alive = [], []
    batches = Batches(2, lambda: alive.append(left[0]() is not None))

    def step(batch):
        if len(batch) > 1:
            held = Held()
            left.append(weakref.ref(held))
            raise torch.OutOfMemoryError("no")
        return batch.astype(np.float32)

    gc.disable()
    try:
        batches.run(np.arange(2), step)
    finally:
        gc.enable()
    assert alive == [False]


def test_another_error_is_not_taken_for_it():
    sizes = []
    with pytest.raises(RuntimeError, match="shapes"):
        Batches(8).run(np.arange(8), step_of(sizes, error=RuntimeError("shapes differ")))
    assert sizes == [8]
    assert is_out_of_memory(RuntimeError("MPS backend out of memory (MPS allocated: 17 GB)"))
    assert not is_out_of_memory(MemoryError())


def test_an_encoder_survives_a_device_that_is_too_small(tiny_folder, small_noise, monkeypatch):
    encoder = OpenClipEncoder(f"openclip:{tiny_folder}", "cpu")
    expected = encoder.encode_images(small_noise)
    visual = encoder._whole._model.visual
    forward, sizes = visual.forward, []

    def small(pictures):
        sizes.append(len(pictures))
        if len(pictures) > FITS:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(pictures)

    monkeypatch.setattr(visual, "forward", small)
    assert encoder.encode_images(small_noise) == pytest.approx(expected, abs=1e-5)
    assert sizes[:4] == [8, 4, 2, 2]
    assert encoder._whole.batches.size == 2


def fake_torch(*, cuda=False, mps=False, bf16=True):
    return SimpleNamespace(
        bfloat16="bfloat16",
        float16="float16",
        cuda=SimpleNamespace(
            is_available=lambda: cuda,
            is_bf16_supported=lambda including_emulation: bf16 or including_emulation,
        ),
        backends=SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps)),
    )


@pytest.mark.parametrize(
    ("there", "device", "half"),
    [
        ({"cuda": True, "mps": True}, "cuda", "bfloat16"),
        ({"cuda": True, "bf16": False}, "cuda", "float16"),
        ({"mps": True}, "mps", "float16"),
        ({}, "cpu", None),
    ],
)
def test_the_best_device_computes_in_what_it_is_fast_in(there, device, half):
    torch = fake_torch(**there)
    assert best_device(torch) == device
    assert half_precision(torch, device) == half


def test_half_precision_makes_nearly_the_same_vectors(tiny_folder, small_noise, monkeypatch):
    model = load(f"openclip:{tiny_folder}", "cpu").model
    exact = TorchTowers(model, "cpu").images(small_noise)
    monkeypatch.setattr(
        "engine.models.openclip.devices.half_precision", lambda torch, device: torch.bfloat16
    )
    half = TorchTowers(model, "cpu").images(small_noise)
    assert not np.allclose(half, exact, atol=1e-6)
    assert (half * exact).sum(axis=1).min() > 0.999
    assert (TorchTowers(model, "cpu", exact=True).images(small_noise) == exact).all()


def test_what_overflows_in_half_precision_is_computed_again(tiny_folder, small_noise, monkeypatch):
    model = load(f"openclip:{tiny_folder}", "cpu").model
    with torch.no_grad():
        model.visual.proj *= 1e6
    exact = TorchTowers(model, "cpu").images(small_noise)
    half = "engine.models.openclip.devices.half_precision"
    monkeypatch.setattr(half, lambda torch, device: torch.float16)
    assert TorchTowers(model, "cpu").images(small_noise) == pytest.approx(exact, abs=1e-4)


def test_torch_compile_sees_one_size_of_batch_and_may_fail(tiny_folder, small_noise, monkeypatch):
    model = load(f"openclip:{tiny_folder}", "cpu").model
    expected = TorchTowers(model, "cpu").images(small_noise)
    sizes = []

    def compiled(function):
        def run(pictures):
            sizes.append(len(pictures))
            if len(sizes) > 4:
                raise ValueError("the compiler is gone")
            return function(pictures)

        return run

    monkeypatch.setattr(torch, "compile", compiled)
    towers = TorchTowers(model, "cpu", compiled=True)
    assert towers.images(small_noise) == pytest.approx(expected, abs=1e-5)
    assert towers.images(small_noise[:1]) == pytest.approx(expected[:1], abs=1e-5)
    assert sizes == [8, 8, 8, 8]
    for _ in range(2):
        assert towers.images(small_noise[:1]) == pytest.approx(expected[:1], abs=1e-5)
    assert len(sizes) == 5


def test_the_machine_is_named():
    named = machine()
    assert set(named) == {"cpu", "onnxruntime", "torch"}
    assert named["torch"] == torch.__version__
    assert named["cpu"]

"""What the small image tower makes of photos."""

from __future__ import annotations

import pytest
import torch  # noqa: TID253 -- what the tower is made of

from engine.training.networks.image_tower import AttentionPool, ImageTower
from engine.training.networks.small import SmallEncoder
from engine.training.recipe import Stage, Towers

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def photos() -> torch.Tensor:
    draws = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (20, 64, 64, 3), generator=draws, dtype=torch.uint8)


@pytest.fixture
def tower(photos: torch.Tensor) -> ImageTower:
    torch.manual_seed(0)
    made = ImageTower(12, dropout=0.5, classes=9)
    torch.nn.init.normal_(made.class_table)
    made.standardise(photos)
    return made


@torch.inference_mode()
def test_embeddings_are_normalised_whatever_the_photo(tower: ImageTower) -> None:
    plain = torch.stack([torch.full((64, 64, 3), grey, dtype=torch.uint8) for grey in (0, 255)])
    for training in (False, True):
        embeddings, logits = tower.train(training).embed(plain)
        assert embeddings.shape == (2, 12)
        assert embeddings.dtype == torch.float32
        assert torch.allclose(embeddings.norm(dim=1), torch.ones(2), atol=1e-5)
        assert logits.shape == (2, 9)


@torch.inference_mode()
def test_other_photos_of_a_batch_change_nothing(tower: ImageTower, photos: torch.Tensor) -> None:
    tower.eval()
    together = tower(photos)
    alone = torch.cat([tower(photo[None]) for photo in photos])
    assert torch.allclose(together, alone, atol=1e-4)
    assert torch.allclose(together.flip(0), tower(photos.flip(0)), atol=1e-4)


@torch.inference_mode()
def test_a_photo_and_its_mirror_image_are_one(tower: ImageTower, photos: torch.Tensor) -> None:
    tower.eval()
    found = tower(photos)
    assert torch.allclose(found, tower(photos.flip(2)), atol=1e-5)
    assert not torch.allclose(found, tower(photos.flip(1)), atol=1e-3)
    assert torch.allclose(found.norm(dim=1), torch.ones(len(photos)), atol=1e-5)


@torch.inference_mode()
def test_parts_that_fit_a_cache_change_nothing(tower: ImageTower, photos: torch.Tensor) -> None:
    """In training, the trunk takes 16 photos at once."""
    assert torch.allclose(tower.train().places(photos), tower.eval().places(photos), atol=1e-4)


@torch.inference_mode()
def test_any_edge_of_pixels_is_taken(tower: ImageTower) -> None:
    for edge_px in (32, 96, 100):
        found = tower.eval()(torch.zeros(1, edge_px, edge_px, 3, dtype=torch.uint8))
        assert found.isfinite().all()


@torch.inference_mode()
def test_standardised_features_have_no_mean_and_vary_alike(
    tower: ImageTower, photos: torch.Tensor
) -> None:
    features = (tower.eval().places(photos).mean(1) - tower.mean) / tower.deviation
    varying = tower.deviation > 1e-3
    assert features.mean(0).abs().max() < 1e-2
    assert torch.allclose(features.std(0)[varying], torch.ones(int(varying.sum())), atol=1e-2)


@torch.inference_mode()
def test_the_view_of_the_classes_is_their_texts_by_their_chances(
    tower: ImageTower, photos: torch.Tensor
) -> None:
    """With all of the weight on it, a photo that can but be one class is that class's text."""
    tower.eval()
    tower.class_weight.fill_(1e6)
    tower.classifier.weight.zero_()
    tower.classifier.bias.copy_(torch.eye(9)[4] * 100)
    expected = torch.nn.functional.normalize(tower.class_table[4], dim=0)
    assert torch.allclose(tower(photos[:3]), expected.expand(3, -1), atol=1e-4)


def test_a_pool_sees_places_in_any_order() -> None:
    pool = AttentionPool(6, 4)
    places = torch.randn(2, 5, 6)
    assert torch.allclose(pool(places), pool(places[:, torch.randperm(5)]), atol=1e-6)


def gradients(encoder: SmallEncoder, photos: torch.Tensor) -> set[str]:
    encoder.image.train()
    embeddings, logits = encoder.embed_photos(photos)
    (embeddings[:, 0].sum() + logits.logsumexp(1).sum()).backward()
    return {
        name
        for name, each in encoder.image.named_parameters()
        if each.grad is not None and bool(each.grad.any())
    }


@pytest.mark.parametrize("frozen", [0, 17, "all"])
def test_frozen_blocks_get_no_gradient(tokenizer: bytes, photos: torch.Tensor, frozen) -> None:
    encoder = SmallEncoder(Towers(dimension=8, width=8), tokenizer, ["a class"])
    torch.nn.init.normal_(encoder.image.class_table)
    stage = Stage("one", epochs=1, edge_px=64, frozen_blocks=frozen)
    groups = encoder.parameter_groups(stage)
    moved = gradients(encoder, photos[:4])
    first = 19 if frozen == "all" else frozen
    assert {int(n.split(".")[1]) for n in moved if n.startswith("trunk")} == set(range(first, 19))
    assert ("classifier.weight" in moved) == (frozen != "all")
    assert {"linear.weight", "mlp.0.weight", "pool.value", "class_table"} <= moved
    learnt = {id(each) for group in groups for each in group["params"]}
    for each in (*encoder.image.parameters(), *encoder.text.parameters()):
        assert (id(each) in learnt) == each.requires_grad
    assert sum(len(group["params"]) for group in groups) == len(learnt)


def test_a_later_stage_thaws_what_an_earlier_one_froze(tokenizer: bytes) -> None:
    encoder = SmallEncoder(Towers(dimension=8, width=8), tokenizer)
    encoder.parameter_groups(Stage("heads", epochs=1, edge_px=64, frozen_blocks="all"))
    encoder.parameter_groups(Stage("all", epochs=1, edge_px=64, frozen_blocks=0))
    assert all(each.requires_grad for each in encoder.image.trunk.parameters())
    assert encoder.image.classifier.weight.requires_grad


def test_without_classes_no_gradient_explodes(tokenizer: bytes, photos: torch.Tensor) -> None:
    """What has no length is normalised with a gradient of 1e12."""
    encoder = SmallEncoder(Towers(dimension=8, width=8), tokenizer)
    encoder.parameter_groups(Stage("all", epochs=1, edge_px=64, frozen_blocks=0))
    gradients(encoder, photos[:4])
    steepest = max(
        float(each.grad.norm()) for each in encoder.image.parameters() if each.grad is not None
    )
    assert steepest < 1e4

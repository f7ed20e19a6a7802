"""What the small image tower makes of photos."""

from __future__ import annotations

import pytest
import torch  # noqa: TID253 -- what the tower is made of

from engine.training.networks.image_tower import AttentionPool, Branch, ImageTower
from engine.training.networks.small import SmallEncoder
from engine.training.recipe import Origin, Stage, Taught, Towers

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def photos() -> torch.Tensor:
    draws = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (20, 64, 64, 3), generator=draws, dtype=torch.uint8)


def made_tower(photos: torch.Tensor, branches: int) -> ImageTower:
    torch.manual_seed(0)
    made = ImageTower(12, dropout=0.5, branches=branches)
    for branch in made.branches:
        torch.nn.init.normal_(branch.class_table)
        branch.standardise(photos)
    return made


@pytest.fixture
def tower(photos: torch.Tensor) -> ImageTower:
    return made_tower(photos, 1)


@pytest.fixture
def branch(tower: ImageTower) -> Branch:
    return tower.branches[0]


@torch.inference_mode()
def test_embeddings_are_normalised_whatever_the_photo(tower: ImageTower) -> None:
    plain = torch.stack([torch.full((64, 64, 3), grey, dtype=torch.uint8) for grey in (0, 255)])
    for training in (False, True):
        embeddings, logits = tower.train(training).embed(plain)
        assert embeddings.shape == (2, 12)
        assert embeddings.dtype == torch.float32
        assert torch.allclose(embeddings.norm(dim=1), torch.ones(2), atol=1e-5)
        assert logits.shape == (2, 1001)


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
def test_of_two_branches_the_second_sees_the_mirror_image(photos: torch.Tensor) -> None:
    tower = made_tower(photos, 2).eval()
    first, second = (
        branch(pixels)[0]
        for branch, pixels in zip(tower.branches, (photos, photos.flip(2)), strict=True)
    )
    tower.taught = "both"
    mean = torch.nn.functional.normalize(first + second, dim=1)
    assert torch.allclose(tower(photos), mean, atol=1e-5)
    tower.taught = "first"  # a second one that has learnt nothing yet has no say
    mean = torch.nn.functional.normalize(first + tower.branches[0](photos.flip(2))[0], dim=1)
    assert torch.allclose(tower(photos), mean, atol=1e-5)


@torch.inference_mode()
@pytest.mark.parametrize(("taught", "turns"), [("first", [0]), ("second", [1]), ("both", [0, 1])])
def test_each_photo_teaches_one_branch_in_turn(
    photos: torch.Tensor, taught: Taught, turns: list[int]
) -> None:
    tower = made_tower(photos, 2).eval()
    tower.taught = taught
    seven = photos[:7]
    embeddings, logits = tower.embed(seven)
    for place, photo in enumerate(seven):
        expected = tower.branches[turns[place % len(turns)]](photo[None])
        assert torch.allclose(embeddings[place], expected[0][0], atol=1e-4)
        assert torch.allclose(logits[place], expected[1][0], atol=1e-3)


@torch.inference_mode()
def test_parts_that_fit_a_cache_change_nothing(branch: Branch, photos: torch.Tensor) -> None:
    """In training, the trunk takes 16 photos at once."""
    assert torch.allclose(branch.train().places(photos), branch.eval().places(photos), atol=1e-4)


@torch.inference_mode()
def test_any_edge_of_pixels_is_taken(tower: ImageTower) -> None:
    for edge_px in (32, 96, 100):
        found = tower.eval()(torch.zeros(1, edge_px, edge_px, 3, dtype=torch.uint8))
        assert found.isfinite().all()


@torch.inference_mode()
def test_standardised_features_have_no_mean_and_vary_alike(
    branch: Branch, photos: torch.Tensor
) -> None:
    features = (branch.eval().places(photos).mean(1) - branch.mean) / branch.deviation
    varying = branch.deviation > 1e-3
    assert features.mean(0).abs().max() < 1e-2
    assert torch.allclose(features.std(0)[varying], torch.ones(int(varying.sum())), atol=1e-2)


@torch.inference_mode()
def test_the_view_of_the_classes_is_their_texts_by_their_chances(
    branch: Branch, photos: torch.Tensor
) -> None:
    """With all of the weight on it, a photo that can but be one class is that class's text."""
    branch.eval()
    branch.class_weight.fill_(1e6)
    branch.classifier.weight.zero_()
    branch.classifier.bias.copy_(torch.eye(1001)[4] * 100)
    expected = torch.nn.functional.normalize(branch.class_table[4], dim=0)
    assert torch.allclose(branch(photos[:3])[0], expected.expand(3, -1), atol=1e-4)


def test_a_pool_sees_places_in_any_order() -> None:
    pool = AttentionPool(6, 4)
    places = torch.randn(2, 5, 6)
    assert torch.allclose(pool(places), pool(places[:, torch.randperm(5)]), atol=1e-6)


def encoder_of(tokenizer: bytes, branches: int = 1, classes: tuple[str, ...] = ()) -> SmallEncoder:
    second = Origin("m.onnx", "M", "Apache-2.0", "photos") if branches == 2 else None
    made = SmallEncoder(Towers(dimension=8, width=8, second_image=second), tokenizer, classes)
    if classes:
        for branch in made.image.branches:
            torch.nn.init.normal_(branch.class_table)
    return made


def gradients(encoder: SmallEncoder, photos: torch.Tensor) -> set[str]:
    """The parameters that learn of photos, named from `image.branches` on."""
    encoder.image.train()
    embeddings, logits = encoder.embed_photos(photos)
    (embeddings[:, 0].sum() + logits.logsumexp(1).sum()).backward()
    return {
        name
        for name, each in encoder.image.branches.named_parameters()
        if each.grad is not None and bool(each.grad.any())
    }


@pytest.mark.parametrize("frozen", [0, 17, "all"])
def test_frozen_blocks_get_no_gradient(tokenizer: bytes, photos: torch.Tensor, frozen) -> None:
    encoder = encoder_of(tokenizer, classes=("a class",))
    stage = Stage("one", epochs=1, edge_px=64, frozen_blocks=frozen)
    groups = encoder.parameter_groups(stage)
    moved = {name.removeprefix("0.") for name in gradients(encoder, photos[:4])}
    first = 19 if frozen == "all" else frozen
    assert {int(n.split(".")[1]) for n in moved if n.startswith("trunk")} == set(range(first, 19))
    assert ("classifier.weight" in moved) == (frozen != "all")
    assert {"linear.weight", "mlp.0.weight", "pool.value", "class_table"} <= moved
    learnt = {id(each) for group in groups for each in group["params"]}
    for each in (*encoder.image.parameters(), *encoder.text.parameters()):
        assert (id(each) in learnt) == each.requires_grad
    assert sum(len(group["params"]) for group in groups) == len(learnt)


@pytest.mark.parametrize(("taught", "moving"), [("first", "0"), ("second", "1"), ("both", "01")])
def test_only_the_branches_that_are_taught_learn(
    tokenizer: bytes, photos: torch.Tensor, taught: Taught, moving: str
) -> None:
    encoder = encoder_of(tokenizer, branches=2)
    groups = encoder.parameter_groups(Stage("one", 1, 64, branches=taught))
    assert {name[0] for name in gradients(encoder, photos[:4])} == set(moving)
    learnt = {id(each) for group in groups for each in group["params"]}
    for number, branch in enumerate(encoder.image.branches):
        assert (id(branch.linear.weight) in learnt) == (str(number) in moving)


def test_a_later_stage_thaws_what_an_earlier_one_froze(tokenizer: bytes) -> None:
    encoder = encoder_of(tokenizer)
    encoder.parameter_groups(Stage("heads", epochs=1, edge_px=64, frozen_blocks="all"))
    encoder.parameter_groups(Stage("all", epochs=1, edge_px=64, frozen_blocks=0))
    (branch,) = encoder.image.branches
    assert all(each.requires_grad for each in branch.trunk.parameters())
    assert branch.classifier.weight.requires_grad


def test_without_classes_no_gradient_explodes(tokenizer: bytes, photos: torch.Tensor) -> None:
    """What has no length is normalised with a gradient of 1e12."""
    encoder = encoder_of(tokenizer)
    encoder.parameter_groups(Stage("all", epochs=1, edge_px=64, frozen_blocks=0))
    gradients(encoder, photos[:4])
    steepest = max(
        float(each.grad.norm()) for each in encoder.image.parameters() if each.grad is not None
    )
    assert steepest < 1e4

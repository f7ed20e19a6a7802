"""What the small text tower makes of word pieces."""

from __future__ import annotations

import pytest
import torch  # noqa: TID253 -- what the tower is made of
from torch.nn import functional  # noqa: TID253

from engine.training.networks.small import MOST_PIECES, SmallEncoder
from engine.training.networks.text_tower import TextTower
from engine.training.recipe import Towers

pytestmark = pytest.mark.usefixtures("one_thread")

PIECES = 40
TEXTS = torch.tensor([[3, 7, 9, 0, 0], [5, 0, 0, 0, 0], [9, 7, 3, 2, 1]])


@pytest.fixture(params=[0, 1], ids=["bag", "reader"])
def tower(request: pytest.FixtureRequest) -> TextTower:
    """A tower whose every part says something, as after some training."""
    torch.manual_seed(0)
    made = TextTower(PIECES, 16, 12, layers=request.param)
    torch.nn.init.normal_(made.mlp[2].weight, std=0.2)
    if made.reader is not None:
        torch.nn.init.normal_(made.reader.out.weight, std=0.5)
    return made.eval()


@torch.inference_mode()
def test_embeddings_are_normalised(tower: TextTower) -> None:
    found = tower(TEXTS)
    assert found.shape == (3, 12)
    assert found.dtype == torch.float32
    assert torch.allclose(found.norm(dim=1), torch.ones(3), atol=1e-5)


@torch.inference_mode()
def test_padding_changes_nothing(tower: TextTower) -> None:
    for text in TEXTS:
        short = text[text != 0]
        alone = tower(short[None])
        for more in (1, 30):
            assert torch.allclose(tower(functional.pad(short, (0, more))[None]), alone, atol=1e-5)


@torch.inference_mode()
def test_other_texts_of_a_batch_change_nothing(tower: TextTower) -> None:
    alone = torch.cat([tower(text[None]) for text in TEXTS])
    assert torch.allclose(tower(TEXTS), alone, atol=1e-5)


@torch.inference_mode()
def test_only_a_reader_tells_the_order_of_pieces(tower: TextTower) -> None:
    one, other = tower(torch.tensor([[3, 7, 9], [9, 7, 3]]))
    assert torch.allclose(one, other, atol=1e-5) == (tower.reader is None)


def test_a_reader_begins_as_the_bag_alone() -> None:
    torch.manual_seed(0)
    tower = TextTower(PIECES, 16, 12, layers=1).eval()
    with torch.inference_mode():
        both = tower(TEXTS)
        tower.reader = None
        assert ((both * tower(TEXTS)).sum(1) > 0.99).all()


@pytest.mark.parametrize("training", [False, True])
def test_a_text_without_a_known_piece_gives_numbers_and_gradients(
    tower: TextTower, training: bool
) -> None:
    tower.train(training).word_dropout = 0.5
    found = tower(torch.tensor([[0, 0], [3, 4]]))
    assert found.isfinite().all()
    found.sum().backward()
    assert all(each.grad.isfinite().all() for each in tower.parameters() if each.grad is not None)
    assert torch.allclose(
        tower.eval()(torch.tensor([[0]])), tower(torch.tensor([[0, 0, 0]])), atol=1e-5
    )


def test_padding_is_never_learnt(tower: TextTower) -> None:
    tower.train()(TEXTS).sum().backward()
    for table in (tower.vectors, tower.weights):
        assert not table.weight.grad[0].any()
        assert table.weight.grad[7].any()


def test_word_dropout_keeps_a_piece_at_least(tower: TextTower) -> None:
    tower.train().word_dropout = 0.999
    for layer in tower.modules():
        if isinstance(layer, torch.nn.Dropout | torch.nn.MultiheadAttention):
            layer.eval()
    first = TEXTS.clone()
    first[:, 1:] = 0
    with torch.no_grad():
        found = tower(TEXTS)
        tower.word_dropout = 0.0
        assert torch.allclose(found, tower(first), atol=1e-4)


def test_word_dropout_drops_its_share_and_nothing_when_not_training(tower: TextTower) -> None:
    tower.word_dropout = 0.3
    text = torch.arange(1, 33)[None].repeat(200, 1)
    vectors = tower.vectors.weight
    with torch.inference_mode():
        still = tower(text)
        assert torch.equal(still, tower(text))
    tower.train()(text).sum().backward()
    assert vectors.grad is not None
    with torch.no_grad():
        assert len(torch.unique(tower(text), dim=0)) > 100


# As SmallEncoder feeds it


def test_texts_become_ids_and_none_is_empty(tokenizer: bytes) -> None:
    encoder = SmallEncoder(Towers(dimension=8, width=8), tokenizer)
    texts = ["a red circle", "左边有一个圆形", "", "ёж", "red " * 500]
    found = encoder.ids(texts)
    assert [ids.dtype for ids in found] == [torch.int64] * 5
    assert found[2].tolist() == found[3].tolist() == [0]
    assert len(found[4]) == MOST_PIECES
    assert all((found[at] > 1).all() for at in (0, 1, 4))
    padded = torch.nn.utils.rnn.pad_sequence(found, batch_first=True)
    assert encoder.text.eval()(padded).isfinite().all()

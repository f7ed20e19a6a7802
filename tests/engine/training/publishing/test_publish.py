import json
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch  # noqa: TID253 -- makes networks to publish
from PIL import Image
from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordPiece
from torch import nn  # noqa: TID253
from torch.nn import functional  # noqa: TID253

from engine.errors import CaptionsError, KeepsightError, ModelError, RecipeError
from engine.models.starter import StarterEncoder, read_card
from engine.models.wordpiece import WordPieces
from engine.records import Medium, Null
from engine.training.data import dataset
from engine.training.data.dataset import TrainingData
from engine.training.publishing.card import FILES
from engine.training.publishing.card_page import page
from engine.training.publishing.packing import Precision
from engine.training.publishing.publish import Published, Trained, publish
from engine.training.publishing.runs import RunRecord, failed
from engine.training.recipe import Origin, Recipe, Source, Stage, Towers

COLOURS = {
    "red": (230, 30, 30),
    "green": (30, 200, 40),
    "blue": (30, 50, 230),
    "yellow": (230, 220, 30),
    "purple": (160, 30, 200),
    "white": (245, 245, 245),
    "black": (10, 10, 10),
    "orange": (250, 140, 10),
}
WIDTH = 32
DIMENSION = 48
EDGE_PX = 32

pytestmark = pytest.mark.slow  # tracing a network takes seconds


class Colours(nn.Module):
    """A photo's mean colour, with a little of what a convolution sees beside."""

    def __init__(self, project: torch.Tensor) -> None:
        super().__init__()
        self.colour = nn.Linear(3, WIDTH, bias=False)
        self.colour.weight = nn.Parameter(project.T.contiguous())
        self.shape = nn.Conv2d(3, 64, 3, 2)
        self.more = nn.Conv2d(64, WIDTH, 3, 2)
        self.out = nn.Linear(WIDTH, DIMENSION)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        maps = (pixels.permute(0, 3, 1, 2).float() - 128) / 128
        seen = functional.relu6(self.more(functional.relu6(self.shape(maps)))).mean((2, 3))
        return functional.normalize(self.out(self.colour(maps.mean((2, 3))) + 0.02 * seen), dim=-1)


class Words(nn.Module):
    """The sum of the vectors of a text's words."""

    def __init__(self, table: torch.Tensor, out: nn.Linear) -> None:
        super().__init__()
        self.vectors = nn.Embedding.from_pretrained(table, freeze=False, padding_idx=0)
        self.out = out

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        known = (ids != 0).unsqueeze(-1)
        return functional.normalize(self.out((self.vectors(ids) * known).sum(1)), dim=-1)


class ColourEncoder:
    """Knows colours and the words for them."""

    def __init__(self, tokenizer: bytes) -> None:
        torch.manual_seed(0)
        self._pieces = WordPieces(tokenizer)
        project = torch.linalg.qr(torch.randn(WIDTH, 3))[0].T.contiguous()
        table = 0.02 * torch.randn(len(vocabulary()), WIDTH)
        for word, colour in COLOURS.items():
            table[vocabulary()[word]] += (torch.tensor(colour) - 128) / 128 @ project
        self.image = Colours(project)
        self.text = Words(table, self.image.out)

    def ids(self, texts: list[str]) -> list[torch.Tensor]:
        return [torch.tensor(self._pieces.ids(text)) for text in texts]


def vocabulary() -> dict[str, int]:
    others = ("a", "an", "photo", "of", "something", "it", "is", "square", "all", "##s")
    words = ("[PAD]", "[UNK]", *COLOURS, *others, *(f"word{number}" for number in range(100)))
    return {word: number for number, word in enumerate(words)}


def tokenizer() -> bytes:
    made = Tokenizer(WordPiece(vocabulary(), unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return made.to_str().encode()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of one colour each, captioned by it, in a split to train on and one to measure on."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    rows = []
    for number in range(96):
        word = list(COLOURS)[number % len(COLOURS)]
        pixels = rng.normal(COLOURS[word], 25, (24, 40, 3)) + rng.normal(0, 12, 3)
        name = f"{number:03d}.png"
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / name)
        row = {
            "file": name,
            "split": "dev" if number < 40 else "train",
            "en": [f"a {word} square", f"it is {word}", f"something {word}"],
            "labels": [word],
        }
        rows.append(json.dumps(row | ({"zh": [f"all {word}"]} if number % 2 else {})))
    (folder / "captions.jsonl").write_text("\n".join(rows))
    (folder / "start.bin").write_bytes(b"where it began")
    return folder


def recipe(**changed: object) -> Recipe:
    plain = Recipe(
        name="colours",
        title="Colours",
        version="2.0",
        licence="CC0-1.0",
        captioned=(Source("captions.jsonl", "Squares", "made by the test", "train", 7),),
        dev=Source("captions.jsonl", "Squares, dev", "made by the test", "dev"),
        stages=(Stage("all", epochs=2.5, edge_px=32, photos=8),),
        languages=("en", "zh"),
        seed=11,
        towers=Towers(
            dimension=DIMENSION,
            edge_px=EDGE_PX,
            image=Origin("start.bin", "A start", "MIT", "nothing", "1.0"),
        ),
    )
    return msgspec.structs.replace(plain, **changed)


def run(name: str, **changed: object) -> RunRecord:
    return RunRecord(
        name=name,
        what="Colours | of squares.",
        when="2026-01-31",
        seed=11,
        seconds=90,
        machine="2 cores",
        steps=20,
        photos_seen=1_600,
        **changed,
    )


@pytest.fixture(scope="module")
def loaded(data: Path) -> TrainingData:
    return dataset.load(recipe(), data, data / "unpacked")


@pytest.fixture(scope="module")
def trained() -> Trained:
    last = run("the one", dev={"recall@10": 91.0})
    return Trained(
        recipe=recipe(),
        encoder=ColourEncoder(tokenizer()),
        tokenizer=tokenizer(),
        record=last,
        runs=(run("too fast", ended=failed("the loss became NaN")), last),
        command="keepsight train recipes/colours.json",
        limits="- It knows colours only.",
    )


@pytest.fixture(scope="module")
def published(trained: Trained, data: Path, loaded: TrainingData, tmp_path_factory) -> Published:
    return publish(trained, data, tmp_path_factory.mktemp("models") / "colours", loaded)


@pytest.fixture(scope="module")
def encoder(published: Published) -> StarterEncoder:
    return StarterEncoder(published.folder)


def test_a_published_model_is_loaded_as_the_starter_is(
    published: Published, encoder: StarterEncoder
) -> None:
    card = read_card(published.folder)
    assert (card.name, card.title, card.version) == ("colours", "Colours", "2.0")
    assert (card.dimension, card.pixels.edge_px, card.languages) == (48, EDGE_PX, ("en", "zh"))
    assert card.photo_calibration.slope > 0 > card.photo_calibration.offset
    assert card.photo_calibration.null is Null.LOWER_HALF
    assert card.picture_calibration.null is Null.ALL
    words = encoder.encode_texts(["red", "something blue"])
    photos = np.array([COLOURS["blue"], COLOURS["red"]], np.uint8)[:, None, None]
    seen = encoder.encode_images(np.broadcast_to(photos, (2, EDGE_PX, EDGE_PX, 3)))
    assert (words @ seen.T).argmax(axis=1).tolist() == [1, 0]


def test_a_published_model_computes_what_was_trained(
    trained: Trained, encoder: StarterEncoder
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, EDGE_PX, EDGE_PX, 3), np.uint8)
    with torch.inference_mode():
        seen = trained.encoder.image(torch.from_numpy(pixels)).numpy()
        read = trained.encoder.text(trained.encoder.ids(["red and green"])[0][None]).numpy()
    # In 4 bits, which ship if they find as much.
    assert (encoder.encode_images(pixels) * seen).sum(axis=1) == pytest.approx(1, abs=0.03)
    assert (encoder.encode_texts(["red and green"]) * read).sum() == pytest.approx(1, abs=0.03)


def test_its_background_is_embeddings_of_what_was_learnt(encoder: StarterEncoder) -> None:
    for medium in Medium:
        background = encoder.background(medium)
        assert background.shape == (24, DIMENSION)
        assert np.linalg.norm(background, axis=1) == pytest.approx(1, abs=2e-3)


def test_the_card_holds_figures_by_task_and_language_with_intervals(published: Published) -> None:
    figures = published.card["figures"]
    assert set(figures["text_to_image"]) == set(figures["image_to_text"]) == {"en", "zh"}
    english = figures["text_to_image"]["en"]
    low, high = english["intervals"]["recall@10"]
    assert 50 < low <= english["recall@10"] <= high <= 100
    assert english["queries"] == 120
    assert english["median_rank"] >= 1
    assert figures["labels"]["recall@1"] == 100
    assert (figures["labels"]["queries"], figures["labels"]["labels"]) == (8, 8)


def test_every_pair_of_precisions_is_measured_and_the_smallest_that_loses_little_is_taken(
    published: Published,
) -> None:
    precision = published.card["precision"]
    tried = precision["tried"]
    assert {(t["image"], t["text"]) for t in tried} == {
        (i, t) for i in Precision for t in Precision
    }
    assert [t["size_bytes"] for t in tried] == sorted(t["size_bytes"] for t in tried)
    assert tried[-1]["difference"] == {"value": 0, "low": 0, "high": 0}
    cheap = [pair for pair in tried if pair["difference"]["value"] >= -0.5]
    assert (precision["image"], precision["text"]) == (cheap[0]["image"], cheap[0]["text"])
    assert (published.image.precision, published.text.precision) == (
        precision["image"],
        precision["text"],
    )


def test_the_card_lists_data_origins_runs_and_how_to_make_it_again(
    published: Published, data: Path
) -> None:
    card = json.loads((published.folder / "card.json").read_text("utf-8"))
    assert card == json.loads(json.dumps(published.card))
    squares, dev = card["training_data"]
    assert squares["amount"] == "56 photos, 56 with labels, 168 captions (en), 28 captions (zh)"
    assert (squares["use"], dev["use"]) == (
        "trained on, but for every 7th",
        "measured on",
    )
    assert len(squares["sha256"]) == len(squares["photos_sha256"]) == 64
    assert squares["photos_sha256"] != dev["photos_sha256"]
    assert card["derived_from"][0]["licence"] == "MIT"
    assert [run["name"] for run in card["runs"]] == ["too fast", "the one"]
    assert msgspec.convert(card["recipe"], Recipe) == recipe()
    sizes = {name: (published.folder / name).stat().st_size for name in FILES}
    assert card["size_bytes"] == sizes
    assert published.size_bytes == sum(sizes.values())


def test_the_readme_tells_people_what_the_card_tells_programs(published: Published) -> None:
    text = (published.folder / "README.md").read_text("utf-8")
    assert text == page(published.card)
    for told in (
        "# The colours model",
        "English and Chinese",
        "- It knows colours only.",
        "failed: the loss became NaN",
        "Colours \\| of squares.",
        "keepsight train recipes/colours.json",
        "made by the test",
        "A start 1.0 (MIT)",
        "CC0-1.0",
        "| all | 2.5 | 32 px |",
        "shipped",
        published.card["training_data"][0]["sha256"],
    ):
        assert told in text
    assert "None" not in text.replace("None of it", "")
    assert "nan" not in text


def test_publishing_again_gives_the_same_files(
    trained: Trained, data: Path, loaded: TrainingData, tmp_path: Path
) -> None:
    precisions = (Precision.FLOAT32,)
    one, other = (publish(trained, data, tmp_path / name, loaded, precisions).card for name in "ab")
    assert one["precision"]["image"] == one["precision"]["text"] == "float32"
    assert one == other


def test_a_model_takes_the_place_of_another_and_leaves_nothing_beside(
    trained: Trained, data: Path, loaded: TrainingData, tmp_path: Path, published: Published
) -> None:
    folder = tmp_path / "models" / "m"
    folder.mkdir(parents=True)
    for name in (*FILES, "card.json", "README.md"):
        (folder / name).write_bytes((published.folder / name).read_bytes())
    newer = replace(trained, recipe=recipe(version="3.0"))
    publish(newer, data, folder, loaded, (Precision.FLOAT32,))
    assert StarterEncoder(folder).card.version == "3.0"
    assert [path.name for path in folder.parent.iterdir()] == ["m"]
    assert {path.name for path in folder.iterdir()} == {*FILES, "card.json", "README.md"}


class Spoilt(nn.Module):
    """Computes another thing each time: cannot be exported."""

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return functional.normalize(torch.randn(ids.shape[0], DIMENSION), dim=-1)


def spoilt(trained: Trained, loaded: TrainingData, how: str) -> tuple[Trained, TrainingData]:
    if how == "tower":
        broken = ColourEncoder(tokenizer())
        broken.text = Spoilt()
        return replace(trained, encoder=broken), loaded
    if how == "data":
        return replace(trained, recipe=recipe(texts=(Source("gone", "Gone", "none"),))), loaded
    if how == "photo":
        lost = replace(loaded.dev[3], path=loaded.dev[3].path.with_name("lost.png"))
        return trained, replace(loaded, dev=(*loaded.dev[:3], lost, *loaded.dev[4:]))
    return trained, replace(loaded, dev=loaded.dev[:7])


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("tower", ModelError),
        ("data", CaptionsError),
        ("photo", CaptionsError),
        ("few", CaptionsError),
    ],
)
def test_what_goes_wrong_leaves_the_old_model_as_it_was(
    trained: Trained,
    data: Path,
    loaded: TrainingData,
    tmp_path: Path,
    how: str,
    error: type[KeepsightError],
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "card.json").write_text("old")
    broken, given = spoilt(trained, loaded, how)
    with pytest.raises(error):
        publish(broken, data, folder, given, (Precision.FLOAT32,))
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert [path.read_text() for path in folder.iterdir()] == ["old"]


def test_a_place_that_cannot_be_written_is_named(
    trained: Trained, data: Path, loaded: TrainingData, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ModelError, match="cannot be written") as caught:
        publish(trained, data, tmp_path / "file" / "model", loaded)
    assert caught.value.path == tmp_path / "file" / "model"


def test_towers_of_open_clip_are_not_published_in_this_form(
    trained: Trained, data: Path, loaded: TrainingData, tmp_path: Path
) -> None:
    other = replace(trained, recipe=recipe(towers=Towers(openclip="ViT-B-32")))
    with pytest.raises(RecipeError, match="open_clip"):
        publish(other, data, tmp_path / "model", loaded)

import socket
import textwrap
from pathlib import Path

import psutil
import pytest
from PIL import Image, ImageDraw, ImageFont, ImageOps

from engine.readers.isolation import RECOGNITION_LIMIT_S, ReaderPool
from engine.readers.recognition import ocr
from engine.readings import Passage


def page(*lines: str, size: tuple[int, int] = (900, 600), height_px: int = 32) -> Image.Image:
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(height_px)
    for number, line in enumerate(lines):
        draw.text((60, 40 + 1.6 * height_px * number), line, fill="black", font=font)
    return image


def text_of(passages: tuple[Passage, ...]) -> str:
    return "\n\n".join(passage.text for passage in passages)


def opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.draft("RGB", (1600, 1600))
        return ImageOps.exif_transpose(image).convert("RGB")


def test_a_receipt_is_read_line_by_line() -> None:
    (passage,) = ocr.recognise(page("Harbour Bakery", "2 rye bread 7.80", "Total 12.40 EUR"))
    assert passage.text.split("\n") == ["Harbour Bakery", "2 rye bread 7.80", "Total 12.40 EUR"]
    assert len(passage.boxes) == 3
    first = passage.boxes[0]
    assert first.left == pytest.approx(60 / 900, abs=0.02)
    assert first.top == pytest.approx(45 / 600, abs=0.03)
    assert all(0 <= share <= 1 for box in passage.boxes for share in box)


@pytest.mark.slow
def test_offsets_and_boxes_fit_the_passages_of_a_long_page() -> None:
    words = "The keeper of the lighthouse wrote down every ship that passed. " * 22
    found = ocr.recognise(page(*textwrap.wrap(words, 70), size=(1600, 1200), height_px=26))
    assert len(found) > 1
    assert all(passage.end - passage.start == len(passage.text) for passage in found)
    assert found[0].boxes[0].top < found[-1].boxes[-1].top
    assert sum(passage.text.count("lighthouse") for passage in found) >= 20


def test_a_picture_without_text_has_none() -> None:
    gradient = Image.linear_gradient("L").resize((800, 600)).convert("RGB")
    assert ocr.recognise(gradient) == ()


@pytest.mark.parametrize("size", [(1, 1), (2000, 3), (3, 2000), (11, 11), (40_000, 20)])
def test_a_picture_that_is_too_narrow_has_none(size: tuple[int, int]) -> None:
    assert ocr.recognise(Image.new("RGB", size, "white")) == ()


@pytest.mark.slow
def test_small_and_large_pictures_are_read() -> None:
    small = page("Total 12.40 EUR", size=(320, 90), height_px=14)
    large = page("Total 12.40 EUR", size=(5000, 3000), height_px=200)
    assert "12.40" in text_of(ocr.recognise(small))
    assert "12.40" in text_of(ocr.recognise(large))


def test_nothing_is_fetched(monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    ocr._engine.cache_clear()
    assert "Hello" in text_of(ocr.recognise(page("Hello harbour")))


def test_noise_is_left_out() -> None:
    assert not ocr._is_text("must k krsi", 0.57)
    assert not ocr._is_text("A", 0.8)
    assert not ocr._is_text("--- ...", 0.99)
    assert ocr._is_text("9", 0.99)
    assert ocr._is_text("营業中", 0.86)


def recognised(path: Path, _argument: object) -> tuple[str, int]:
    """What a worker reads, and the most memory that it had by then in MiB."""
    with Image.open(path) as image:
        text = text_of(ocr.recognise(image.convert("RGB")))
    return text, psutil.Process().memory_info().rss >> 20


@pytest.mark.slow
def test_a_worker_reads_a_full_page_within_its_limits(tmp_path: Path) -> None:
    words = "The keeper of the lighthouse wrote down every ship that passed. " * 60
    page(*textwrap.wrap(words, 80), size=(2480, 3508), height_px=48).save(tmp_path / "a.png")
    pool = ReaderPool(1, time_limit_s=RECOGNITION_LIMIT_S)
    try:
        outcome = pool._submit(recognised, tmp_path / "a.png", None).result()
    finally:
        pool.close()
    assert isinstance(outcome, tuple), outcome
    text, peak_mib = outcome
    assert text.count("lighthouse") > 50
    assert peak_mib < 1200


@pytest.mark.slow
@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("handwritten-notes.jpg", ["In progress", "design a feedback", "REMEMBER THIS"]),
        ("book-beside-flowers.jpg", ["Posta Kutusundaki", "A. Ali Ural", "izlenmediğini"]),
        ("craft-beer.jpg", ["WEEKEND WARRIOR", "HOPADILLO IPA", "RODEO CLOWN", "MAIBOCK"]),
        ("japanese-shop.jpg", ["キリンビール", "KIRIN", "一番搾り"]),
    ],
)
def test_text_in_photos_is_read(samples: Path, name: str, words: list[str]) -> None:
    image = opened(samples / "photos" / "formats" / "albums" / "text" / name)
    text = text_of(ocr.recognise(image))
    assert [word for word in words if word not in text] == []


@pytest.mark.slow
@pytest.mark.samples
def test_photos_without_text_have_none(samples: Path) -> None:
    nature = samples / "photos" / "formats" / "albums" / "nature"
    for path in sorted(nature.iterdir())[:4]:
        assert ocr.recognise(opened(path)) == (), path

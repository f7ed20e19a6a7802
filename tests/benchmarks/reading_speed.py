"""Time to read a file, by format, beside the plain call of the library that decodes it.

    python -m tests.benchmarks.reading_speed FILES [--rounds N]

The plain call only decodes: a picture in full, the text of all pages, the cells of all sheets. Ours
decodes, fits pictures to an encoder, splits text into passages, tells language, date and place.
CPU time of this process, the best of some rounds, summed by format over the files that both read.
"""

from __future__ import annotations

import argparse
import email
import email.policy
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

from engine.readers import registry
from engine.readings import PixelSpec, Reading

SPEC = PixelSpec(edge_px=224, squash=True)
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".avif", ".jp2")


def main() -> None:
    """Prints a line for each format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    registry.import_decoders()
    sums: dict[str, list[float]] = {}
    for path in sorted(p for p in arguments.files.rglob("*") if p.is_file()):
        plain = _plain(path.suffix.lower())
        if plain is None or not isinstance(registry.read(path, SPEC), Reading):
            continue
        ours_s = _best(lambda path=path: registry.read(path, SPEC), arguments.rounds)
        try:
            plain_s = _best(lambda path=path, plain=plain: plain(path), arguments.rounds)
        except Exception as error:  # noqa: BLE001 - the plain call may not get through
            print(f"{path.name}: plain call failed, {type(error).__name__}")
            continue
        total = sums.setdefault(path.suffix.lower(), [0, 0.0, 0.0])
        for place, value in enumerate((1, ours_s, plain_s)):
            total[place] += value
    print("format\tfiles\tours ms\tplain ms\tratio")
    for suffix, (count, ours_s, plain_s) in sorted(sums.items()):
        each = (1000 * ours_s / count, 1000 * plain_s / count)
        print(f"{suffix}\t{count:.0f}\t{each[0]:.1f}\t{each[1]:.1f}\t{ours_s / plain_s:.2f}")


def _best(task: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        began = time.process_time()
        task()
        times.append(time.process_time() - began)
    return max(min(times), 1e-6)


def _plain(suffix: str) -> Callable[[Path], object] | None:
    if suffix in PICTURES:
        return _decode
    return {
        ".heic": _heif,
        ".heif": _heif,
        ".pdf": _pdf,
        ".xlsx": _sheets,
        ".xls": _sheets,
        ".ods": _sheets,
        ".rtf": _rtf,
        ".eml": _mail,
        ".docx": _unzip,
        ".pptx": _unzip,
        ".odt": _unzip,
        ".odp": _unzip,
        ".epub": _unzip,
        ".zip": _unzip,
        ".mp4": _video,
        ".html": _html,
        ".txt": Path.read_bytes,
    }.get(suffix)


def _decode(path: Path) -> None:
    from PIL import Image

    with Image.open(path) as image:
        image.load()


def _heif(path: Path) -> None:
    import pi_heif

    pi_heif.open_heif(path).to_pillow().load()


def _pdf(path: Path) -> None:
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    for page in document:
        page.get_textpage().get_text_bounded()
    document.close()


def _sheets(path: Path) -> None:
    import python_calamine

    book = python_calamine.CalamineWorkbook.from_path(str(path))
    for name in book.sheet_names:
        book.get_sheet_by_name(name).to_python()


def _rtf(path: Path) -> None:
    from striprtf.striprtf import rtf_to_text

    rtf_to_text(path.read_bytes().decode("latin-1"), errors="ignore")


def _mail(path: Path) -> None:
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    for part in mail.walk():
        part.get_payload(decode=True)


def _unzip(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            archive.read(name)


def _video(path: Path) -> None:
    import av

    with av.open(str(path)) as container:
        for _ in container.decode(video=0):
            pass


def _html(path: Path) -> None:
    from selectolax.lexbor import LexborHTMLParser

    LexborHTMLParser(path.read_bytes().decode("utf-8", "replace")).text()


if __name__ == "__main__":
    main()

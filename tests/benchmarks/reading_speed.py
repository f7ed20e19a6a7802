"""Time to read a file, by format, beside the plain call of the library that decodes it.

    python -m tests.benchmarks.reading_speed FILES [--rounds N]

The plain call only decodes: a picture in full, the text of all pages, the cells of all sheets, the
XML of all parts of an office document. Ours decodes, fits pictures to an encoder, splits text into
passages, tells language, date and place. CPU time of this process, the best of some rounds, summed
by format over the files that both read. A raw photo, a folder of mails and a TAR archive are made
out of the files that are there, since people seldom have small ones.
"""

from __future__ import annotations

import argparse
import csv
import email
import email.policy
import io
import mailbox
import tarfile
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from engine.readers import registry
from engine.readings import PixelSpec, Reading
from tests.engine.readers.formats.raw_files import raw_file

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
    files = sorted(path for path in arguments.files.rglob("*") if path.is_file())
    with tempfile.TemporaryDirectory() as folder:
        sums = _sums([*files, *_made(files, Path(folder))], arguments.rounds)
    print("format\tfiles\tours ms\tplain ms\tratio")
    for suffix, (count, ours_s, plain_s) in sorted(sums.items()):
        each = (1000 * ours_s / count, 1000 * plain_s / count)
        print(f"{suffix}\t{count:.0f}\t{each[0]:.1f}\t{each[1]:.1f}\t{ours_s / plain_s:.2f}")


def _sums(files: Sequence[Path], rounds: int) -> dict[str, list[float]]:
    """By extension: how many files, and the seconds that we and the plain call take for them."""
    sums: dict[str, list[float]] = {}
    for path in files:
        plain = _plain(path.suffix.lower())
        if plain is None or not isinstance(registry.read(path, SPEC), Reading):
            continue
        ours_s = _best(lambda path=path: registry.read(path, SPEC), rounds)
        try:
            plain_s = _best(lambda path=path, plain=plain: plain(path), rounds)
        except Exception as error:  # noqa: BLE001 - the plain call may not get through
            print(f"{path.name}: plain call failed, {type(error).__name__}")
            continue
        total = sums.setdefault(path.suffix.lower(), [0, 0.0, 0.0])
        for place, value in enumerate((1, ours_s, plain_s)):
            total[place] += value
    return sums


def _made(files: Sequence[Path], folder: Path) -> list[Path]:
    """A raw photo with the largest JPEG as its preview, all mails in one file, all texts in one."""
    from PIL import Image

    jpegs = [path for path in files if path.suffix.lower() in (".jpg", ".jpeg")]
    made = []
    if jpegs:
        with Image.open(max(jpegs, key=lambda path: path.stat().st_size)) as image:
            made.append(raw_file(folder / "made.dng", image.convert("RGB")))
    letters = mailbox.mbox(folder / "made.mbox")
    for path in files:
        if path.suffix.lower() == ".eml":
            letters.add(path.read_bytes())
    letters.close()
    with tarfile.open(folder / "made.tar", "w") as archive:
        for path in files:
            if path.suffix.lower() in (".txt", ".html", ".md", ".csv"):
                archive.add(path, path.name)
    return [*made, folder / "made.mbox", folder / "made.tar"]


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
        **dict.fromkeys((".docx", ".pptx", ".odt", ".odp", ".epub"), _parse_parts),
        ".doc": _streams,
        ".ppt": _streams,
        ".msg": _message,
        ".mbox": _mails,
        ".zip": _unzip,
        ".tar": _untar,
        ".mp4": _video,
        ".html": _html,
        ".csv": _table,
        ".txt": Path.read_text,
        ".dng": _raw,
        ".jxl": _jpeg_xl,
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


def _mails(path: Path) -> None:
    folder = mailbox.mbox(path)
    for mail in folder:
        for part in mail.walk():
            part.get_payload(decode=True)
    folder.close()


def _message(path: Path) -> None:
    from oxmsg import Message

    mail = Message.load(str(path))
    _ = mail.body, mail.subject, [attachment.file_bytes for attachment in mail.attachments]


def _streams(path: Path) -> None:
    import olefile

    with olefile.OleFileIO(path) as container:
        for name in container.listdir():
            container.openstream(name).read()


def _parse_parts(path: Path) -> None:
    from defusedxml.ElementTree import fromstring

    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            if name.endswith((".xml", ".rels", ".xhtml", ".opf", ".ncx")):
                with suppress(SyntaxError):
                    fromstring(data, forbid_dtd=False)


def _untar(path: Path) -> None:
    with tarfile.open(path) as archive:
        for entry in archive:
            file = archive.extractfile(entry)
            if file is not None:
                file.read()


def _table(path: Path) -> None:
    with path.open(newline="", errors="replace") as file:
        list(csv.reader(file))


def _raw(path: Path) -> None:
    import rawpy
    from PIL import Image

    with rawpy.imread(str(path)) as raw:
        Image.open(io.BytesIO(raw.extract_thumb().data)).load()


def _jpeg_xl(path: Path) -> None:
    import pylibjxl

    pylibjxl.decode(path.read_bytes())


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

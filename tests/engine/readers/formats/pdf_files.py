"""Writes small PDF documents, object by object."""

from __future__ import annotations

from pathlib import Path

FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def pdf(
    path: Path,
    pages: list[str],
    *,
    info: str = "",
    annotations: str = "",
    trailer: str = "",
    size: tuple[int, int] = (300, 200),
) -> Path:
    """A document of pages, given as content streams (ISO 32000-1, 7.8)."""
    first = 5
    numbers = [first + 2 * n for n in range(len(pages))]
    objects = {
        1: "<< /Type /Catalog /Pages 2 0 R >>",
        2: f"<< /Type /Pages /Count {len(pages)} /Kids "
        f"[{' '.join(f'{number} 0 R' for number in numbers)}] >>",
        3: FONT,
        4: f"<< {info} >>",
    }
    for number, content in zip(numbers, pages, strict=True):
        objects[number] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {size[0]} {size[1]}] "
            f"/Resources << /Font << /F 3 0 R >> >> /Annots [{annotations}] "
            f"/Contents {number + 1} 0 R >>"
        )
        objects[number + 1] = f"<< /Length {len(content)} >>\nstream\n{content}\nendstream"
    data = bytearray(b"%PDF-1.7\n")
    offsets: dict[int, int] = {}
    for number, content in sorted(objects.items()):
        offsets[number] = len(data)
        data += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    for number in sorted(offsets):
        data += f"{offsets[number]:010} 00000 n \n".encode()
    data += (
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 4 0 R {trailer} >>\n"
        f"startxref\n{start}\n%%EOF\n"
    ).encode("latin-1")
    path.write_bytes(data)
    return path


def words(text: str, *, down: int = 50) -> str:
    """A line of text, so many points below the top of a page that is 200 points high."""
    return f"BT /F 12 Tf 20 {200 - down} Td ({text}) Tj ET "


def filled(colour: str, box: str = "0 0 300 200") -> str:
    """A filled box; the colour as three shares."""
    return f"{colour} rg {box} re f "

"""Writes small office documents, part by part."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from PIL import Image

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
ODF = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        *((name, name) for name in ("office", "text", "table", "style", "meta", "presentation")),
        ("draw", "drawing"),
    )
)
CORE = (
    '<cp:coreProperties xmlns:cp="core" xmlns:dc="dc" xmlns:dcterms="terms">'
    "<dc:title>{title}</dc:title><dc:creator>Ada Winter</dc:creator>"
    "<dcterms:created>2021-03-04T05:06:07Z</dcterms:created>"
    "<cp:keywords>rent, lease; flat</cp:keywords></cp:coreProperties>"
)

_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_MAIN = "application/vnd.openxmlformats-officedocument.{}.main+xml"


def package(path: Path, parts: dict[str, str | bytes]) -> Path:
    """A ZIP file of these parts, in order, the MIME type unpacked as readers expect it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            stored = zipfile.ZIP_STORED if name == "mimetype" else None
            archive.writestr(name, content, compress_type=stored)
    return path


def relations(*targets: tuple[str, str]) -> str:
    """The relationships to these kinds of parts, with ids from r1."""
    rows = "".join(
        f'<Relationship Id="r{number}" Type="{_TYPE}{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_RELATIONSHIPS}">{rows}</Relationships>'


def _office(main: str, content_type: str) -> dict[str, str | bytes]:
    return {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
        f'content-types"><Override PartName="/{main}" '
        f'ContentType="{_MAIN.format(content_type)}"/></Types>',
        "_rels/.rels": relations(("officeDocument", main)),
    }


def docx(
    path: Path,
    body: str,
    *,
    related: dict[str, tuple[str, str | bytes]] | None = None,
    **parts: str | bytes,
) -> Path:
    """A Word document; `related` are the parts beside it, each with the kind of its relation."""
    beside = related or {}
    return package(
        path,
        {
            **_office("word/document.xml", "wordprocessingml.document"),
            "word/document.xml": f"<w:document {W} {A}><w:body>{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": relations(
                *((kind, name) for name, (kind, _) in beside.items())
            ),
            **{f"word/{name}": content for name, (_, content) in beside.items()},
            **parts,
        },
    )


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def pptx(path: Path, slides: list[str], **parts: str | bytes) -> Path:
    """A presentation; its slides are listed in order but stored the other way round."""
    names = [f"slide{len(slides) - number}.xml" for number in range(len(slides))]
    ids = "".join(f'<p:sldId id="{256 + n}" r:id="r{n}"/>' for n in range(1, len(slides) + 1))
    return package(
        path,
        {
            **_office("ppt/presentation.xml", "presentationml.presentation"),
            "ppt/presentation.xml": f"<p:presentation {P} {R}><p:sldIdLst>{ids}</p:sldIdLst>"
            "</p:presentation>",
            "ppt/_rels/presentation.xml.rels": relations(
                *(("slide", f"slides/{name}") for name in names)
            ),
            **{
                f"ppt/slides/{name}": f"<p:sld {P} {A}>{content}</p:sld>"
                for name, content in zip(names, slides, strict=True)
            },
            **parts,
        },
    )


def line(text: str) -> str:
    return f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>"


def xlsx(path: Path, sheets: dict[str, str], **parts: str | bytes) -> Path:
    """A workbook of sheets, whose rows are given as XML."""
    names = list(enumerate(sheets, 1))
    listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in names)
    styles = '<fonts/><fills/><borders/><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
    return package(
        path,
        {
            **_office("xl/workbook.xml", "spreadsheetml.sheet"),
            "xl/workbook.xml": f"<workbook {S} {R}><sheets>{listed}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": relations(
                *(("worksheet", f"worksheets/sheet{n}.xml") for n, _ in names),
                ("styles", "styles.xml"),
            ),
            "xl/styles.xml": f"<styleSheet {S}>{styles}</styleSheet>",
            **{
                f"xl/worksheets/sheet{n}.xml": f"<worksheet {S}><sheetData>{sheets[name]}"
                "</sheetData></worksheet>"
                for n, name in names
            },
            **parts,
        },
    )


def words(cell: str, text: str) -> str:
    return f'<c r="{cell}" t="inlineStr"><is><t>{text}</t></is></c>'


def odf(path: Path, kind: str, body: str, **parts: str | bytes) -> Path:
    """An OpenDocument file of a kind: text, spreadsheet or presentation."""
    return package(
        path,
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": f"<office:document-content {ODF}><office:body><office:{kind}>{body}"
            f"</office:{kind}></office:body></office:document-content>",
            **parts,
        },
    )


def epub(path: Path, chapters: dict[str, str], metadata: str = "", **parts: str | bytes) -> Path:
    """An e-book of pages by name, in order."""
    listed = "".join(
        f'<item id="i{n}" href="text/{name}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="i{n}"/>' for n in range(len(chapters)))
    cover = '<item id="c" href="cover.png" media-type="image/png" properties="cover-image"/>'
    return package(
        path,
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": "<container><rootfiles>"
            '<rootfile full-path="OPS/book.opf"/></rootfiles></container>',
            "OPS/book.opf": f'<package xmlns:dc="dc"><metadata>{metadata}</metadata><manifest>'
            f"{listed}{cover}</manifest><spine>{spine}</spine></package>",
            **{f"OPS/text/{name}": content for name, content in chapters.items()},
            **parts,
        },
    )


def jpeg(colour: str = "red", size: tuple[int, int] = (120, 80)) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, "JPEG")
    return written.getvalue()


def png(colour: str = "red", size: tuple[int, int] = (120, 80)) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, "PNG")
    return written.getvalue()

"""Reads web pages that browsers and Word saved to one file: MHTML (RFC 2557)."""

from __future__ import annotations

from pathlib import Path

from engine.paths import shown
from engine.readers import faults, whole
from engine.readers.family import Family, NotReadableError
from engine.readings import Details, Kind, PixelSpec, Reading, SkipReason

MOST_BYTES = 96 << 20

_CHROME_OR_EXPLORER = b"From: <Saved by "


def read(path: Path, _spec: PixelSpec) -> Reading:
    """The text of a page and of the frames in it, its title and when it was saved."""
    from engine.readers.packages import documents, mime
    from engine.readers.texts.passages import Part

    data = whole.data(
        path,
        MOST_BYTES,
        noun="page",
        advice="Save it as a web page without its pictures, or as PDF.",
    )
    with faults.refused(documents.damaged):
        parsed = mime.parsed(data)
        if not parsed.is_multipart() and "Content-Type" not in parsed:
            raise NotReadableError(
                SkipReason.WRONG_TYPE,
                f"The file is named {shown(path.suffix)} but is no saved page.",
            )
        page = mime.letter(parsed)
    return documents.reading([Part(page.body)], Details(title=page.subject, taken_at=page.sent_at))


FAMILY = Family(
    name="web page",
    kind=Kind.DOCUMENT,
    extensions=frozenset((".mht", ".mhtml")),
    decoders=(
        "engine.readers.packages.mime",
        "engine.readers.texts.passages",
        "py3langid.langid",
        "selectolax.lexbor",
    ),
    signatures=({0: _CHROME_OR_EXPLORER},),
    read=read,
)

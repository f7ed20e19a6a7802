"""Reads presentations from before 2007 (PPT): the text of each slide with its notes and comments.

[MS-PPT] says where it stands: 2.4.14 (the lists of slides), 2.5 (slides, notes) and 2.9 (texts).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from engine.readers.family import Family
from engine.readers.packages import documents, ole, powerpoint
from engine.readers.packages.powerpoint import Record, Records
from engine.readers.texts.passages import BETWEEN_PARTS, Part
from engine.readings import Kind, PixelSpec, Reading

MOST_SLIDES = 2000

_LIST, _IN_LIST, _SLIDE, _SLIDE_ATOM, _NOTES = 0x0FF0, 0x03F3, 0x03EE, 0x03EF, 0x03F0
_OWN_ID_AT, _NOTES_ID_AT = 12, 16
_OF_SLIDES, _OF_NOTES = 0, 2
"""The lists in a document, of which another holds the masters: "Click to edit Master title"."""
_FOOTER = (0x0FD9, 2)
"""The container of headers and footers, and the string in it that is a slide's footer."""
_TAG, _TAGGED, _COMMENT = 0x138A, 0x138B, 0x2EE0
_TAG_OF_COMMENTS = "___PPT10"
_COMMENT_TEXT = 1
_ANY_NUMBER = "*"
"""Stands where the number of the slide or the date is shown."""


@dataclass(slots=True)
class _Listed:
    """A slide, or a page of notes, as the document lists it: with the texts of its outline."""

    number: int
    own_id: int
    texts: list[str] = field(default_factory=list)


def read(path: Path, _spec: PixelSpec) -> Reading:
    """The passages of a presentation, each with its slide, and its details."""
    with ole.document(path, powerpoint.STREAM) as container:
        records = Records(container)
        slides = _listed(records, _OF_SLIDES)
        return documents.reading(
            _parts(records, slides), replace(ole.details(container), pages=len(slides))
        )


FAMILY = Family(
    name="older slides",
    kind=Kind.DOCUMENT,
    version=2,
    extensions=frozenset((".ppt", ".pps", ".pot")),
    decoders=("engine.readers.texts.passages", "olefile", "py3langid.langid"),
    signatures=({0: ole.SIGNATURE},),
    probe=lambda path: ole.has_stream(path, powerpoint.STREAM),
    read=read,
)


def _listed(records: Records, instance: int) -> list[_Listed]:
    """The slides, or the pages of notes, in order."""
    found: list[_Listed] = []
    for each in records.inside(records.document()):
        if (each.kind, each.instance) == (_LIST, instance):
            for record in records.inside(each):
                if record.kind == _IN_LIST:
                    own_id = records.number(record, _OWN_ID_AT)
                    found.append(_Listed(records.number(record), own_id))
                elif text := records.text(record):
                    found[-1].texts.append(text)
    return found


def _parts(records: Records, slides: list[_Listed]) -> Iterator[Part]:
    notes = {page.own_id: page.number for page in _listed(records, _OF_NOTES)}
    for page, listed in enumerate(islice(slides, MOST_SLIDES), 1):
        slide = records.part(listed.number, _SLIDE)
        outline = set(listed.texts)
        own = (text for text in _texts(records, slide) if text not in outline)
        blocks = ("\n".join((*listed.texts, *own)), "\n".join(_notes(records, slide, notes)))
        yield Part(BETWEEN_PARTS.join(filter(None, blocks)), page)


def _notes(records: Records, slide: Record, notes: dict[int, int]) -> list[str]:
    """The texts of the page of notes that a slide names, where it names one."""
    atom = next((record for record in records.inside(slide) if record.kind == _SLIDE_ATOM), None)
    number = notes.get(records.number(atom, _NOTES_ID_AT)) if atom else None
    return [] if number is None else _texts(records, records.part(number, _NOTES))


def _texts(records: Records, page: Record) -> list[str]:
    """The texts of a slide or of its notes: of boxes, of the footer and of comments."""
    found: list[str] = []
    holder, tag = page.kind, ""
    for record in records.inside(page, to_the_leaves=True):
        if record.is_container:
            holder = record.kind
        elif record.kind == _TAGGED and tag == _TAG_OF_COMMENTS:
            found += _comments(records, record)
        elif record.kind != powerpoint.STRING or (holder, record.instance) == _FOOTER:
            found.append(records.text(record))
        elif holder == _TAG:
            tag = records.text(record)
    return [text for text in found if text and text != _ANY_NUMBER]


def _comments(records: Records, tagged: Record) -> list[str]:
    return [
        records.text(record)
        for comment in records.inside(tagged)
        if comment.kind == _COMMENT
        for record in records.inside(comment)
        if (record.kind, record.instance) == (powerpoint.STRING, _COMMENT_TEXT)
    ]

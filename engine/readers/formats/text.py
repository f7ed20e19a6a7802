"""Reads text files: prose, tables, web pages, data, source code and settings, in any encoding."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from engine.paths import shown
from engine.readers import seems, whole
from engine.readers.family import HEAD_BYTES, Family, NotReadableError
from engine.readers.packages import documents
from engine.readers.texts import encodings, escapes, front_matter, markup, titles
from engine.readers.texts.passages import Part
from engine.readings import Details, Kind, PixelSpec, Reading, SkipReason

MOST_BYTES = 32 << 20

ANYTHING: dict[int, bytes] = {}
"""The signature that every file has."""

_HTML = frozenset((".html", ".htm", ".xhtml"))
_MARKDOWN = frozenset((".md", ".markdown", ".mdx"))
_PROSE = frozenset((".txt", ".text", ".rst", ".adoc", ".org", ".tex"))
_SUBTITLES = frozenset((".srt", ".vtt"))
_TABLES = frozenset((".csv", ".tsv", ".log", ".bib"))
_JSON = frozenset((".json", ".jsonl", ".ndjson", ".geojson"))
# Calendars and address cards are lists of names and values too.
_CARDS = frozenset((".ics", ".vcf"))
_DATA = _JSON | _CARDS | {".xml"}
_SETTINGS = frozenset((".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".properties"))
_CODE = frozenset(
    (
        *(".py", ".pyi", ".ipynb", ".r", ".jl", ".lua", ".rb", ".pl", ".php", ".tcl"),
        *(".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".cs", ".m", ".mm", ".swift"),
        *(".java", ".kt", ".kts", ".scala", ".groovy", ".gradle", ".clj", ".go", ".rs", ".zig"),
        *(".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".vue", ".svelte", ".css", ".scss"),
        *(".hs", ".ml", ".fs", ".ex", ".exs", ".erl", ".lisp", ".el", ".dart", ".pas", ".vb"),
        *(".sh", ".bash", ".zsh", ".fish", ".ps1", ".bat", ".cmd", ".awk", ".vim"),
        *(".sql", ".proto", ".graphql", ".cmake", ".mk", ".tf", ".f90", ".asm", ".s", ".v"),
        *(".diff", ".patch"),
    )
)
_XML_ENCODING = re.compile(rb"^<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([A-Za-z0-9_.:-]+)")

_PACKED_CHARS = "[A-Za-z0-9+/]"
# Pictures and keys in base64, on one line as in notebooks or on many as in address cards.
_PACKED = re.compile(
    rf"(?<!{_PACKED_CHARS})(?:{_PACKED_CHARS}{{200,}}+={{0,2}}|(?:{_PACKED_CHARS}{{70,}}+\s++){{3,}}+)"
)


def read(path: Path, _spec: PixelSpec) -> Reading:
    """The passages of a text file, and its title where it has one."""
    # One byte more than is read at most: a log may grow meanwhile.
    data = whole.data(path, MOST_BYTES, noun="text", advice="Split it to have it searched.")
    extension = path.suffix.lower()
    text = _unescaped(_decoded(data, path), extension)
    title, text = _title_and_text(_PACKED.sub(" ", text), extension)
    details = front_matter.details(text) if extension in _MARKDOWN else Details()
    details = replace(details, title=details.title or title)
    is_prose = extension not in _CODE | _SETTINGS | _DATA
    return documents.reading([Part(text)], details, is_prose=is_prose)


def _is_plain(path: Path) -> bool:
    """Whether a file that no extension tells of is a text: README, LICENSE, a note."""
    if path.suffix:
        return False
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return seems.known_type(head) is None and seems.is_text(head)


FAMILY = Family(
    name="text",
    kind=Kind.DOCUMENT,
    version=3,
    signatures=(ANYTHING,),
    probe=_is_plain,
    extensions=_HTML | _MARKDOWN | _PROSE | _SUBTITLES | _TABLES | _DATA | _SETTINGS | _CODE,
    decoders=(
        "charset_normalizer",
        "engine.readers.texts.passages",
        "py3langid.langid",
        "selectolax.lexbor",
    ),
    read=read,
)


def _decoded(data: bytes, path: Path) -> str:
    head = data[:HEAD_BYTES]
    known = seems.known_type(head) if not _is_ascii_words(head) else None
    declared = None
    if path.suffix.lower() in _HTML:
        declared = markup.declared_charset(data)
    elif path.suffix.lower() == ".xml" and (found := _XML_ENCODING.search(data[:HEAD_BYTES])):
        declared = found[1].decode("ascii")
    text = None if known else encodings.decoded(data, declared)
    if text is None:
        raise NotReadableError(
            SkipReason.WRONG_TYPE,
            f"The file is named {shown(path.suffix)} but seems to be "
            f"{known or 'data of an unknown kind'}. If so, give it its right extension.",
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_ascii_words(head: bytes) -> bool:
    """Whether a signature may be chance: texts may begin with "MZ" or "ID3" too."""
    return head.isascii() and not head.startswith((b"%PDF-", b"{\\rtf")) and b"\0" not in head


def _unescaped(text: str, extension: str) -> str:
    if extension == ".ipynb":
        said = escapes.of_notebook(text)
        return escapes.of_json(text) if said is None else said
    if extension in _JSON:
        return escapes.of_json(text)
    if extension in _SUBTITLES:
        return escapes.of_subtitles(text)
    return escapes.of_cards(text) if extension in _CARDS else text


def _title_and_text(text: str, extension: str) -> tuple[str | None, str]:
    if extension in _HTML:
        return markup.title_and_text(text)
    if extension in _MARKDOWN or extension == ".ipynb":
        return titles.of_markdown(text), text
    if extension == ".rst":
        return titles.of_rst(text), text
    return None, text

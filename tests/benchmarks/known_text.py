"""Documents with known text: of how many is the text found by a search for it?

    python -m tests.benchmarks.known_text DOCUMENTS

`known_texts.json` has a few words of each document, as other programs show it. They are searched as
a phrase and as words; a document counts where it is among the first ten hits.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from engine.library import Library
from engine.paths import Home
from engine.search_records import Query

KNOWN = Path(__file__).with_name("known_texts.json")
FIRST = 10


def main() -> None:
    """Prints what was not found, with the reason where the document was skipped, and the share."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=Path)
    folder = parser.parse_args().documents
    known: dict[str, str] = json.loads(KNOWN.read_text("utf-8"))
    there = {path.name for path in folder.rglob("*") if path.is_file()}
    asked = {name: text for name, text in known.items() if name in there}
    with tempfile.TemporaryDirectory() as home, Library.open(Home.at(Path(home))) as library:
        for _ in library.index([folder]):
            pass
        reasons = {skip.path.name: skip.reason for skip in library.skips() if not skip.member}
        found = {"as a phrase": 0, "as words": 0}
        for name, text in asked.items():
            for how, query in (("as a phrase", f'"{text}"'), ("as words", text)):
                hits = library.search(Query(query, limit=FIRST)).hits
                if name in {hit.path.name for hit in hits}:
                    found[how] += 1
                else:
                    print(f"{name}\t{how}\t{text}\t{reasons.get(name, 'read')}")
    for how, count in found.items():
        print(f"{how}: {count} of {len(asked)} ({count / len(asked):.0%})")


if __name__ == "__main__":
    main()

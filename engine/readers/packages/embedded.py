"""Takes out the documents that were embedded in a Word document or a presentation."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from functools import partial

from engine.readers import faults
from engine.readers.family import MemberFile, NotReadableError
from engine.readers.packages import documents, members, office
from engine.readings import ReadFailure


def files(package: office.Package, parts: Iterable[str]) -> Iterator[MemberFile]:
    """The documents that these parts show, in order, each once.

    Those that charts are drawn from are not among them: a chart's own part refers to them.
    """
    allowance = members.Allowance()
    for name in dict.fromkeys(name for part in parts for name in package.related(part, "package")):
        if allowance.is_spent:
            return
        own = members.cleaned(posixpath.basename(name))
        yield allowance.member(own, package.size(name), partial(_content, package, name))


def _content(package: office.Package, name: str) -> bytes | ReadFailure:
    """The bytes of one, or why there are none: the document around it may be well."""
    try:
        with faults.refused(documents.damaged):
            return package.data(name) or b""
    except NotReadableError as error:
        return error.failure

import pytest

from engine.readers.texts import titles


@pytest.mark.parametrize(
    ("carried", "title"),
    [
        (" The \n lease ", "The lease"),
        ("Microsoft Word - lease.doc", "lease.doc"),
        ("Microsoft Office PowerPoint - Plan", "Plan"),
        ("untitled", None),
        ("Document1", None),
        ("PowerPoint Presentation", None),
        ("Slide 1", None),
        ("无标题", None),
        ("Title of the book", "Title of the book"),
        ("Documents of the court", "Documents of the court"),
        ("\0", None),
        (None, None),
        ("x" * 500, "x" * titles.TITLE_CHARS),
    ],
)
def test_titles_that_programs_write_are_none(carried: str | None, title: str | None) -> None:
    assert titles.tidy(carried) == title

from pathlib import Path

from engine.store import folders, worded
from engine.store.database import Database


def test_an_adopted_folder_gives_its_files_the_names_in_between(
    database: Database, put, pictures: Path
) -> None:
    put("colosseum.jpg")
    between = pictures.parent
    with database.writing() as connection:
        (child,) = (folder.id for folder in folders.all_folders(connection))
        parent = folders.add(connection, between.parent)
        folders.adopt(connection, child=child, parent=parent)
    for folder in (pictures, between, between.parent):
        expression = f'"{folder.name}" AND "colosseum"'
        assert len(worded.by_names(database.reading(), "", expression, None, 10)) == 1
    assert [f.path for f in folders.all_folders(database.reading())] == [between.parent]

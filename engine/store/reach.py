"""Which files can be reached: their folder is there, and the drive below it that they are on.

A drive that is not there is recorded as a file, of its path, that was not read.
"""

from __future__ import annotations

import os

_SEPARATOR = os.fsencode(os.sep)[0]
_CLOSED = "drives JOIN files AS closed USING (folder_id, relative)"
_BELOW, _BEHIND = (
    f"CAST(drives.relative || X'{byte:02x}' AS BLOB)" for byte in (_SEPARATOR, _SEPARATOR + 1)
)
"""What the paths on a drive lie between, in the order of their bytes."""

REACHABLE = f"""
    (folders.state = 'online' AND NOT EXISTS (
        SELECT 1 FROM {_CLOSED} WHERE folder_id = files.folder_id
            AND files.relative >= {_BELOW} AND files.relative < {_BEHIND}
    ))
"""
"""Of a row of files and folders: looked up for each, where few are asked about."""


def among_reachable(file_id: str) -> str:
    """The same of the file whose id is in a column: looked up once, where many are asked about."""
    return f"""
        (folders.state = 'online' AND {file_id} NOT IN (
            SELECT below.id FROM {_CLOSED} JOIN files AS below ON below.folder_id = drives.folder_id
                AND below.relative >= {_BELOW} AND below.relative < {_BEHIND}
        ))
    """


CONTENTS = f"""
    SELECT content_id, max(modified_ns) AS newest FROM placements
    JOIN folders ON folders.id = folder_id
    WHERE placements.state = 'indexed' AND {among_reachable("file_id")} AND content_id IS NOT NULL
    GROUP BY content_id
"""
"""Contents that can be read, each with the time of its `newest` file."""

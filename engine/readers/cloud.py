"""Tells files whose bytes are here from those that a cloud drive would have to download first."""

from __future__ import annotations

import os
import stat

_RECALL_ON_OPEN = 0x00040000
_RECALL_ON_DATA_ACCESS = 0x00400000
"""FILE_ATTRIBUTE_… of Windows, as OneDrive's Files On-Demand sets them."""

_SF_DATALESS = 0x40000000
"""Of macOS, as iCloud's Optimise Storage and other file providers set it."""

_ELSEWHERE = stat.FILE_ATTRIBUTE_OFFLINE | _RECALL_ON_OPEN | _RECALL_ON_DATA_ACCESS


class InCloudError(OSError):
    """Whoever opened the file would have it downloaded."""


def require_here(status: os.stat_result) -> None:
    """Raises InCloudError where the bytes of a file are not on this computer."""
    if (
        getattr(status, "st_file_attributes", 0) & _ELSEWHERE
        or getattr(status, "st_flags", 0) & _SF_DATALESS
    ):
        raise InCloudError

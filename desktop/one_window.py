"""Keeps one window for each library: a second start hands its folders to the first one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import blake2s
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from engine.paths import Home

PATIENCE_MS = 1_000


class OneWindow(QObject):
    """Hears of further starts on the library of `home`, of the same user only."""

    started_again = Signal(list)
    """The folders that a further start is to watch."""

    def __init__(self, home: Home, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_start)
        QLocalServer.removeServer(_name(home))  # that of a window which was killed
        self._server.listen(_name(home))

    def _on_start(self) -> None:
        socket = self._server.nextPendingConnection()
        # The other leaves as soon as all is written, which may be by now.
        if socket.state() is not QLocalSocket.LocalSocketState.UnconnectedState:
            socket.waitForDisconnected(PATIENCE_MS)
        sent = bytes(socket.readAll().data())
        socket.deleteLater()
        self.started_again.emit([Path(os.fsdecode(path)) for path in sent.split(b"\0") if path])


def hand_over(home: Home, folders: Sequence[Path]) -> bool:
    """Whether a window has this library already; it comes forward, and watches `folders` too."""
    socket = QLocalSocket()
    socket.connectToServer(_name(home))
    if not socket.waitForConnected(PATIENCE_MS):
        return False
    socket.write(b"\0".join(os.fsencode(path.expanduser().absolute()) for path in folders))
    socket.disconnectFromServer()  # once all is written
    if socket.state() is not QLocalSocket.LocalSocketState.UnconnectedState:
        socket.waitForDisconnected(PATIENCE_MS)
    return True


def _name(home: Home) -> str:
    # Short, whatever the path: of a socket's name, the system takes about a hundred bytes.
    return f"keepsight-{blake2s(os.fsencode(home.data.resolve()), digest_size=12).hexdigest()}"

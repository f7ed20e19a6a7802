"""A stand-in for the model hub on 127.0.0.1: its listing, its redirects, and what goes wrong."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

PAGE = b"<!DOCTYPE html><html><title>Welcome to Hotel Wifi</title></html>"
REVISION = "c0ffee" * 6 + "c0ff"


@dataclass
class StandIn:
    """What the hub holds, how it misbehaves, and what it was asked."""

    url: str = ""
    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    break_off: list[int] = field(default_factory=list)
    """After how many bytes the next downloads of large files break off."""
    tamper: bool = False
    """Sends other bytes than those whose checksum it names."""
    portal: str = ""
    """`page`: a web page with status 200; `silent`: the same without saying that it is one."""
    portal_for: str = "/"
    """The beginning of the paths that the portal answers."""
    status: int = 0
    """Answers everything so."""
    ignores_range: bool = False
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    sent_bytes: int = 0
    """Of large files, all answers together."""

    def listing(self, repository: str) -> dict[str, object]:
        """What /api/models/REPOSITORY?blobs=true says: files over 1 kB are large (LFS)."""
        siblings: list[dict[str, object]] = []
        for name, content in self.repositories[repository].items():
            blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            one: dict[str, object] = {"rfilename": name, "size": len(content), "blobId": blob}
            if len(content) > 1000:
                sha256 = hashlib.sha256(content).hexdigest()
                one["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 135}
            siblings.append(one)
        return {"id": repository, "sha": REVISION, "siblings": siblings}


@contextmanager
def serve() -> Iterator[StandIn]:
    """Runs a stand-in; `url` is what HF_ENDPOINT says."""
    hub = StandIn()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.paths.append(path)
            hub.headers.append({key.lower(): value for key, value in self.headers.items()})
            if hub.portal and path.startswith(hub.portal_for):
                kind = "text/html; charset=utf-8" if hub.portal == "page" else "binary/octet-stream"
                self._answer(200, PAGE, {"Content-Type": kind})
            elif hub.status:
                self._answer(hub.status, b"")
            elif path.startswith("/api/models/"):
                self._list(path.removeprefix("/api/models/"))
            elif path.startswith("/cdn/"):
                self._send_large(*path.removeprefix("/cdn/").rsplit("/resolve/", 1))
            else:
                self._resolve(*path[1:].split("/resolve/", 1))

        def _list(self, repository: str) -> None:
            if repository not in hub.repositories:
                self._answer(401, b"{}", {"X-Error-Code": "RepoNotFound"})
                return
            body = json.dumps(hub.listing(repository)).encode()
            self._answer(200, body, {"Content-Type": "application/json"})

        def _resolve(self, repository: str, rest: str) -> None:
            revision, _, name = rest.partition("/")
            content = hub.repositories.get(repository, {}).get(name)
            if content is None or revision != REVISION:
                self._answer(404, b"", {"X-Error-Code": "EntryNotFound"})
            elif len(content) > 1000:  # as the hub does, from another host there
                self._answer(302, b"", {"Location": f"{hub.url}/cdn/{repository}/resolve/{name}"})
            else:
                self._answer(200, content)

        def _send_large(self, repository: str, name: str) -> None:
            content = hub.repositories[repository][name]
            if hub.tamper:
                content = bytes(len(content))
            asked = self.headers.get("Range", "")
            start = 0 if hub.ignores_range else int(asked[6:].partition("-")[0] or 0)
            headers = {"Content-Length": str(len(content) - start)}
            if asked and not hub.ignores_range:
                headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.send_response(206 if "Content-Range" in headers else 200)
            for key, value in headers.items():
                self.send_header(key, value)
            self.end_headers()
            piece = content[start:]
            if hub.break_off:
                piece = piece[: hub.break_off.pop(0)]
                self.close_connection = True
            hub.sent_bytes += len(piece)
            self.wfile.write(piece)

        def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for key, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""The only client that ever opens a connection: guarded, anonymous, and written into the ledger.

Everywhere else in this process the hub's library is told to stay offline (HF_HUB_OFFLINE), and
stays so: it is given a client that refuses whatever does not belong to a `Visit`.
"""

from __future__ import annotations

import os
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from engine.errors import ModelError
from engine.models.shelf.ledger import ASKED, Ledger, Request

TIMEOUT_S = 30.0
"""How long an answer, or the next piece of it, may take."""


@dataclass(slots=True)
class _Sent:
    """A request in flight, until the ledger is told what came of it."""

    request: Request
    response: Any = None
    outcome: str = ""


class Visit:
    """Within `with Visit(…)`, and on its thread only, the hub's library may connect.

    Proxies are those of the environment (HTTPS_PROXY and so on); HF_ENDPOINT names another hub.
    `why` is what the ledger says. Only the hub and hosts that it sends on to are asked.
    """

    def __init__(self, ledger: Ledger, why: str) -> None:
        self._ledger = ledger
        self._why = why
        self._sent: list[_Sent] = []
        self._token: Token[Visit | None] | None = None
        self._sent_on_to = ""
        self.endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/")

    def __enter__(self) -> Visit:
        hub = import_hub()
        self.endpoint = self.endpoint or hub.constants.ENDPOINT
        hub.set_client_factory(_client)
        self._token = _visit.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._token is not None
        _visit.reset(self._token)
        self._settle()
        import_hub().close_session()

    @property
    def host(self) -> str:
        """Where files come from, for people."""
        return urlsplit(self.endpoint).netloc or self.endpoint

    def note(self, outcome: str) -> None:
        """Adds to what the ledger says of the request in hand."""
        if self._sent:
            self._sent[-1].outcome = outcome

    def portal(self) -> ModelError:
        """The error where a network answers in the hub's place."""
        self.note("a web page")
        return ModelError(
            "The network wants you to sign in",
            f"A web page came in place of what was asked of {self.host}, as in hotels and trains. "
            "Open a browser, sign in to the network, and try again.",
        )

    def sending(self, request: Any) -> None:
        """Makes a request anonymous and writes it into the ledger, or refuses it."""
        if urlsplit(self.endpoint).scheme == "https" and request.url.scheme != "https":
            raise self.portal()  # only a network that wants to be read sends us there
        if request.url.host not in (urlsplit(self.endpoint).hostname, self._sent_on_to):
            raise import_hub().errors.OfflineModeIsEnabled(f"{request.url} was not asked for")
        for name in ("authorization", "cookie"):
            request.headers.pop(name, None)
        request.headers["user-agent"] = "keepsight"
        self._settle()
        self._sent.append(_Sent(self._ledger.asked(request.url.host, self._why)))

    def received(self, response: Any) -> None:
        """Notes an answer, and refuses a web page in place of what was asked for."""
        self._sent[-1].response = response
        onward = response.next_request
        self._sent_on_to = onward.url.host if onward is not None else ""
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if response.status_code == 200 and is_page:
            raise self.portal()

    def _settle(self) -> None:
        for sent in self._sent:
            answer = sent.response
            status = [str(answer.status_code)] if answer is not None else [ASKED]
            received_bytes = answer.num_bytes_downloaded if answer is not None else 0
            outcome = ", ".join([*status, *filter(None, [sent.outcome])])
            self._ledger.over(sent.request, received_bytes, outcome)
        self._sent.clear()


_visit: ContextVar[Visit | None] = ContextVar("visit", default=None)


def import_hub() -> Any:
    """huggingface_hub, offline but for visits, without telemetry and tokens."""
    # Read when it is imported; loading models counts on them too.
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_IMPLICIT_TOKEN"):
        os.environ[name] = "1"
    import huggingface_hub
    import huggingface_hub.constants
    import huggingface_hub.errors
    import huggingface_hub.utils

    return huggingface_hub


def import_http() -> Any:
    """What huggingface_hub speaks through, and whose errors it lets out."""
    import httpx2

    return httpx2


def _client() -> Any:
    return import_http().Client(
        event_hooks={"request": [_sending], "response": [_received]},
        follow_redirects=True,
        timeout=TIMEOUT_S,
    )


def _sending(request: Any) -> None:
    visit = _visit.get()
    if visit is None:
        raise import_hub().errors.OfflineModeIsEnabled(f"{request.url} was not asked for")
    visit.sending(request)


def _received(response: Any) -> None:
    visit = _visit.get()
    if visit is not None:
        visit.received(response)

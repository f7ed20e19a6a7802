"""The hub, through a stand-in that speaks its protocol, with everything that goes wrong there."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.errors import ModelError, StoppedError
from engine.models.shelf.hub import Hub
from engine.models.shelf.ledger import Ledger
from tests.engine.models.hub_standin import PAGE, StandIn, serve

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]

ROOT = Path(__file__).resolve().parents[4]
REPOSITORY = "someone/model"
LARGE = bytes(range(256)) * 4000
SMALL = b'{"a": 1}'


@pytest.fixture
def standin(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with serve() as hub:
        hub.repositories[REPOSITORY] = {"weights.bin": LARGE, "config.json": SMALL}
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "network.jsonl")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    return tmp_path / "model" / "weights.bin"


def fetch(
    ledger: Ledger,
    target: Path,
    name: str = "weights.bin",
    is_cancelled: Callable[[], bool] = lambda: False,
) -> list[int]:
    """Fetches one file; returns what was told of its progress."""
    told: list[int] = []
    with Hub(ledger, "a test", is_cancelled) as hub:
        hub.fetch(hub.files(REPOSITORY)[name], target, told.append)
    return told


def pieces(target: Path) -> list[Path]:
    return sorted(target.parent.iterdir())


@pytest.mark.parametrize(("name", "content"), [("weights.bin", LARGE), ("config.json", SMALL)])
def test_a_file_arrives_whole_and_progress_ends_at_its_size(standin, ledger, target, name, content):
    told = fetch(ledger, target, name)
    assert target.read_bytes() == content
    assert pieces(target) == [target]
    assert told == sorted(told)
    assert told[-1] == len(content)


def test_a_file_that_is_there_is_not_fetched_again(standin, ledger, target):
    fetch(ledger, target)
    sent = standin.sent_bytes
    assert fetch(ledger, target) == [len(LARGE)]
    assert standin.sent_bytes == sent


def test_a_file_that_was_damaged_on_disk_is_fetched_again(standin, ledger, target):
    target.write_bytes(bytes(len(LARGE)))
    fetch(ledger, target)
    assert target.read_bytes() == LARGE


def test_a_connection_that_breaks_midway_is_gone_on_with_at_once(standin, ledger, target):
    standin.break_off = [100_000, 200_000]
    fetch(ledger, target)
    assert target.read_bytes() == LARGE
    assert standin.sent_bytes == len(LARGE), "nothing was sent twice"


def test_what_arrived_before_the_network_went_away_is_gone_on_with_next_time(
    standin, ledger, target
):
    standin.break_off = [300_000, 0]
    with pytest.raises(ModelError, match=r"no connection.*goes on from where"):
        fetch(ledger, target)
    assert not target.exists()
    assert [path.stat().st_size for path in pieces(target)] == [300_000]
    told = fetch(ledger, target)
    assert told[0] == 300_000
    assert target.read_bytes() == LARGE
    assert standin.sent_bytes == len(LARGE)


def test_a_server_that_knows_no_ranges_is_asked_from_the_start(standin, ledger, target):
    standin.ignores_range = True
    standin.break_off = [400_000]
    fetch(ledger, target)
    assert target.read_bytes() == LARGE


def test_a_wrong_checksum_is_refused_and_the_file_deleted(standin, ledger, target):
    standin.tamper = True
    with pytest.raises(ModelError, match=r"damaged.*checksum"):
        fetch(ledger, target)
    assert pieces(target) == []


def test_a_small_file_is_checked_too(standin, ledger, target, monkeypatch):
    listing = standin.listing(REPOSITORY)
    siblings = {one["rfilename"]: one for one in listing["siblings"]}
    siblings["config.json"]["blobId"] = "0" * 40
    monkeypatch.setattr(standin, "listing", lambda _: listing)
    with pytest.raises(ModelError, match="checksum"):
        fetch(ledger, target, "config.json")
    assert pieces(target) == []


def test_a_full_disk_says_so_and_keeps_what_fits(standin, ledger, target, monkeypatch):
    class Small:
        """A file on a disk that takes 50,000 bytes."""

        def __init__(self, file):
            self._file = file

        def __enter__(self):
            self._file.__enter__()
            return self

        def __exit__(self, *raised):
            self._file.__exit__(*raised)

        def __getattr__(self, name):
            return getattr(self._file, name)

        def write(self, piece):
            if self._file.tell() + len(piece) > 50_000:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return self._file.write(piece)

    usual = Path.open
    with monkeypatch.context() as patched:
        patched.setattr(
            Path,
            "open",
            lambda self, mode="r", *rest, **more: (
                Small(usual(self, mode, *rest, **more))
                if self.suffix == ".part" and mode[0] in "aw"
                else usual(self, mode, *rest, **more)
            ),
        )
        with pytest.raises(ModelError, match=r"disk is full.*Make room"):
            fetch(ledger, target)
    assert not target.exists()
    assert ledger.requests()[-1].outcome == "200, disk full"
    fetch(ledger, target)
    assert target.read_bytes() == LARGE


@pytest.mark.parametrize("portal", ["page", "silent"])
@pytest.mark.parametrize("portal_for", ["/", "/cdn/"])
def test_a_captive_portal_is_named_as_such(standin, ledger, target, portal, portal_for):
    standin.portal, standin.portal_for = portal, portal_for
    expected = "not the model hub" if (portal, portal_for) == ("silent", "/") else "sign in"
    with pytest.raises(ModelError, match=expected):
        fetch(ledger, target)
    assert not target.exists()


def test_a_captive_portal_does_not_destroy_what_has_arrived(standin, ledger, target):
    standin.break_off = [300_000, 0]
    with pytest.raises(ModelError, match="no connection"):
        fetch(ledger, target)
    standin.portal, standin.portal_for = "silent", "/cdn/"
    with pytest.raises(ModelError, match="sign in"):
        fetch(ledger, target)
    standin.portal = ""
    assert fetch(ledger, target)[0] == 300_000
    assert target.read_bytes() == LARGE


def test_a_page_as_long_as_the_file_is_still_named_a_page(standin, ledger, target):
    standin.portal, standin.portal_for = "silent", "/someone/"
    standin.repositories[REPOSITORY]["config.json"] = SMALL.ljust(len(PAGE))
    with pytest.raises(ModelError, match="sign in"):
        fetch(ledger, target, "config.json")
    assert pieces(target) == []


def test_a_network_that_asks_to_sign_in_by_its_status_is_named_so(standin, ledger, target):
    standin.status = 511
    with pytest.raises(ModelError, match="sign in"):
        fetch(ledger, target)


@pytest.mark.parametrize(
    ("status", "expected"), [(404, "does not have it"), (503, "answered 503.*Wait")]
)
def test_a_refusal_says_what_to_do(standin, ledger, target, status, expected):
    standin.status = status
    with pytest.raises(ModelError, match=expected):
        fetch(ledger, target)


def test_an_unknown_repository_is_named(standin, ledger):
    with (
        Hub(ledger, "a test") as hub,
        pytest.raises(ModelError, match=r"knows nothing of.*no/such"),
    ):
        hub.files("no/such")


def test_no_connection_at_all_is_said_and_the_other_way_named(ledger, target, monkeypatch):
    with serve() as hub:
        gone = hub.url
    monkeypatch.setenv("HF_ENDPOINT", gone)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(ModelError, match=r"no connection.*models import"):
        fetch(ledger, target)
    assert [request.outcome for request in ledger.requests()] == ["no answer, ConnectError"]


def test_cancelling_stops_between_two_pieces_and_keeps_them(standin, ledger, target):
    told: list[int] = []
    with Hub(ledger, "a test", lambda: bool(told and told[-1])) as hub:
        file = hub.files(REPOSITORY)["weights.bin"]
        with pytest.raises(StoppedError, match="goes on from there"):
            hub.fetch(file, target, told.append)
    assert 0 < pieces(target)[0].stat().st_size < len(LARGE)
    assert ledger.requests()[-1].outcome.endswith("cancelled")
    assert fetch(ledger, target)[0] == pieces(target)[0].stat().st_size or target.is_file()
    assert target.read_bytes() == LARGE


def test_each_request_is_in_the_ledger_with_its_bytes(standin, ledger, target):
    standin.break_off = [100_000]
    fetch(ledger, target)
    requests = ledger.requests()
    assert len(requests) == len(standin.paths)
    assert {(request.host, request.why) for request in requests} == {("127.0.0.1", "a test")}
    assert [request.outcome for request in requests] == (
        ["200", "302", "200, broken off", "302", "206"]
    )
    assert sum(request.received_bytes for request in requests[1:]) == len(LARGE)


def test_nothing_is_sent_that_cannot_be_written_down(standin, tmp_path, target):
    ledger = Ledger(tmp_path)  # a folder
    with pytest.raises(ModelError, match="ledger cannot be written"):
        fetch(ledger, target)
    assert standin.paths == []


def test_no_token_or_name_of_the_computer_is_sent(standin, ledger, target, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    fetch(ledger, target)
    for headers in standin.headers:
        assert headers["user-agent"] == "keepsight"
        assert set(headers) <= {
            *("host", "user-agent", "accept", "accept-encoding", "connection", "range")
        }


def test_proxy_settings_are_respected(standin, ledger, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    monkeypatch.setenv("HTTP_PROXY", standin.url)
    with Hub(ledger, "a test") as hub:
        assert set(hub.files(REPOSITORY)) == {"weights.bin", "config.json"}
    assert standin.headers[0]["host"] == "hub.invalid"


def test_a_hub_that_is_secure_cannot_send_us_to_one_that_is_not(standin, ledger, target):
    with Hub(ledger, "a test") as hub:
        file = hub.files(REPOSITORY)["weights.bin"]
        hub._visit.endpoint = "https://127.0.0.1:1"
        with pytest.raises(ModelError, match="sign in"):
            import_hub_session_get(standin.url)
        hub._visit.endpoint = standin.url
        hub.fetch(file, target, lambda _: None)


def import_hub_session_get(url: str) -> None:
    import huggingface_hub

    huggingface_hub.get_session().get(url)


def test_outside_a_visit_the_hub_s_library_stays_offline(standin, ledger, target):
    import huggingface_hub
    from huggingface_hub.errors import OfflineModeIsEnabled

    fetch(ledger, target)
    asked = len(standin.paths)
    with pytest.raises(OfflineModeIsEnabled):
        huggingface_hub.HfApi(endpoint=standin.url).model_info(REPOSITORY)
    assert len(standin.paths) == asked
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_no_other_module_names_what_could_connect():
    network = re.compile(
        r"^\s*(?:import|from)\s+(?:\S+,\s*)*"
        r"(socket|ssl|http\.|urllib\.request|urllib3|httpx|requests|aiohttp|ftplib|smtplib|"
        r"xmlrpc|telnetlib|websockets|PySide6\.QtNetwork)",
        re.MULTILINE,
    )
    sources = [path for part in ("engine", "desktop") for path in (ROOT / part).rglob("*.py")]
    local = "from PySide6.QtNetwork import QLocalServer, QLocalSocket\n"  # within one computer
    texts = [(path.name, path.read_text("utf-8").replace(local, "")) for path in sources]
    assert [name for name, text in texts if network.search(text)] == ["hub_client.py"]


def test_models_that_were_loaded_before_do_not_forbid_the_visit(standin, ledger, target):
    from engine.models.openclip.weights import import_offline

    import_offline()
    fetch(ledger, target)
    assert target.read_bytes() == LARGE

"""Address, port, refusals, a clean end of the command `view`."""

from __future__ import annotations

import socket
import time
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlsplit

import pytest

from browser.conftest import ForkedServer, Server
from truce_sim.viewer.serve import Address, listen

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def port_of(server: Server | ForkedServer) -> int:
    return urlsplit(server.url).port or 80


@pytest.fixture(scope="module")
def usual(serve) -> ForkedServer:
    """A viewer without arguments."""
    return serve()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "0.0.0.0"], "--allow-remote"),
        (["--host", "example.org"], "--allow-remote"),
        (["--port", "99999"], "is out of range"),
        (["--port", "x"], "--port"),
        (["home.threshold=-1"], "home.threshold"),
        (["nosuch=1"], "nosuch"),
        (["no-such-folder"], "no such folder"),
        (["--run", "1:2"], "needs the folder of a sweep"),
        (["--worst", "--best"], "only one run can be opened"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_bad_arguments_are_refused_before_anything_starts(
    arguments, words, viewers, tmp_path
) -> None:
    """One message, exit code 2, no traceback."""
    log = tmp_path / "said"
    process = viewers.start(["view", "--no-open", *arguments], log)
    until = time.monotonic() + 60
    while (code := viewers.poll(process)) is None and time.monotonic() < until:
        time.sleep(0.02)
    said = log.read_text(encoding="utf-8")
    assert code == 2, said
    assert words in said
    assert "Traceback" not in said


def test_a_taken_port_and_a_clean_end() -> None:
    """The next free port is used and said; Ctrl-C ends it with code 0."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = Server("--port", str(port))
        assert f"Port {port} is taken" in "".join(server.lines)
        assert port_of(server) != port
        assert server.stop() == 0


def test_two_that_start_at_once_get_a_port_each() -> None:
    """A port is taken from when it is found, not from when the first visitor can come."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = Address("127.0.0.1", port, allow_remote=False, browser=False)
    with listen(address) as first, listen(address) as second:
        assert first.getsockname() != second.getsockname()


def test_it_warns_once_that_other_machines_may_connect(serve) -> None:
    """Of the address given, before its own is printed."""
    before, *_ = serve("--host", "0.0.0.0", "--allow-remote").said().split("truce_sim is at")
    assert before.count("0.0.0.0 can be reached") == 1


def test_it_listens_on_loopback_only(usual) -> None:
    """By default no other address of this machine answers."""
    port = port_of(usual)
    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)}
    for address in addresses - {"127.0.0.1", "127.0.1.1", "::1"}:
        with pytest.raises(OSError, match=r"refused|unreachable|family"):
            socket.create_connection((address, port), timeout=2)


def test_only_its_own_page_with_its_token_is_answered(usual) -> None:
    """Harmless requests as another site, another name and a stranger would send them."""
    port, query = port_of(usual), f"/?{urlsplit(usual.url).query}"

    def ask(path: str, host: str = f"127.0.0.1:{port}", **headers: str) -> HTTPResponse:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", path, headers={"Host": host, **headers})
        return connection.getresponse()

    def greet(cookie: str, origin: str) -> int:
        """The status of the answer to a websocket's handshake."""
        return ask(
            "/jupyter/api/kernels/0/channels?session_id=0", Cookie=cookie, Origin=origin,
            Connection="Upgrade", Upgrade="websocket", **{"Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="},
        ).status  # fmt: skip

    welcome = ask(query)
    cookie = str(welcome.getheader("Set-Cookie")).split(";")[0]
    assert (welcome.status, welcome.getheader("Location")) == (303, "/")
    page = ask("/", Cookie=cookie)
    assert page.status == 200
    assert page.getheader("Content-Security-Policy") == "frame-ancestors 'self'"
    assert ask("/", host=f"localhost:{port}", Cookie=cookie).status == 200
    assert ask("/").status == ask("/?token=guess").status == 401
    assert ask("/static/main-vuetify.js").status == 401
    assert ask("/", host="evil.example", Cookie=cookie).status == 403
    assert ask(query, host=f"evil.example:{port}").status == 403
    assert ask("/", Cookie=cookie, Origin="http://evil.example").status == 403
    assert greet(cookie, f"http://127.0.0.1:{port}") == 101
    assert greet(cookie, "http://evil.example") == 403
    assert greet("", f"http://127.0.0.1:{port}") == 403

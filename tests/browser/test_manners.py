"""Address, port, refusals, a clean end: the command `view` as typed."""

from __future__ import annotations

import socket
import subprocess

import pytest

from browser.conftest import PROGRAM, Server
from truce_sim.viewer.serve import Address, listen

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def view(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, "view", "--no-open", *arguments],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "0.0.0.0"], "--allow-remote"),
        (["--host", "example.org"], "--allow-remote"),
        (["--port", "99999"], "is not a port"),
        (["--port", "x"], "--port"),
        (["home.threshold=-1"], "home.threshold"),
        (["nosuch=1"], "nosuch"),
        (["no-such-folder"], "no such folder"),
        (["--run", "1:2"], "needs the folder of a sweep"),
        (["--worst", "--best"], "only one run can be opened"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_bad_arguments_are_refused_before_anything_starts(arguments, words) -> None:
    """One message, exit code 2, no traceback."""
    done = view(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_and_a_clean_end() -> None:
    """The next free port is used and said; Ctrl-C ends it with code 0."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = Server("--port", str(port))
        assert f"Port {port} is taken" in "".join(server.lines)
        assert not server.url.endswith(f":{port}")
        assert server.stop() == 0


def test_two_that_start_at_once_get_a_port_each() -> None:
    """A port is taken from when it is found, not from when the first visitor can come."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with listen(Address(port=port)) as first, listen(Address(port=port)) as second:
        assert first.getsockname() != second.getsockname()


def test_it_listens_on_loopback_only() -> None:
    """By default no other address of this machine answers."""
    server = Server()
    port = int(server.url.rsplit(":", 1)[1])
    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)}
    for address in addresses - {"127.0.0.1", "127.0.1.1", "::1"}:
        with pytest.raises(OSError, match=r"refused|unreachable|family"):
            socket.create_connection((address, port), timeout=2)
    server.stop()

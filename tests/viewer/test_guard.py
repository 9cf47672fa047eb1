"""Who may speak to the viewer: names, origins, the token; with an application that says hello."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

pytest.importorskip("solara", reason="the viewer's libraries (the extra `viz`) are not installed")

from truce_sim.viewer.guard import Guard
from truce_sim.viewer.state.levers import COMMAND_LINE_ONLY, put_text


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def ask(guard: Guard, query: str = "", path: str = "/", method: str = "GET", **headers: str) -> Any:
    """The first message of the answer, its headers as a mapping."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    with ThreadPoolExecutor(1) as apart:  # a browser's tests leave a loop running in this thread
        apart.submit(asyncio.run, guard(scope, None, send)).result()  # type: ignore[arg-type]
    return sent[0] | {"headers": dict(sent[0]["headers"]), "body": sent[1]["body"]}


def status(guard: Guard, query: str = "", **headers: str) -> int:
    return int(ask(guard, query, **{"host": "localhost:8765", **headers})["status"])


def test_the_token_opens_once_and_leaves_the_address() -> None:
    """The rest of the address stays; the cookie opens from then on, and no other one does."""
    guard = Guard(hello, "127.0.0.1", 8765)
    first = ask(guard, f"day=4&token={guard.token}&layer=activity", host="127.0.0.1:8765")
    assert (first["status"], first["headers"][b"location"]) == (303, b"/?day=4&layer=activity")
    cookie = first["headers"][b"set-cookie"].decode()
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    own = cookie.split(";")[0]
    assert status(guard, cookie=own) == 200
    for token in (guard.token, "of-an-earlier-start"):  # the printed address, opened once more
        again = ask(
            guard, f"token={token}&day=5", host="127.0.0.1:8765", cookie=cookie.split(";")[0]
        )
        assert (again["status"], again["headers"][b"location"]) == (303, b"/?day=5")
    assert status(guard, cookie="truce_sim_8765=guess") == 401
    assert status(guard, cookie=f"truce_sim_8766={guard.token}") == 401
    assert guard.token != Guard(hello, "127.0.0.1", 8765).token


def test_who_lacks_the_token_is_asked_for_it_and_keeps_the_address() -> None:
    """A bookmark opened after a restart leads to its picture once the token is entered."""
    page = ask(Guard(hello, "127.0.0.1", 1), 'day=4&x="><b>', host="127.0.0.1:1")
    assert page["status"] == 401
    assert b'name="day" value="4"' in page["body"]
    assert b"<b>" not in page["body"]


@pytest.mark.parametrize(
    ("listening", "host", "fine"),
    [
        ("127.0.0.1", "127.0.0.1:9", True),
        ("127.0.0.1", "localhost", True),
        ("127.0.0.1", "[::1]:9", True),
        ("127.0.0.1", "evil.example:9", False),
        ("127.0.0.1", "localhost.evil.example", False),
        ("127.0.0.1", "192.0.2.7:9", False),
        ("127.0.0.1", "", False),
        ("127.0.0.1", "[::1", False),
        ("lab.example", "LAB.example:9", True),
        ("0.0.0.0", "192.0.2.7:9", True),
        ("0.0.0.0", "evil.example", False),
    ],
)
def test_names(listening, host, fine) -> None:
    """Loopback names and --host; where it listens to all, any address, but no unknown name."""
    guard = Guard(hello, listening, 9)
    cookie = f"truce_sim_9={guard.token}"
    assert status(guard, host=host, cookie=cookie) == (200 if fine else 403)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:9"])
def test_other_origins_are_refused_even_with_the_cookie(origin) -> None:
    """Only the page of this very address may ask: another port is another program."""
    guard = Guard(hello, "127.0.0.1", 8765)
    cookie = f"truce_sim_8765={guard.token}"
    assert status(guard, cookie=cookie, origin="http://localhost:8765") == 200
    assert status(guard, cookie=cookie, origin=origin) == 403


def test_every_answer_forbids_frames_of_others() -> None:
    """Also refusals."""
    guard = Guard(hello, "127.0.0.1", 8765)
    for cookie in ("", f"truce_sim_8765={guard.token}"):
        for host in ("localhost:8765", "evil.example"):
            headers = ask(guard, host=host, cookie=cookie)["headers"]
            assert headers[b"content-security-policy"] == b"frame-ancestors 'self'"


@pytest.mark.parametrize("path", COMMAND_LINE_ONLY)
def test_no_page_names_files(path) -> None:
    """Settings that name files are refused from a page."""
    from truce_sim import InputError
    from truce_sim.settings.fields import field_at

    words = "on the command line only" if field_at(path) else "no such setting"
    with pytest.raises(InputError, match=words):
        put_text(path, "/etc/passwd", {"scenario": {}})

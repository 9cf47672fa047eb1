"""Who may speak to the viewer: checks of Host, Origin and a token before anything is answered.

A page elsewhere could make a visitor's browser speak to a server on loopback, under its own name
(DNS rebinding) or across sites. The name in `Host` must be one of the viewer's, `Origin` the viewer
itself, and the browser must know the token in the printed address, as with Jupyter.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_EVERY = ("0.0.0.0", "::")

#: Sent with every answer: only the viewer's own pages may frame it, and no address leaks.
_HEADERS = (
    (b"content-security-policy", b"frame-ancestors 'self'"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)

_ASK = """<!doctype html><html lang="en"><meta charset="utf-8"><title>truce_sim</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root {{ color-scheme: light dark }} body {{ font: 16px sans-serif; max-width: 34em;
margin: 15vh auto; padding: 0 1em }} input, button {{ font: inherit; padding: .3em }}</style>
<h1>truce_sim</h1><p>This viewer asks for the token in the address that it printed when it started.
Open that address, or enter the token:</p>
<form method="get">{kept}<label>Token <input name="token" autofocus autocomplete="off"></label>
<button>Open</button></form></html>"""


class Guard:
    """An application that answers only requests that may speak to the viewer.

    Attributes:
        token: The secret that opens the viewer.
    """

    def __init__(self, app: App, host: str, port: int) -> None:
        """Guard an application.

        Args:
            app: The application, as ASGI defines it.
            host: The address it listens on.
            port: Its port, which gives the cookie its name: cookies do not tell ports apart.
        """
        self._app = app
        self._hosts = allowed_hosts(host)
        self._any_address = host in _EVERY
        self._cookie = f"truce_sim_{port}"
        self.token = secrets.token_urlsafe(24)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1")
                   for name, value in scope["headers"]}  # fmt: skip
        answer = _with_headers(send)
        if problem := self._problem(headers):
            await _refuse(scope, answer, HTTPStatus.FORBIDDEN, problem)
            return
        known, token, rest = self._knows_token(headers), *_token(scope)
        if token and (known or self._matches(token)):
            await self._let_in(answer, rest)
        elif known:
            await self._app(scope, receive, answer)
        elif scope["type"] == "http" and scope["path"] == "/":
            page = _ASK.format(kept="".join(_hidden(*pair) for pair in rest)).encode()
            await respond(answer, HTTPStatus.UNAUTHORIZED, page, content_type="text/html")
        else:
            await _refuse(scope, answer, HTTPStatus.UNAUTHORIZED, "The token is missing.")

    def _problem(self, headers: Mapping[str, str]) -> str:
        """Why the headers are not those of the viewer's own page, or ""."""
        host = headers.get("host", "")
        if not self._is_ours(host):
            return "This viewer has no such name (Host). It answers to localhost and to --host."
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return "Another site's page may not use this viewer (Origin)."
        return ""

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self._hosts or (self._any_address and _is_address(name))

    def _knows_token(self, headers: Mapping[str, str]) -> bool:
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return False
        return self._cookie in cookies and self._matches(cookies[self._cookie].value)

    def _matches(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self.token.encode())

    async def _let_in(self, send: Send, rest: list[tuple[str, str]]) -> None:
        """Give a browser a cookie, and take the token out of its address."""
        cookie = f"{self._cookie}={self.token}; Path=/; HttpOnly; SameSite=Lax"
        target = "/" + (f"?{urlencode(rest)}" if rest else "")
        await respond(send, HTTPStatus.SEE_OTHER, b"", location=target, set_cookie=cookie)


def _token(scope: Scope) -> tuple[str, list[tuple[str, str]]]:
    """Return the token in the address of a request, or "", and the rest of its query."""
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    rest = [pair for pair in query if pair[0] != "token"]
    if scope["type"] != "http" or scope["method"] != "GET":
        return "", rest
    return next((value for name, value in query if name == "token"), ""), rest


def allowed_hosts(host: str) -> frozenset[str]:
    """Return the names under which a viewer that listens on `host` may be addressed."""
    own: Iterable[str] = (host.lower(),)
    if host in _EVERY:
        own = (socket.gethostname().lower(), socket.getfqdn().lower())
    return _LOOPBACK | frozenset(own)


def _is_address(name: str) -> bool:
    """Whether a name is an IP address, which DNS cannot rebind to another machine, as it can a
    name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _hidden(name: str, value: str) -> str:
    from html import escape

    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def _with_headers(send: Send) -> Send:
    async def answer(message: Any) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *_HEADERS]}
        await send(message)

    return answer


async def _refuse(scope: Scope, send: Send, status: HTTPStatus, why: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": why})
    else:
        await respond(send, status, why.encode())


async def respond(
    send: Send, status: HTTPStatus, body: bytes, content_type: str = "text/plain", **more: str
) -> None:
    """Send a complete answer; `more` are headers, with _ for -."""
    headers = {"content-type": f"{content_type}; charset=utf-8", "cache-control": "no-store"} | {
        name.replace("_", "-"): value for name, value in more.items()
    }
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})

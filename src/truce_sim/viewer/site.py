"""What the viewer answers: the first page at once, and Solara's pages once they are ready."""

from __future__ import annotations

import asyncio
import threading
from http import HTTPStatus
from urllib.parse import parse_qsl

from truce_sim.viewer.first import WAITS, first_page
from truce_sim.viewer.guard import Receive, Scope, Send, respond
from truce_sim.viewer.state.opening import Opening


class Site:
    """The viewer's site, an ASGI application: the first page until Solara's is ready.

    Attributes:
        first: Set once the first page is made.
        pages: Set once Solara, which makes the pages and has their scripts, is imported.
        whole: Set once everything that a page needs is imported; until then its connection waits.
    """

    def __init__(self) -> None:
        self.first, self.pages, self.whole = (threading.Event() for _ in range(3))
        self._border, self._words = b"", b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or a websocket, when it can be answered."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http" and not self.pages.is_set() and _is_visit(scope):
            await asyncio.to_thread(self.first.wait)
            page = self._words if _may_name_another_border(scope) else self._border
            await respond(send, HTTPStatus.OK, page, content_type="text/html")
        else:
            there = self.whole if scope["type"] == "websocket" else self.pages
            if not there.is_set():
                await asyncio.to_thread(there.wait)
            await self._solara(scope, receive, send)

    def begin(self, opening: Opening) -> None:
        """Make the first page."""
        self._border, self._words = first_page(opening), first_page(Opening())
        self.first.set()

    def load(self, opening: Opening) -> None:
        """Import everything that serves the other pages."""
        from solara.server import starlette

        self._solara, self._shut = starlette.app, starlette.on_shutdown
        starlette.on_startup()
        self.pages.set()
        import pandas  # noqa: F401  # reacton fails on half of it

        from truce_sim.viewer.pages import app

        app.load(opening)
        self.whole.set()

    async def _live(self, receive: Receive, send: Send) -> None:
        """Start at once, since Solara starts later; end with Solara."""
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self.pages.is_set():
            self._shut()
        await send({"type": "lifespan.shutdown.complete"})


def _is_visit(scope: Scope) -> bool:
    """Whether a browser asks for a page to show now, not for the one that it is waiting for."""
    waits = any(name == WAITS.encode() for name, _ in scope["headers"])
    return scope["path"] == "/" and scope["method"] == "GET" and not waits


def _may_name_another_border(scope: Scope) -> bool:
    """Whether the address has settings that determine the border."""
    words = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return any(name.startswith(("scenario", "border")) for name, _ in words)

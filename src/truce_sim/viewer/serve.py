"""The server of the viewer: address, port, browser, and a clean end."""

from __future__ import annotations

import asyncio
import errno
import gc
import ipaddress
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

from truce_sim.errors import InputError
from truce_sim.viewer.state.opening import Opening

#: The server's own settings: production, nothing sent to anyone, no banner, no asset from outside.
_ENVIRONMENT = {
    "SOLARA_APP": "truce_sim.viewer.pages.app",
    "SOLARA_MODE": "production",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",
    "SOLARA_THEME_SHOW_BANNER": "false",
    "SOLARA_THEME_TITLE": "truce_sim",
    "SOLARA_ASSETS_FONTAWESOME_ENABLED": "false",
    "SOLARA_ASSETS_CDN": "http://127.0.0.1:9/",  # an asset that is missing is asked of nobody
    "SOLARA_KERNEL_CULL_TIMEOUT": "10m",
}

_INSTALL = 'pip install "truce-sim[viz]"'


@dataclass(frozen=True)
class Address:
    """Where the viewer listens, and whether it opens a browser."""

    host: str = "127.0.0.1"
    port: int = 8765
    allow_remote: bool = False
    browser: bool = True


def serve(opening: Opening, address: Address) -> NoReturn:
    """Show `opening` to whoever comes until interrupted; then the process ends, with code 0.

    Raises:
        InputError: the libraries or their assets are missing; the host is not of this machine
            and remote visitors are not allowed.
    """
    gc.disable()  # until all is imported: nothing that imports make is garbage
    check_host(address)
    check_assets()
    listener = listen(address)
    os.environ.update(_ENVIRONMENT)
    from truce_sim.viewer.state import current

    current.opening = opening
    host, port = listener.getsockname()[:2]
    url = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"
    _run(listener, url, address.browser)


def check_host(address: Address) -> None:
    """Refuse to listen to other machines unless that is allowed; warn if it is."""
    if _is_loopback(address.host):
        return
    if not address.allow_remote:
        raise InputError(
            "other machines could reach the viewer", setting="--host", value=address.host,
            allowed="127.0.0.1, or with --allow-remote any address of this machine",
        )  # fmt: skip
    print(
        f"Warning: anyone who can reach {address.host} can use this viewer; there is no password.",
        file=sys.stderr,
    )


def check_assets() -> None:
    """Say what is missing before anything starts. Raises InputError."""
    for name in ("solara-server", "solara-assets", "ipyvue", "ipyvuetify", "matplotlib"):
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            raise InputError(
                f"the viewer needs {name}, which is not installed", allowed=_INSTALL
            ) from None
        if name.startswith("ipyvue") and version.split(".")[0] not in ("0", "1"):
            raise InputError(
                f"the viewer's page stays empty with {name} {version}", allowed=_INSTALL
            )
    if not any(folder.is_dir() for folder in _asset_folders()):
        raise InputError("the viewer's scripts and fonts are missing", allowed=_INSTALL)


def _asset_folders() -> Iterator[Path]:
    """Where solara-assets keeps what the page would else load from outside."""
    for file in metadata.files("solara-assets") or ():
        if "vuetify" in str(file):
            yield Path(str(file.locate())).parent


def listen(address: Address) -> socket.socket:
    """A listening socket at the address; at the next free port where its own is taken.

    Raises:
        InputError: the host is no address of this machine.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    for port in (*range(address.port, min(address.port + 50, 65536)), 0):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address.host, port))
            listener.listen()  # now: until then another viewer that starts could bind it too
        except OSError as error:
            listener.close()
            if not _taken(error):
                raise InputError(
                    f"cannot listen there: {error.strerror}", setting="--host", value=address.host
                ) from None
            continue
        if port != address.port:
            print(f"Port {address.port} is taken: using {listener.getsockname()[1]}.")
        return listener
    raise InputError("no port is free", setting="--port", value=address.port)


def _taken(error: OSError) -> bool:
    return error.errno in (errno.EADDRINUSE, errno.EACCES)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _run(listener: socket.socket, url: str, browser: bool) -> NoReturn:
    """Serve until interrupted, then end the process."""
    import warnings

    import uvicorn
    from solara.server.starlette import app

    warnings.filterwarnings("ignore", message="Cookies with samesite")
    loaded = threading.Event()

    async def visitors(scope: Any, receive: Any, send: Any) -> None:
        """No page is drawn before all is imported: reacton stumbles over a half-imported pandas."""
        if scope["type"] == "websocket" and not loaded.is_set():
            await asyncio.to_thread(loaded.wait)
        await app(scope, receive, send)

    config = uvicorn.Config(
        visitors,
        log_level="error",
        timeout_graceful_shutdown=1,
        ws_per_message_deflate=False,  # small messages, many a second
    )
    server = uvicorn.Server(config)
    threading.Thread(target=_announce, args=(server, url, browser, loaded), daemon=True).start()
    threading.Thread(target=_end_in_time, args=(server,), daemon=True).start()
    with closing(listener), suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    _end()


def _end_in_time(server: object) -> None:
    """End within a second of being asked to, however many visitors are being served; what their
    players complain of by then is of no use to anyone."""
    while not getattr(server, "should_exit", False):
        time.sleep(0.05)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    time.sleep(1.0)
    _end()


def _end() -> NoReturn:
    print("Stopped.", flush=True)
    os._exit(0)  # visitors' players are threads that would hold the process back


def _announce(server: object, url: str, browser: bool, loaded: threading.Event) -> None:
    """Print the address once the page can be had, open a browser there, and load what it needs
    while the browser loads its scripts."""
    while not getattr(server, "started", False):
        time.sleep(0.02)
    print(f"truce_sim is at {url}  (Ctrl-C to stop)", flush=True)
    if browser:
        import webbrowser

        webbrowser.open(url)
    from truce_sim.viewer.pages import app
    from truce_sim.viewer.state import current

    sys.setswitchinterval(0.001)  # the browser's requests come first
    try:
        app.load(current.opening)
    finally:
        loaded.set()
    sys.setswitchinterval(0.005)
    gc.freeze()
    gc.enable()

"""The viewer's server: address, port, browser, and a clean shutdown."""

from __future__ import annotations

import errno
import gc
import ipaddress
import os
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import NoReturn

from truce_sim.errors import InputError
from truce_sim.viewer.guard import Guard
from truce_sim.viewer.site import Site
from truce_sim.viewer.state.opening import Opening

#: The server's settings: production mode, no telemetry, no banner, no assets from elsewhere.
_ENVIRONMENT = {
    "SOLARA_APP": "truce_sim.viewer.pages.app",
    "SOLARA_MODE": "production",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",
    "SOLARA_THEME_SHOW_BANNER": "false",
    "SOLARA_THEME_TITLE": "truce_sim",
    "SOLARA_THEME_FORCE_REFRESH": "true",  # a lost session loads its address again
    "SOLARA_ASSETS_FONTAWESOME_ENABLED": "false",
    "SOLARA_ASSETS_CDN": "http://127.0.0.1:9/",  # a missing asset is requested from nobody
    "SOLARA_KERNEL_CULL_TIMEOUT": "10m",
}

_INSTALL = 'pip install "truce-sim[viz]"'


@dataclass(frozen=True)
class Address:
    """Where the viewer listens, and whether it opens a browser.

    Attributes:
        host: The address to listen on.
        port: The port to try first.
        allow_remote: Whether `host` may be reachable from other machines.
        browser: Whether to open a browser.
    """

    host: str
    port: int
    allow_remote: bool
    browser: bool


def serve(opening: Opening, address: Address) -> NoReturn:
    """Show `opening` to every visitor until interrupted, then end the process with code 0.

    Call `check_host` and `check_assets` before.

    Raises:
        InputError: The address cannot be used.
    """
    gc.disable()  # until everything is imported: imports create no garbage
    listener = listen(address)
    os.environ.update(_ENVIRONMENT)
    # Within one machine, compressing the page's scripts takes longer than sending them.
    os.environ["SOLARA_SERVER_HTTP_GZIP"] = str(not _is_loopback(address.host)).lower()
    from truce_sim.viewer.state import current

    current.opening = opening
    host, port = listener.getsockname()[:2]
    name = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    url = f"http://{name}:{port}"
    _run(listener, url, address)


def check_host(address: Address) -> None:
    """Refuse to listen to other machines unless that is allowed; warn if it is.

    Raises:
        InputError: Other machines could reach the viewer, and that is not allowed.
    """
    if _is_loopback(address.host):
        return
    if not address.allow_remote:
        raise InputError(
            "other machines could reach the viewer", setting="--host", value=address.host,
            allowed="127.0.0.1, or with --allow-remote any address of this machine",
        )  # fmt: skip
    print(
        f"Warning: {address.host} can be reached from other machines, and what is sent is not "
        "encrypted. Whoever has the address below can use this viewer.",
        file=sys.stderr,
    )


def check_assets() -> None:
    """Check that the viewer's libraries and their assets are installed.

    Raises:
        InputError: A library or its assets are missing, or a version does not work.
    """
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
    """Where solara-assets keeps the files that the page would otherwise load from the network."""
    for file in metadata.files("solara-assets") or ():
        if "vuetify" in str(file):
            yield Path(str(file.locate())).parent


def listen(address: Address) -> socket.socket:
    """Return a listening socket at the address, on the next free port if its own is taken.

    Raises:
        InputError: The host is not an address of this machine, or no port is free.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    for port in (*range(address.port, min(address.port + 50, 65536)), 0):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address.host, port))
            listener.listen()  # at once, or another viewer starting now could bind it too
        except OSError as error:
            listener.close()
            if not _is_taken(error):
                raise InputError(
                    f"cannot listen there: {error.strerror}", setting="--host", value=address.host
                ) from None
            continue
        if port != address.port:
            print(f"Port {address.port} is taken: using {listener.getsockname()[1]}.")
        return listener
    raise InputError("no port is free", setting="--port", value=address.port)


def _is_taken(error: OSError) -> bool:
    return error.errno in (errno.EADDRINUSE, errno.EACCES)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _run(listener: socket.socket, url: str, address: Address) -> NoReturn:
    """Serve until interrupted, then end the process."""
    import warnings

    import uvicorn

    warnings.filterwarnings("ignore", message="Cookies with samesite")
    site = Site()
    guard = Guard(site, address.host, listener.getsockname()[1])
    config = uvicorn.Config(
        guard,
        log_level="error",
        timeout_graceful_shutdown=1,
        ws_per_message_deflate=False,  # many small messages a second
    )
    server = uvicorn.Server(config)
    url = f"{url}/?token={guard.token}"
    threading.Thread(
        target=_announce, args=(server, site, url, address.browser), daemon=True
    ).start()
    threading.Thread(target=_end_in_time, args=(server,), daemon=True).start()
    with closing(listener), suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    _end()


def _end_in_time(server: object) -> None:
    """End within a second of the signal, however many visitors there are.

    Errors that visitors' players raise during shutdown are discarded.
    """
    while not getattr(server, "should_exit", False):
        time.sleep(0.05)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    time.sleep(1.0)
    _end()


def _end() -> NoReturn:
    print("Stopped.", flush=True)
    os._exit(0)  # visitors' players are threads that would keep the process alive


def _announce(server: object, site: Site, url: str, browser: bool) -> None:
    """Print the address once it answers, open a browser there, and import what the page needs while
    the browser shows the first page."""
    while not getattr(server, "started", False):
        time.sleep(0.02)
    print(f"truce_sim is at {url}  (Ctrl-C to stop)", flush=True)
    if browser:
        import webbrowser

        webbrowser.open(url)
    from truce_sim.viewer.state import current

    sys.setswitchinterval(0.001)  # the browser's requests come first
    try:
        site.begin(current.opening)
        site.load(current.opening)
    except BaseException:  # nobody would see a page
        traceback.print_exc()
        os._exit(1)
    sys.setswitchinterval(0.005)
    gc.freeze()
    gc.enable()

"""A real Chromium in front of a real server; any console error or outside request fails a test."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

import forks

PROGRAM = [sys.executable, "-c", "from truce_sim.cli import main; main()"]
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
    "--process-per-site",
]  # fmt: skip

#: What the page of a run or of a sweep has.
SHOWN = "[data-testid=slider], [data-testid=points]"


class Server:
    """`truce-sim view` as a user starts it."""

    def __init__(
        self, *arguments: str | Path, folder: Path | None = None, source: Path | None = None
    ) -> None:
        """Start it in a folder; from the source of another build, to compare the two."""
        words = ["view", "--no-open", *map(str, arguments)]
        self.process = subprocess.Popen(
            [*PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            cwd=folder, env=os.environ | ({"PYTHONPATH": str(source)} if source else {}),
        )  # fmt: skip
        self.lines: list[str] = []
        self.url = self._wait()
        threading.Thread(target=self._drain, daemon=True).start()

    def _wait(self) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            found = re.search(r"http://\S+", line)
            if found and "truce_sim is at" in line:
                return found[0]
        raise AssertionError(f"no address in: {''.join(self.lines)}")

    def _drain(self) -> None:
        assert self.process.stdout is not None
        self.lines += self.process.stdout

    def stop(self) -> int:
        """Press Ctrl-C, and return the exit code. It must have printed no traceback."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(15)
        assert "Traceback" not in "".join(self.lines)
        return code


class ForkedServer:
    """The same, forked from a process that has imported what the viewer needs: four seconds."""

    def __init__(self, forks: forks.Server, log: Path, *arguments: str | Path) -> None:
        self._forks, self._log = forks, log
        self._process = forks.start(["view", "--no-open", *map(str, arguments)], log)
        while not (found := re.search(r"truce_sim is at (http://\S+)", self.said())):
            assert forks.poll(self._process) is None, self.said()
            time.sleep(0.02)
        self.url = found[1]

    def said(self) -> str:
        """What it has printed."""
        return self._log.read_text(encoding="utf-8")

    def stop(self) -> int:
        """Press Ctrl-C, and return the exit code. It must have printed no traceback."""
        os.kill(self._process, signal.SIGINT)
        code = self._forks.wait(self._process)
        assert "Traceback" not in self.said()
        return code


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Give a test that ran out of time a second try, and say so: on a busy machine a browser may
    take any time. A test that fails twice, or otherwise, fails."""
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    late = [report for report in reports if report.failed and "TimeoutError" in report.longreprtext]
    if late:
        item.warn(pytest.PytestWarning(f"{item.name} ran out of time, and was tried again"))
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Debian's Chromium; CI must have it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        import playwright  # noqa: F401
    except ImportError:
        path = None
    if path is None:
        reason = "no Chromium, or no playwright, to drive: make browser-setup installs both"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return path


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def tabs(browser) -> Iterator[object]:
    """Where the pages of tests are opened, one after another, in a process that has compiled the
    viewer's scripts: half of the time that a page takes. A page that stays keeps the process."""
    context = browser.new_context(accept_downloads=True)
    kept = context.new_page()
    kept.route("**", lambda route: route.fulfill(body="It stays."))
    kept.goto("http://127.0.0.1/")
    yield context
    context.close()


class Watched:
    """Pages whose console errors and outside requests are collected."""

    def __init__(self, browser, tabs) -> None:
        self.browser, self.tabs = browser, tabs
        self.problems: list[str] = []
        self.opened = []

    def open(
        self, url: str, width: int = 1280, height: int = 800, shown: str = SHOWN, *,
        stranger: bool = False,
    ):  # fmt: skip
        """Open a page at `url`, and return it once it is there; a stranger shares no cookies and no
        files with other pages."""
        context = self.browser.new_context(accept_downloads=True) if stranger else self.tabs
        page = context.new_page()
        self.opened.append(context if stranger else page)
        page.set_viewport_size({"width": width, "height": height})
        page.on("console", lambda m: self.problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda request: self._check(request.url))
        page.set_default_timeout(60_000)
        page.goto(url)
        page.wait_for_selector(shown)
        return page

    def _check(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")):
            self.problems.append(f"request to {url}")


@pytest.fixture
def visit(browser, tabs) -> Iterator[Callable]:
    """Open a page: visit(url)."""
    watched = Watched(browser, tabs)
    yield watched.open
    for page in watched.opened:
        page.close()
    assert watched.problems == []


@pytest.fixture
def start() -> Iterator[Callable[..., Server]]:
    """Start servers as a user does, which end with the test."""
    started: list[Server] = []

    def begin(*arguments: str | Path) -> Server:
        started.append(Server(*arguments))
        return started[-1]

    yield begin
    for server in started:
        if server.process.poll() is None:
            assert server.stop() == 0


@pytest.fixture(scope="session")
def viewers() -> Iterator[forks.Server]:
    """Forks viewers."""
    with forks.Server("browser.ready") as server:
        yield server


@pytest.fixture(scope="module")
def serve(
    viewers: forks.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., ForkedServer]]:
    """Start servers that end with the module, cleanly."""
    started: list[ForkedServer] = []
    logs = tmp_path_factory.mktemp("servers")

    def start(*arguments: str | Path) -> ForkedServer:
        started.append(ForkedServer(viewers, logs / str(len(started)), *arguments))
        return started[-1]

    yield start
    for server in started:
        assert server.stop() == 0

"""A real Chromium in front of a real server; any console error or outside request fails a test."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

PROGRAM = [sys.executable, "-c", "from truce_sim.cli import main; main()"]
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
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
        """Ctrl-C; the exit code. What it printed must hold no traceback."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(15)
        assert "Traceback" not in "".join(self.lines)
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


class Watched:
    """Pages whose console errors and outside requests are collected."""

    def __init__(self, browser) -> None:
        self.browser = browser
        self.problems: list[str] = []
        self.contexts = []

    def open(self, url: str, width: int = 1280, height: int = 800, shown: str = SHOWN):
        """A new visitor at `url`, once the page is there."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, accept_downloads=True
        )
        self.contexts.append(context)
        page = context.new_page()
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
def visit(browser) -> Iterator[Callable]:
    """Open a page as a new visitor: visit(url)."""
    watched = Watched(browser)
    yield watched.open
    for context in watched.contexts:
        context.close()
    assert watched.problems == []


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., Server]]:
    """Start servers that end with the module, cleanly."""
    started: list[Server] = []

    def start(*arguments: str | Path) -> Server:
        started.append(Server(*arguments))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            assert server.stop() == 0

"""The viewer's speed as a visitor meets it, in a real Chromium; a figure a line, with its aim.

    python tests/bench/bench_viewer.py [--runs N]    N runs in the sweep opened (1,000,000)
    python tests/bench/bench_viewer.py --against SRC [--rounds N]
        this build against another one, whose package lies in SRC (`git archive COMMIT src`), by
        turns, so that both meet the same load; and the memory of this one

Timings hold for this machine as loaded now; the picture's time is the browser's own clock.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from browser.conftest import FLAGS, SHOWN, Server

_TICK = """() => new Promise(done => {
  const canvas = document.querySelector('canvas'), day = canvas.dataset.day;
  const step = [...document.querySelectorAll('button')].find(b => b.innerText.trim() === 'STEP');
  const from = performance.now();
  step.click();
  const look = () => canvas.dataset.day === day ? setTimeout(look, 1)
    : done(performance.now() - from);
  look();
})"""


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000, help="runs in the sweep opened")
    parser.add_argument("--against", type=Path, help="src of another build, to compare with")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each build")
    asked = parser.parse_args()
    runs = asked.runs
    print("\nViewer, in Chromium on the same cores")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        if asked.against:
            by_turns(browser, asked.against, asked.rounds)
            memory(browser)
            return
        one_visitor(browser)
        many_visitors(browser, 10)
        large_sweep(browser, Path(folder) / "large", runs)


def one_visitor(browser) -> None:
    """Command to page, tick to picture, jumps."""
    seconds = [close(*started(browser)) for _ in range(5)]
    tell("command to page, its browser here too, median", median(seconds), "s", 4)
    tell("command to page, quickest of 5", min(seconds), "s", 4)
    server, page, _ = started(browser)
    ticks = [page.evaluate(_TICK) for _ in range(60)]
    tell("click on Step to picture, median", median(ticks), "ms", 100)
    tell("click on Step to picture, slowest of 60", max(ticks), "ms", 100)
    tell("jump to the last day", jump(page, 364), "s", 0.5)
    tell("jump back to day 100", jump(page, 100), "s", 0.5)
    page.context.close()
    server.stop()


def many_visitors(browser, visitors: int) -> None:
    """All play at once; how fast each gets on, at the default of 100 ms a day."""
    server = Server()
    pages = [open_page(browser, server.url) for _ in range(visitors)]
    for page in pages:
        page.get_by_role("button", name="▶", exact=True).click()
    before, cpu = [day_of(page) for page in pages], cpu_seconds(server)
    start = time.perf_counter()
    time.sleep(5)
    days = [day_of(page) - first for page, first in zip(pages, before, strict=True)]
    seconds = time.perf_counter() - start
    tell(
        f"{visitors} visitors and their browsers here, days/s, least", min(days) / seconds, "/s", 0
    )
    cost = (cpu_seconds(server) - cpu) / max(sum(days), 1)
    tell("processor time of the server for a day of a visitor", 1000 * cost, "ms", 0)
    for page in pages:
        page.context.close()
    server.stop()


def large_sweep(browser, folder: Path, runs: int) -> None:
    """A sweep of that many runs, from the command to its page."""
    from truce_sim import sweep

    points = 100
    levels = [round(3 + 0.05 * i, 2) for i in range(points)]
    sweep({"home.threshold": levels}, replicates=max(runs // points, 1), folder=folder)
    seconds = close(*started(browser, folder))
    tell(f"command to page of a sweep of {runs:,} runs", seconds, "s", 5)


def by_turns(browser, other: Path, rounds: int) -> None:
    """Both builds by turns: each figure's median, and the median of the ratios of a turn."""
    found = [(one_turn(browser, None), one_turn(browser, other)) for _ in range(rounds)]
    aims = {"command to picture": 0.6, "command to picture, processor time": 0.6}
    for name in found[0][0]:
        ours, theirs = ([pair[i][name] for pair in found] for i in (0, 1))
        ratios = [x / y for x, y in zip(ours, theirs, strict=True)]
        tell(f"{name}: this build", median(ours), "", 0)
        tell(f"{name}: the other", median(theirs), "", 0)
        tell(f"{name}: ratio, {min(ratios):.2f} to {max(ratios):.2f}", median(ratios), "",
             aims.get(name, 0))  # fmt: skip


def one_turn(browser, source: Path | None) -> dict[str, float]:
    """Seconds and processor seconds of a build's server until its first visitor sees the border,
    and the whole page; for the next visitor; and days a second as it plays at 100 ms."""
    start = time.perf_counter()
    server = Server("seed=1", source=source)
    page = visitor(browser)
    page.goto(server.url)
    page.wait_for_selector("canvas", timeout=300_000)
    found = {"command to picture": time.perf_counter() - start}
    found["command to picture, processor time"] = cpu_seconds(server)
    page.wait_for_selector(SHOWN, timeout=300_000)
    found["command to whole page"] = time.perf_counter() - start
    found["command to whole page, processor time"] = cpu_seconds(server)
    cpu = at_rest(server)
    open_page(browser, server.url).context.close()
    found["second visitor, processor time"] = cpu_seconds(server) - cpu
    page.get_by_role("button", name="▶", exact=True).first.click()
    page.wait_for_function(
        "Number(document.querySelector('canvas')?.dataset.day) > 3", timeout=300_000
    )
    day, begun = day_of(page), time.perf_counter()
    page.wait_for_timeout(10_000)
    found["days a second at 100 ms"] = (day_of(page) - day) / (time.perf_counter() - begun)
    page.context.close()
    server.stop()
    return found


def memory(browser) -> None:
    """Resident memory after 50 resets and 30 visitors, over that after the first visitor."""
    server = Server("seed=1")
    page = open_page(browser, server.url)
    at_rest(server)
    first = resident(server)
    for _ in range(50):
        page.get_by_role("button", name="Reset", exact=True).click()
        page.wait_for_timeout(200)
    tell("after 50 resets, times that", resident(server) / first, "", 0)
    for _ in range(30):
        open_page(browser, server.url).context.close()
    tell("memory after the first visitor", first, "MB", 0)
    tell("after 50 resets and 30 visitors, times that", resident(server) / first, "", 1.1)
    page.context.close()
    server.stop()


def at_rest(server: Server) -> float:
    """Processor time of the server once it has done what it does after a page is there: presets."""
    before = cpu_seconds(server)
    while True:
        time.sleep(2.0)
        now = cpu_seconds(server)
        if now - before < 0.05:
            return now
        before = now


def resident(server: Server) -> float:
    """Resident memory of the server, MB (Linux)."""
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def started(browser, *arguments: Path):
    """A server, its first visitor's page, and the seconds from the command to that page."""
    start = time.perf_counter()
    server = Server(*arguments)
    page = open_page(browser, server.url)
    return server, page, time.perf_counter() - start


def close(server: Server, page, seconds: float) -> float:
    """End what `started` began; its seconds."""
    page.context.close()
    server.stop()
    return seconds


def open_page(browser, url: str):
    """A visitor of their own, once the page is there."""
    page = visitor(browser)
    page.goto(url)
    page.wait_for_selector(SHOWN, timeout=300_000)
    return page


def visitor(browser):
    """An empty page of a new visitor."""
    return browser.new_context(viewport={"width": 1280, "height": 800}).new_page()


def jump(page, day: int) -> float:
    """Seconds from asking for a day to its picture."""
    page.fill("[data-testid=day-input]", str(day))
    start = time.perf_counter()
    page.press("[data-testid=day-input]", "Enter")
    page.wait_for_function(f"document.querySelector('canvas')?.dataset.day === '{day}'")
    return time.perf_counter() - start


def cpu_seconds(server: Server) -> float:
    """Processor time of the server so far (Linux)."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def day_of(page) -> int:
    """The day of the picture."""
    return int(page.get_attribute("canvas", "data-day"))


def tell(what: str, value: float, unit: str, aim: float) -> None:
    """One line."""
    note = f"   aim: under {aim:g} {unit}" if aim else ""
    print(f"{what:55s} {value:8.2f} {unit}{note}", flush=True)


if __name__ == "__main__":
    main()

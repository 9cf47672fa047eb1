"""Take the documentation's pictures of the viewer and of a report: docs/figures/.

Drives Chromium (make browser-setup) with fixed seeds, so that the pictures are reproducible.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from browser.conftest import FLAGS, Server  # noqa: E402
from browser.helpers import go, press, tab, type_in  # noqa: E402

FIGURES = ROOT / "docs" / "figures"
SIZES = {"": (1280, 800), "-wide": (1920, 1080)}


def main() -> None:
    """Take the pictures; with --all, at both widths and in both themes."""
    from playwright.sync_api import sync_playwright

    everything = "--all" in sys.argv
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        sweep = make_sweep(Path(folder) / "mediation")
        for name, size in SIZES.items() if everything else [("", SIZES[""])]:
            for dark in (False, True) if everything else (False,):
                suffix = f"{name}{'-dark' if dark else ''}"
                run_pages(browser, size, dark, suffix)
                sweep_pages(browser, sweep, size, dark, suffix)
        if not everything:
            run_pages(browser, SIZES[""], True, "-dark", only_run=True)
            search_page(browser, make_search(Path(folder) / "effort-or-patience"))
        report_page(browser, sweep)


def make_sweep(folder: Path) -> Path:
    """Run a small sweep to show, and return its folder."""
    from truce_sim import sweep

    factors = {
        "mediation": ["none", "qatar_turkiye", "monitored"],
        "home.threshold": [3, 4.5, 6, 8],
    }
    settings = {"sweep.question": "What do mediators buy, and under which threshold?"}
    sweep(factors, settings, replicates=200, compare="mediation", folder=folder)
    return folder


def make_search(folder: Path) -> Path:
    """Make a small search to show, and return its folder."""
    from truce_sim import search
    from truce_sim.policy.report import write_results

    effort = {"set": "home.capacity", "low": 0.8, "high": 2, "step": 0.2, "cost": {0.8: 0, 2: 4}}
    patience = {"set": "home.threshold", "low": 3, "high": 9, "step": 1, "cost": {3: 0, 9: 6}}
    mediators = {"none": {"set": ["mediation=none"], "cost": 0}, "two": {"cost": 2}}
    problem = {
        "question": "Effort, patience or mediation?",
        "base": {"run.horizon_days": 120},
        "levers": {
            "effort": {**effort, "words": "interdiction by the home state"},
            "patience": {**patience, "words": "grievance at which it strikes with even odds"},
            "mediators": {"options": mediators, "today": "two", "words": "number of mediators"},
        },
        "worlds": {"prior": "default"},
        "sizes": {"population": 12, "generations": 6, "rungs": [4, 16], "luck": 2, "reported": 8,
                  "proof_worlds": 32, "proof_luck": 6},
    }  # fmt: skip
    write_results(search(problem, folder=folder))
    return folder


def run_pages(browser, size, dark: bool, suffix: str, only_run: bool = False) -> None:
    """Take the pictures of a run, its end, its log, a fork and its ensemble."""
    server = Server("seed=9")
    page = visit(browser, server.url, size, dark)
    go(page, 47)
    shoot(page, f"view-run{suffix}")
    if not only_run:
        page.keyboard.press("End")
        page.locator("[data-testid=ending]").wait_for()
        shoot(page, f"view-why{suffix}")
        tab(page, "Log")
        shoot(page, f"view-log{suffix}", "[data-testid=log]")
        go(page, 30)
        tab(page, "What if")
        page.locator('[data-testid="fork-mediation.verification.enabled"]').first.select_option(
            "true"
        )
        type_in(page, "attribution.false_positive", "0.02", "fork")
        page.get_by_role("button", name="Fork from day 30").click()
        page.locator("canvas").nth(1).wait_for()
        page.get_by_role("button", name="Run the ensemble").click()
        page.locator(".ensemble").wait_for(timeout=60_000)
        go(page, 60)
        shoot(page, f"view-ensemble{suffix}", ".ensemble")
        tab(page, "Charts")
        shoot(page, f"view-fork{suffix}", ".difference")
    server.stop()


def sweep_pages(browser, folder: Path, size, dark: bool, suffix: str) -> None:
    """Take the pictures of a sweep and of one of its runs, which matches."""
    server = Server(folder)
    page = visit(browser, server.url, size, dark)
    shoot(page, f"view-sweep{suffix}")
    press(page, "typical")
    page.locator("[data-testid=mark]").wait_for()
    page.keyboard.press("End")
    page.locator(".mark.good", has_text="matches the sweep").wait_for()
    page.wait_for_selector("[data-testid=settings-preset-truce]")
    shoot(page, f"view-row{suffix}")
    server.stop()


def search_page(browser, folder: Path) -> None:
    """Take the picture of a search."""
    server = Server(folder)
    shoot(visit(browser, server.url, SIZES[""], False), "view-search")
    server.stop()


def report_page(browser, folder: Path) -> None:
    """Take the picture of the top of a report."""
    from truce_sim import open_sweep
    from truce_sim.analysis.report.write import write_report

    page = browser.new_page(viewport={"width": 1000, "height": 900})
    page.goto(write_report(open_sweep(folder)).as_uri())
    shoot(page, "report")


def visit(browser, url: str, size: tuple[int, int], dark: bool):
    """Open a page in the dark or light theme."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    page.set_default_timeout(120_000)  # the machine may be busy
    if dark:
        page.add_init_script(
            "localStorage.setItem(':solara:theme.variant', JSON.stringify('dark'))"
        )
    page.goto(url)
    page.wait_for_selector("[data-testid=settings-preset-truce], [data-testid=points]")
    return page


def shoot(page, name: str, shown: str = "") -> None:
    """Take a picture of the screen once the flashes have ended."""
    if shown:
        page.locator(shown).scroll_into_view_if_needed()
    page.wait_for_timeout(900)
    FIGURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=FIGURES / f"{name}.png")
    print(f"docs/figures/{name}.png")


if __name__ == "__main__":
    main()

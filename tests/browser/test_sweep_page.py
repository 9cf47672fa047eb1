"""A sweep's page, and the runs of its rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser.helpers import at, go, press
from folders import rewrite
from truce_sim import open_sweep, sweep
from truce_sim.analysis.measures import measure
from truce_sim.sweeps.folder.folder import read_folder

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

POINTS = {"mediation": ["none", "qatar_turkiye"], "home.threshold": [3.0, 6.0]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sweeps") / "small"
    sweep(POINTS, replicates=20, folder=path)
    return path


def short(number: float, like: float) -> str:
    """With as many decimals as the page gives `like`."""
    digits = 0 if like >= 100 else len(f"{like:#.3g}".split(".")[1])
    return f"{number:.{digits}f}"


def test_a_row_is_the_very_same_run(visit, serve, folder) -> None:
    """Opened by --run, it matches the stored row, and says so when it ends."""
    page = visit(serve(folder, "--run", "1:7").url)
    assert "checked when it ends" in page.inner_text("[data-testid=mark]")
    page.keyboard.press("End")
    page.wait_for_function(
        "document.querySelector('[data-testid=mark]').innerText.includes('matches the sweep')"
    )
    runs = read_folder(folder).runs(points=[1]).set_index("replicate")
    stored = runs.loc[7]
    at(page, int(stored["end_day"]) - (0 if stored["collapsed"] else 1))


def test_a_changed_row_is_reported(visit, serve, folder, tmp_path) -> None:
    """Where the stored row is another run's, the mark says which columns differ."""
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)

    def change(rows):
        rows.loc[(rows["point"] == 1) & (rows["replicate"] == 7), "deaths"] += 1
        return rows

    rewrite(copy / "runs.parquet", change)
    page = visit(serve(copy, "--run", "1:7").url)
    page.keyboard.press("End")
    page.locator(".mark.bad").wait_for()
    assert "differs from the stored row in deaths" in page.inner_text("[data-testid=mark]")


def test_the_page_clicks_through(visit, serve, folder) -> None:
    """Curves, heat map, table; a cell and a row open runs that match, and lead back."""
    page = visit(serve(folder).url)
    assert "4 points, 80 runs" in page.inner_text("body")
    assert page.locator(".survival-key > span").count() == 2
    assert "No run failed." in page.inner_text("body")
    by = ["home.threshold", "mediation"]
    cells = page.locator(".heat td").all_inner_texts()
    assert [text.removeprefix("◆ ").split("\n") for text in cells] == [
        [short(row["value"], row["value"]),
         f"[{short(row['value_low'], row['value'])}, {short(row['value_high'], row['value'])}]"]
        for row in measure(open_sweep(folder), "end_day", by=by).to_dict("records")
    ]  # fmt: skip
    assert page.inner_text(".heat-side") == "Home state: threshold"  # both axes have their names
    assert page.inner_text(".heat-name") == "Mediation"
    page.locator("[data-testid=cell-1-1]").click()
    page.get_by_text("Point 3:").wait_for()
    page.locator("[data-testid=point-2]").click()
    page.get_by_text("Point 2: Mediation = qatar_turkiye, Home state: threshold = 3").wait_for()
    page.locator("[data-testid=point-2].chosen").wait_for()  # on a busy machine, a moment later
    assert page.locator(".heat td.chosen").get_attribute("data-testid") == "cell-1-0"
    assert "qatar_turkiye" in page.inner_text(".survival-key .chosen")
    assert "higher is better" in page.inner_text("[data-testid=heat-key]")
    assert "typical: the run of median length" in page.inner_text(".sweep")
    for name, place in (("worst", "idxmin"), ("best", "idxmax")):
        press(page, name)
        page.locator("[data-testid=mark]").wait_for()
        runs = read_folder(folder).runs(["end_day"], points=[2]).set_index("replicate")
        which = getattr(runs["end_day"].astype(int), place)()
        assert f"run 2:{which} of small" in page.inner_text("[data-testid=mark]")
        page.keyboard.press("End")
        page.locator(".mark.good", has_text="matches the sweep").wait_for()
        press(page, "Back to the sweep")
        page.locator("[data-testid=points]").wait_for()


def test_a_missing_interval_has_its_reason(visit, serve, tmp_path) -> None:
    """With one replicate a cell has a value, and says that it has no interval, and why."""
    sweep({"home.threshold": [3.0, 6.0]}, replicates=1, folder=tmp_path / "one")
    page = visit(serve(tmp_path / "one").url)
    cells = page.locator(".heat td").all_inner_texts()
    assert [text.split("\n")[1] for text in cells] == ["no interval"] * 2
    assert "at least two replicates" in page.inner_text("[data-testid=missing]")


def test_a_run_that_is_not_there_gives_a_message(visit, serve, folder) -> None:
    """A bad number in the page is a message."""
    page = visit(serve(folder).url)
    box = page.get_by_label("or a run, e.g. 12:7")
    for text in ("9:9", "x", "0:99"):
        box.fill(text)
        box.press("Enter")
        page.wait_for_timeout(200)
        press(page, "Open")
        page.locator(".v-alert").wait_for()
        assert "Traceback" not in page.inner_text("body")


def test_the_folder_of_a_run(visit, serve, tmp_path) -> None:
    """It opens as it was, and is checked against its stored outcome."""
    from truce_sim.config.load import load_config
    from truce_sim.simulation.folder import run_into_folder

    settings = {"truce": "literal", "output.dir": str(tmp_path), "output.name": "one"}
    _, path = run_into_folder(load_config(settings))
    page = visit(serve(path).url)
    page.keyboard.press("End")
    page.locator(".mark.good", has_text="matches the folder").wait_for()
    go(page, 0)

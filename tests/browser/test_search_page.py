"""The page of a search, and the axes of a sweep with several factors."""

from __future__ import annotations

import shlex

import pytest

from browser.helpers import expect, press
from folders import small_search
from truce_sim import sweep
from truce_sim.cli.commands import run_command
from truce_sim.policy import words
from truce_sim.policy.folder import read_findings

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def brush(page, axis: str, low: float, high: float) -> None:
    """Drag along an axis, from one share of its height to another."""
    grip = page.locator(f'[data-testid="axis-{axis}"] .parallel-grip')
    grip.scroll_into_view_if_needed()
    box = grip.bounding_box()
    x, foot, height = box["x"] + box["width"] / 2, box["y"] + box["height"] - 6, box["height"] - 12
    page.mouse.move(x, foot - low * height)
    page.mouse.down()
    page.mouse.move(x, foot - high * height, steps=4)
    page.mouse.up()


def test_a_search_is_brushed_chosen_and_opened(visit, serve, tmp_path) -> None:
    """A line, a point and a row choose a policy, which is marked in all; a run under it opens."""
    page = visit(serve(small_search(tmp_path / "small")).url)
    assert "not a forecast" in page.inner_text("body")
    rows = page.locator(".points tbody tr")
    every = rows.count()
    key = page.locator("[data-testid=parallel] .parallel-key button")
    looks = [line.get_attribute("stroke-dasharray") for line in key.locator("line").all()]
    assert len(set(looks)) == len(looks) >= 2  # told apart without colour, and named
    marked = key.last.get_attribute("data-testid").removeprefix("mark-")
    key.last.click()
    expect(page.locator(f"[data-testid=point-{marked}]")).to_have_class("chosen")
    foot = page.locator("[data-testid=tradeoff] svg").bounding_box()
    assert foot["y"] + foot["height"] < 800  # the front stands in the first screen
    page.locator("[data-testid=point-0]").click()
    expect(page.locator("[data-testid=policy-0]")).to_have_class("tradeoff-one chosen")
    expect(page.locator("[data-testid=line-chosen]")).to_have_count(1)
    expect(page.locator(".subtitle-1")).to_contain_text("Policy 0")
    assert "95 % intervals" in page.inner_text(".in-words")
    brush(page, "cost", 0.3, 1.0)
    page.wait_for_url("**brush.cost=**")
    expect(rows).not_to_have_count(every)
    axis = page.locator('[data-testid="axis-cost"]')
    assert "kept from about" in axis.get_attribute("aria-label")
    axis.focus()
    page.keyboard.press("Escape")
    expect(rows).to_have_count(every)
    page.locator(f"[data-testid=policy-{every - 1}] circle").click()
    expect(page.locator(f"[data-testid=point-{every - 1}]")).to_have_class("chosen")
    press(page, "Open a run under it")
    page.wait_for_selector("[data-testid=slider]")
    press(page, "Back to the search")
    expect(page.locator(f"[data-testid=point-{every - 1}]")).to_have_class("chosen")


def test_the_lines_that_a_search_prints_open_a_policy_beside_todays(
    visit, serve, tmp_path, monkeypatch
) -> None:
    """The sweep, then the viewer: both policies are there, and a run under the one found opens and
    is the one stored."""
    monkeypatch.chdir(tmp_path)
    found = read_findings(small_search(tmp_path / "small"))
    made, view = dict(words.commands(found))["cheapest that holds"]
    make = shlex.split(made.replace("sweep.replicates=200", "sweep.replicates=4"))
    assert run_command(make[1:]) == 0
    page = visit(serve(tmp_path / shlex.split(view)[2]).url)
    assert "2 points, 8 runs" in page.inner_text("body")
    rows = page.locator(".points tbody tr")
    expect(rows).to_have_count(2)
    patience = dict(words.pick_rows(found.pareto))["cheapest that holds"]["patience"]
    expect(page.locator("[data-testid=point-0]")).to_contain_text("[]")
    expect(page.locator("[data-testid=point-1]")).to_contain_text(f'"home.threshold": {patience}')
    page.locator("[data-testid=point-1]").click()
    page.get_by_text("Point 1:").wait_for()
    press(page, "worst")
    page.locator("[data-testid=mark]").wait_for()
    page.keyboard.press("End")
    page.locator(".mark.good", has_text="matches the sweep").wait_for()


def test_a_brush_on_a_sweep_moves_its_curves_its_colours_and_its_table(
    visit, serve, tmp_path
) -> None:
    """By the pointer and by the keyboard; a reload keeps it."""
    factors = {"home.threshold": [3.0, 6.0, 9.0], "mediation": ["none", "qatar_turkiye"],
               "truce.collapse_strikes": [2, 4]}  # fmt: skip
    sweep(factors, {"run.horizon_days": 60}, replicates=5, folder=tmp_path / "three")
    page = visit(serve(tmp_path / "three").url)
    rows, key = page.locator(".points tbody tr"), page.locator(".survival-key > span")
    expect(rows).to_have_count(12)
    expect(key).to_have_count(3)
    assert "The truce holds to the horizon in" in page.inner_text(".in-words")
    brush(page, "home.threshold", 0.3, 1.0)
    expect(rows).to_have_count(8)
    expect(key).to_have_count(2)
    expect(page.locator("[data-testid=cell-0-1]")).to_have_text("–")
    expect(page.locator(".kept")).to_contain_text("8 of 12 points are kept")
    page.wait_for_url("**brush.home.threshold=**")
    page.reload()
    page.locator("[data-testid=points]").wait_for()
    expect(rows).to_have_count(8)
    page.locator('[data-testid="axis-home.threshold"]').focus()
    page.keyboard.press("Escape")
    expect(rows).to_have_count(12)

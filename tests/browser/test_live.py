"""A live run: stepping, playing, rewinding, its controls, its exports."""

from __future__ import annotations

import csv
import io
import re

import pytest

from browser.helpers import (
    PICTURE,
    at,
    day_of,
    everything,
    expect,
    go,
    past,
    press,
    setting,
    tab,
    type_in,
    where_it_stops,
)
from truce_sim import simulate
from truce_sim.simulation.account import timeline

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SEED = 1  # its truce holds for the year


@pytest.fixture(scope="module")
def url(serve) -> str:
    return serve(f"seed={SEED}").url


@pytest.fixture(scope="module")
def run():
    return simulate([f"seed={SEED}"])


def test_load_step_and_status(visit, url, run) -> None:
    """The page of a new run; a step shows day 0 and its date."""
    page = visit(url)
    assert day_of(page) == -1
    press(page, "Step")
    at(page, 0)
    strip = page.inner_text("[data-testid=strip]")
    assert "day 0" in strip
    assert "19 October 2025" in strip
    first = run.series.iloc[0]
    assert f"{first['grievance_home']:.1f} of threshold {first['threshold_home']:.1f}" in strip


def test_play_pause_and_reset_repeats(visit, url) -> None:
    """Play moves on, pause stops, Reset gives the same run again."""
    page = visit(url)
    press(page, "▶")
    past(page, 4)
    press(page, "❚❚")
    stopped = where_it_stops(page)
    assert stopped < 200
    seen = everything(page)
    press(page, "Reset")
    at(page, -1)
    go(page, stopped)
    assert everything(page) == seen


def test_ctrl_c_ends_it_while_a_visitor_plays(browser, start) -> None:
    """At once, with code 0 and no traceback."""
    server = start()
    page = browser.new_page()
    page.goto(server.url)
    press(page, "▶")
    past(page, 2)
    assert server.stop() == 0
    assert "Stopped." in "".join(server.lines)
    page.close()


def test_slider_forward_and_back_equals_stepping(visit, url) -> None:
    """Day 3 looks the same stepped to, jumped to, and jumped back to."""
    page = visit(url)
    for day in range(4):
        press(page, "Step")
        at(page, day)
    stepped = everything(page)
    go(page, 200)
    assert everything(page) != stepped
    go(page, 3)
    assert everything(page) == stepped
    box = page.locator("[data-testid=slider]").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    past(page, 150)
    assert abs(day_of(page) - 365 / 2) <= 2


def test_after_the_end_it_plays_on_from_an_earlier_day(visit, url, run) -> None:
    """Played to its end, rewound, it can be stepped again."""
    page = visit(url)
    last = len(run.series) - 1
    go(page, last - 1)
    press(page, "Step")
    at(page, last)
    page.wait_for_timeout(300)
    go(page, 10)
    press(page, "Step")
    at(page, 11)
    assert "day 11" in page.inner_text("[data-testid=strip]")


def test_keyboard(visit, url, run) -> None:
    """The first Tab leads past the settings; Space plays and pauses; arrows a day, with Shift an
    event; Home and End."""
    page = visit(url)
    page.keyboard.press("Tab")
    expect(page.locator("[data-testid=skip]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-testid=slider]")).to_be_focused()
    days = sorted({line.day for line in timeline(run)})
    for key, day in (("ArrowRight", 0), ("ArrowRight", 1), ("ArrowLeft", 0)):
        page.keyboard.press(key)
        at(page, day)
    following = next(day for day in days if day > 0)
    page.keyboard.press("Shift+ArrowRight")
    past(page, 0)
    assert day_of(page) <= following  # ticks such as `eased` may come before a sentence
    page.keyboard.press("End")
    at(page, len(run.series) - 1)
    page.keyboard.press("Home")
    at(page, -1)
    page.keyboard.press(" ")
    past(page, 2)
    page.keyboard.press(" ")
    assert where_it_stops(page) < 200


def test_keys_are_for_the_control_that_has_the_focus(visit, url) -> None:
    """Arrows on a lever's slider draft it, and the day stays; Space on a button presses it."""
    page = visit(url)
    go(page, 10)
    page.locator("[data-testid='settings-slider-home.threshold']").focus()
    page.keyboard.press("ArrowRight")
    expect(setting(page, "home.threshold")).to_have_value("5")
    page.wait_for_timeout(500)
    assert day_of(page) == 10
    page.locator("[data-testid=play]").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")  # reached by the keyboard
    page.keyboard.press(" ")
    past(page, 12)
    page.keyboard.press(" ")
    assert where_it_stops(page) < 200


@pytest.mark.parametrize(("text", "day"), [("1e1", 10), ("2.5", 4), ("", 4), ("x", 4)])
def test_a_day_is_a_whole_number_in_any_spelling(visit, url, text, day) -> None:
    """`1e1` is 10; what is no day is marked, and the day stays."""
    page = visit(url)
    go(page, 4)
    page.fill("[data-testid=day-input]", text)
    page.press("[data-testid=day-input]", "Enter")
    at(page, day)
    page.wait_for_timeout(300)
    marked = page.locator("[data-testid=day-input][aria-invalid]")
    expect(marked).to_have_count(0 if day == 10 else 1)


def test_the_map_stays_where_it_is(visit, url) -> None:
    """Whatever is said above it, at three widths; Mesa's other controls are folded away."""
    for width in (800, 1280, 1920):
        page = visit(url, width, 900)
        places = set()
        for day in (0, 34, 200):
            go(page, day)
            places.add(page.locator("canvas").bounding_box()["y"])
        assert len(places) == 1
        expect(page.get_by_text("Use Threads")).to_be_hidden()
        expect(page.get_by_text("Time:")).to_be_hidden()


def test_after_a_preset_and_apply_nothing_is_left_to_apply(visit, url) -> None:
    """The request to press Apply goes with it; another day does not apply a draft."""
    page = visit(url)
    page.locator("[data-testid=settings-preset-truce]").select_option("literal")
    apply = page.get_by_role("button", name="Apply", exact=True)
    apply.wait_for()
    go(page, 5)
    expect(apply).to_be_visible()
    apply.click()
    expect(apply).to_be_hidden()


def test_the_largest_run_is_made_ready_beside_the_page(visit, serve) -> None:
    """500 sectors, 150 cells deep, ten years: a bar until it is there, then any day within
    seconds. Another one can be cancelled while it is made, which keeps the first and the draft;
    small cells are drawn together until one looks closer."""
    page = visit(
        serve("border.sectors=500", "border.host_depth=50", "border.home_depth=100",
              "run.horizon_days=3650", "home.threshold=inf", "truce.collapse_strikes=inf").url,
        shown=".making, [data-testid=slider]",
    )  # fmt: skip
    page.wait_for_selector("[data-testid=slider]")
    for day in (3649, 0, 2000):
        go(page, day)  # the largest allowed wait is ten seconds
    press(page, "Step")
    at(page, 2001)
    assert int(page.get_attribute("canvas", "data-thin")) > 1
    for _ in range(4):
        page.get_by_role("button", name="closer", exact=True).click()
    page.wait_for_function("document.querySelector('canvas').dataset.thin === '1'")
    type_in(page, "militants.attempts_per_day", "20")
    apply = page.get_by_role("button", name="Apply", exact=True)
    apply.click()
    press(page, "Cancel")
    apply.wait_for()
    press(page, "Step")
    at(page, 2002)
    apply.click()
    at(page, -1)
    expect(apply).to_be_hidden()


def test_the_log_is_the_account_up_to_the_day(visit, url, run) -> None:
    """The log is the account of the run; a click on a line goes to its day."""
    page = visit(url)
    account = [line[:2] for line in timeline(run) if line.day <= 100]
    go(page, 100)
    tab(page, "Log")
    lines = page.locator(".log-line")
    expect(lines).to_have_count(len(account))
    day, text = account[-1]
    assert f"day {day}" in lines.first.inner_text()
    assert text in lines.first.inner_text()
    lines.last.click()
    at(page, account[0][0])


def test_layers(visit, url) -> None:
    """Each layer draws another picture."""
    page = visit(url)
    go(page, 60)
    seen = [everything(page)[0]]
    for name in ("host effort", "learned risk", "activity", "ruggedness"):
        page.locator("[data-testid=layer]").select_option(label=name)
        page.wait_for_function(f"before => {PICTURE} !== before", arg=seen[-1])
        page.wait_for_timeout(300)
        seen.append(page.evaluate(PICTURE))
    assert len(set(seen)) == 5


def test_controls_of_every_kind_change_the_run(visit, url) -> None:
    """What is set in a control and applied is the run of that setting, from Python as well."""
    page = visit(url)
    overrides = [f"seed={SEED}"]
    for path, text in (
        ("seed", "11"),
        ("replicate", "5"),
        ("home.threshold", "9.5"),
        ("mediation.verification.enabled", "true"),
        ("mediation.mediators.qatar.skill", "0.9"),
        ("mediation.calendar", "20, 40"),
        ("truce.collapse_strikes", "inf"),
        ("frailty.law", "gamma"),
        ("run.horizon_days", "90"),
        ("border.sectors", "30"),
    ):
        field = setting(page, path)
        if field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(text)
        else:
            type_in(page, path, text)
        press(page, "Apply")
        page.get_by_role("button", name="Apply", exact=True).wait_for(state="detached")
        overrides.append(f"{path}=[{text}]" if "," in text else f"{path}={text}")
        same = simulate(overrides)
        shown = min(45, len(same.series) - 1)
        go(page, shown)
        day = same.series.iloc[shown]
        strip = page.locator("[data-testid=strip]")
        expected = f"{day['grievance_home']:.1f} of threshold {day['threshold_home']:.1f}"
        expect(strip).to_contain_text(expected)
        expect(strip).to_contain_text(f"{day['will']:.2f} of 1")


def test_presets(visit, url) -> None:
    """A preset sets its settings, and takes back what another one set."""
    page = visit(url)
    page.locator("[data-testid=settings-preset-truce]").select_option("literal")
    expect(setting(page, "home.threshold")).to_have_value("0.01")
    press(page, "Reset")
    page.wait_for_timeout(500)
    same = simulate([f"seed={SEED}", "truce=literal"])
    go(page, len(same.series) - 1)
    assert "collapsed" in page.inner_text("[data-testid=truce]")
    page.locator("[data-testid=settings-preset-truce]").select_option("practised")
    expect(setting(page, "home.threshold")).to_have_value("4.5")


def test_a_group_is_drawn_when_it_is_opened(visit, url) -> None:
    """By a search, after which it is as it was, or by a click."""
    page = visit(url)
    lag = setting(page, "home.lag_days")
    expect(lag).to_be_visible()
    page.fill("[data-testid=settings-find]", "")
    expect(lag).to_have_count(0)
    page.locator("[data-testid=controls-settings] summary", has_text="Home state").click()
    expect(lag).to_be_visible()


def test_a_lever_without_effect_is_greyed_out_until_its_switch_is_turned(visit, url) -> None:
    """It says why, and cannot be changed; once the switch is drafted, it can."""
    page = visit(url)
    setting(page, "mediation.verification.")
    lag, enabled = (
        page.locator(f"[data-testid='settings-mediation.verification.{name}']")
        for name in ("lag_days", "enabled")
    )
    expect(lag).to_be_disabled()
    expect(page.locator(".control.idle", has=lag)).to_contain_text(
        "It has no effect while mediation.verification.enabled is false."
    )
    enabled.select_option("true")
    expect(lag).to_be_enabled()
    expect(page.locator(".control-idle")).to_have_count(0)


def test_bad_input_is_explained_beside_its_control(visit, url) -> None:
    """A message, no traceback; the run goes on, and a good value takes the message away."""
    page = visit(url)
    for day, (path, text, message) in enumerate(
        [
            ("home.threshold", "abc", "is not a number"),
            ("host.will", "1.5", "from 0 up to 1"),
            ("truce.window_days", "2.5", "is not a whole number"),
            ("home.threshold", "nan", "allowed: a number"),
            ("militants.excitation", "19", "n_eff"),
            ("seed", "-1", "from 0"),
        ]
    ):
        field = setting(page, path)
        before = field.input_value()
        type_in(page, path, text)
        error = page.locator(".control-error")
        expect(error).to_contain_text(message)
        expect(field).to_have_value(text)
        press(page, "Step")
        at(page, day)
        assert "Traceback" not in page.inner_text("body")
        type_in(page, path, before)
        error.wait_for(state="detached")


def test_what_is_being_typed_stays_when_another_answer_comes(visit, url) -> None:
    """A field is not set back to its old value by the answer to the change before."""
    page = visit(url)
    field = page.locator("[data-testid='settings-home.threshold']").first
    field.fill("7.5")
    page.eval_on_selector(
        "[data-testid=settings-preset-truce]",
        "menu => { menu.value = 'literal'; menu.dispatchEvent(new Event('change')); }",
    )
    page.get_by_role("button", name="Apply").wait_for()
    expect(field).to_have_value("7.5")
    page.keyboard.press("Enter")
    press(page, "Apply")
    page.wait_for_function("location.search.includes('home.threshold=7.5')")


def test_two_visitors_share_nothing(visit, url) -> None:
    """Each has their own day and settings."""
    one, other = visit(url), visit(url, stranger=True)
    go(one, 50)
    type_in(one, "home.threshold", "9")
    press(one, "Apply")
    at(one, -1)
    assert day_of(other) == -1
    press(other, "Step")
    at(other, 0)
    assert day_of(one) == -1
    assert setting(other, "home.threshold").input_value() == "4.5"


def test_fork_identical_before_different_after(visit, url, run) -> None:
    """A fork is the run with an intervention: the same before its day, another after it."""
    page = visit(url)
    go(page, 40)
    tab(page, "What if")
    type_in(page, "home.threshold", "2", "fork")
    page.get_by_role("button", name="Fork from day 40").click()
    page.locator("canvas").nth(1).wait_for()
    forked = simulate([f"seed={SEED}", "interventions=[{day: 40, set: {home.threshold: 2.0}}]"])

    def pictures() -> list[str]:
        return page.locator("canvas").evaluate_all("all => all.map(c => c.toDataURL())")

    go(page, 39)
    page.wait_for_function(
        "[...document.querySelectorAll('canvas')].every(c => c.dataset.day === '39')"
    )
    page.wait_for_timeout(500)
    assert len(set(pictures())) == 1
    strips = page.locator("[data-testid=strip]")
    go(page, 41)
    page.wait_for_timeout(500)
    day = forked.series.iloc[41]
    expected = f"{day['grievance_home']:.1f} of threshold {day['threshold_home']:.1f}"
    assert expected in strips.nth(1).inner_text()
    assert expected not in strips.nth(0).inner_text()
    gained = int(forked.outcome["end_day"]) - int(run.outcome["end_day"])
    assert str(abs(gained) or "no day") in page.inner_text(".difference")
    assert page.locator("[data-testid=slider] text.which").all_text_contents() == ["run", "fork"]
    page.get_by_role("button", name="Run the ensemble").click()
    page.locator(".ensemble").wait_for(timeout=30_000)
    assert re.search(r"On average [\d.]+ days shorter \[", page.inner_text(".ensemble"))
    press(page, "Drop the fork")
    page.wait_for_function("document.querySelectorAll('canvas').length === 1")


def test_export(visit, url, run) -> None:
    """PNG, SVG and CSV of what is shown; a GIF of the run."""
    page = visit(url)
    go(page, 30)
    tab(page, "Export")

    def download(name: str) -> bytes:
        with page.expect_download() as arriving:
            press(page, name)
        return arriving.value.path().read_bytes()

    assert download("PNG").startswith(b"\x89PNG")
    assert b"<svg" in download("SVG")[:2000]
    rows = list(csv.DictReader(io.StringIO(download("run: daily series, CSV").decode())))
    assert len(rows) == len(run.series)
    assert [float(row["grievance_home"]) for row in rows] == run.series["grievance_home"].tolist()
    events = download("run: events, CSV").decode()
    assert events.count("\n") == len(run.events) + 1
    page = visit(f"{url}&seed={SEED}&run.horizon_days=30")  # a film of a year takes long to draw
    tab(page, "Export")
    press(page, "Make a GIF of the run")
    page.get_by_role("button", name="GIF", exact=True).wait_for(timeout=90_000)
    assert download("GIF").startswith(b"GIF8")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080)])
def test_nothing_is_cut_off(visit, url, width, height) -> None:
    """No horizontal scrolling; border and slider fit the first screen."""
    page = visit(url, width, height)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator("[data-testid=slider]").bounding_box()
    assert box["y"] + box["height"] <= height

"""The map in the browser: the default picture, the strip one click away, a closer look, a key."""

from __future__ import annotations

import pytest

from browser.helpers import PICTURE, expect, go
from truce_sim.analysis.plots.marks import BANDS, MARKS, STRIKE
from truce_sim.viewer.state.ground import KEYS

#: A home strike destroys a band, an attack and an interception happen on this day of seed 3.
DAY = 57

#: The component that draws the border, in JavaScript.
BORDER = "document.querySelector('.border-picture')"


@pytest.fixture(scope="module")
def url(serve) -> str:
    return serve("seed=3").url


def test_the_map_is_shown_first_and_the_strip_on_request(visit, url) -> None:
    """Both show the day; the choice is in the address, so a reload keeps it."""
    page = visit(url)
    go(page, DAY)
    border = page.locator("[data-testid=border]")
    assert border.get_attribute("data-view") == "map"
    page.wait_for_timeout(600)  # the flash of incidents is over
    picture = page.evaluate(PICTURE)
    page.click("[data-testid=view]")
    expect(border).to_have_attribute("data-view", "strip")
    assert page.evaluate(PICTURE) != picture
    assert page.get_attribute("canvas", "data-day") == str(DAY)
    page.wait_for_url("**view=strip**")
    page.reload()
    page.locator("canvas").wait_for()
    expect(page.locator("[data-testid=border]")).to_have_attribute("data-view", "strip")
    page.click("[data-testid=view]")
    expect(page.locator("[data-testid=border]")).to_have_attribute("data-view", "map")


def test_the_key_lists_and_hides_every_mark(visit, url) -> None:
    """A click on a mark hides it, the address keeps that, and the keyboard shows it again. What
    happened is in words, too, and the pointer tells what is under it."""
    page = visit(url)
    go(page, DAY)
    key = page.inner_text("[data-testid=key]")
    for words in (
        *(m.words for m in MARKS.values()),
        *(b[2] for b in BANDS.values()),
        STRIKE.words,
    ):
        assert words in key
    assert page.locator("[data-testid=key] button").count() == len(KEYS)
    words = page.get_attribute("canvas", "aria-label")
    for part in (f"day {DAY}", "band destroyed by a strike: 1", "strike by the home state",
                 "in the six days before"):  # fmt: skip
        assert part in words
    assert {MARKS["band_destroyed"].words, "km ", "reached by a strike"} <= said(page)
    drawn = f"({BORDER}.__vue__.draw(), {PICTURE})"  # without the flash of incidents
    before = page.evaluate(drawn)
    button = page.locator("[data-testid=key-band_destroyed]")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    page.wait_for_function(f"before => {drawn} !== before", arg=before)
    assert MARKS["band_destroyed"].words not in said(page)
    page.wait_for_url("**hide=band_destroyed**")
    page.reload()
    page.locator("canvas").wait_for()
    expect(button).to_have_attribute("aria-pressed", "false")
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function(f"before => {drawn} === before", arg=before)


def said(page) -> set[str]:
    """What the tip says where a strike destroyed a band, as far as a test asks."""
    here = page.evaluate(
        f"(() => {{ const b = {BORDER}.__vue__, i = b.frame.incidents.find(i => "
        "i[0] === 'band_destroyed'); return b.middle(i[1], i[2]); })()"
    )
    page.hover("canvas", position={"x": here[0], "y": here[1]})
    tip = page.inner_text(".border-tip")
    asked = (MARKS["band_destroyed"].words, "km ", "reached by a strike")
    return {words for words in asked if words in tip}


def test_a_closer_look_and_back(visit, url) -> None:
    page = visit(url)
    go(page, DAY)
    drawn = f"({BORDER}.__vue__.draw(), {PICTURE})"  # without the flash of incidents
    whole = page.evaluate(drawn)
    page.get_by_role("button", name="closer").click()
    assert page.evaluate(f"{BORDER}.__vue__.near") == 2
    assert page.evaluate(drawn) != whole
    page.get_by_role("button", name="the whole border").click()
    assert page.evaluate(f"{BORDER}.__vue__.near") == 1
    assert page.evaluate(drawn) == whole


def test_a_border_without_a_course_is_a_strip(visit, serve) -> None:
    page = visit(serve("scenario=synthetic", "seed=3").url)
    page.locator("canvas").wait_for()
    assert page.locator("[data-testid=view]").count() == 0
    assert page.evaluate(f"{BORDER}.__vue__.isMap") is False
    go(page, 20)


def test_a_day_is_drawn_within_a_tenth_of_a_second(visit, url) -> None:
    """The map itself, on the page's own clock: the middle of twenty drawings."""
    page = visit(url)
    go(page, DAY)
    times = page.evaluate(
        f"(() => {{ const b = {BORDER}.__vue__, all = []; for (let i = 0; i < 20; i++) {{ "
        "const t = performance.now(); b.draw(); b.pen.getImageData(0, 0, 1, 1); "
        "all.push(performance.now() - t); } return all.sort((x, y) => x - y); })()"
    )
    assert times[10] < 100


def test_names_of_places_stand_on_the_side_away_from_the_line(visit, url) -> None:
    """There the marks are fewer."""
    page = visit(url)
    go(page, DAY)
    names = page.evaluate(
        f"(() => {{ const b = {BORDER}.__vue__, found = {{}}; b.drawNames(new Proxy(b.pen, {{"
        "get: (c, k) => k === 'fillText' ? (name, x) => { found[name] = x; }"
        " : typeof c[k] === 'function' ? c[k].bind(c) : c[k],"
        "set: (c, k, v) => { c[k] = v; return true; }}));"
        "for (const [, name, x, y] of b.ground.map.labels)"
        " if (name in found) found[name] -= b.onScreen(x, y)[0]; return found; })()"
    )
    assert names["Charikar"] < 0 < names["Quetta"]

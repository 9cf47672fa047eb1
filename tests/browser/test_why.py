"""The panel that tells why, day by day; at the collapse, what ended the truce."""

from __future__ import annotations

import pytest

from browser.helpers import at, expect, go, past, tab, where_it_stops
from truce_sim import simulate
from truce_sim.simulation.turning import ending

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SEED = 3  # collapses on day 57


@pytest.fixture(scope="module")
def url(serve) -> str:
    return serve(f"seed={SEED}").url


def test_a_card_says_what_ended_the_truce_and_leads_there(visit, url) -> None:
    """On the last day the card, with its turning points; a click shows such a day, in words."""
    page, found = visit(url), ending(simulate([f"seed={SEED}"]))
    assert found is not None
    page.keyboard.press("End")
    card = page.locator("[data-testid=ending]")
    expect(card).to_contain_text(found.sentence)
    for which, point in enumerate(found.points):
        expect(card).to_contain_text(f"day {point.day} {point.title}: {point.text}.")
        page.click(f"[data-testid=turning-{which}]")
        at(page, point.day)
        expect(page.locator("[data-testid=sentence]")).to_contain_text(f"Day {point.day}: ")
        page.keyboard.press("End")
        card.wait_for()


def test_the_panel_follows_play_and_a_click_on_it_the_day(visit, url) -> None:
    page = visit(url)
    page.click("[data-testid=play]")
    past(page, 2)
    page.click("[data-testid=play]")
    day = where_it_stops(page)
    expect(page.locator("[data-testid=sentence]")).to_contain_text(f"Day {day}: ")
    box = page.locator(".why-graph").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] * (40.5 / 58), box["y"] + 8)
    at(page, 40)


def test_why_and_charts_stand_in_the_first_screen(visit, url) -> None:
    """At 1280 by 800 beside the map, with nothing empty above; at 800, the settings do not cover
    the picture."""
    page = visit(url)
    go(page, 30)
    for name, part in (("Why", ".why-key"), ("Charts", ".chart >> nth=1")):
        tab(page, name)
        box = page.locator(part).bounding_box()
        assert box["y"] + box["height"] <= 800
    assert page.locator("[data-testid=truce]").bounding_box()["y"] < 80
    tab(page, "Why")
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.wait_for_timeout(500)
    whole, run = (page.locator(part).bounding_box() for part in (".why", ".why-run"))
    assert run["width"] > 0.95 * whole["width"]  # a single run has all the room
    narrow = visit(url, 800, 900)
    expect(narrow.locator(".v-overlay--active")).to_have_count(0)
    narrow.click("[data-testid=play]")
    past(narrow, 1)


def test_the_pointer_tells_about_a_band(visit, url) -> None:
    """How long it has been under way, whether and where it crossed, and how deep it goes."""
    page = visit(url)
    go(page, 52)
    where = page.evaluate(
        """() => { const it = document.querySelector('.border-picture').__vue__;
        const [id, s, d] = it.frame.bands[0], [x, y] = it.middle(s, d);
        const box = it.$refs.canvas.getBoundingClientRect(); return [box.x + x, box.y + y]; }"""
    )
    page.mouse.move(*where)
    tip = page.inner_text(".border-tip")
    assert "of its way" in tip
    assert "km inside" in tip
    assert "cross" in tip

"""The first page: the border is there before the run is."""

from __future__ import annotations

import pytest

from browser.conftest import SHOWN
from browser.helpers import at, expect, press

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

FIRST = "#first"
#: How many colours the picture has.
INKS = """() => {
  const canvas = document.querySelector('canvas'), {width, height} = canvas;
  const {data} = canvas.getContext('2d').getImageData(0, 0, width, height);
  return new Set(new Uint32Array(data.buffer)).size;
}"""
#: Count the frames without a picture.
GAPS = """() => {
  window.gaps = 0;
  const look = () => {
    window.gaps += !document.querySelector('canvas[data-drawn]');
    requestAnimationFrame(look);
  };
  look();
}"""
DARK = "localStorage.setItem(':solara:theme.variant', '\"dark\"')"


def test_the_border_is_drawn_first_and_the_page_takes_its_place(start, visit) -> None:
    """By the component that draws it later; the picture stays until that one has drawn its own, and
    nothing of it stays then."""
    server = start("seed=1", "host=unable")
    page = visit(server.url, shown=f"{FIRST} canvas[data-drawn]", stranger=True)
    assert page.locator(SHOWN).count() == 0
    said = page.inner_text(FIRST)
    assert "between Pakistan (home state) and Afghanistan (host state)" in said
    assert "The truce has one clause" in said
    assert page.evaluate(INKS) > 100
    page.evaluate(GAPS)
    page.wait_for_selector(SHOWN)
    page.wait_for_selector(FIRST, state="detached")
    assert page.evaluate("window.gaps") == 0
    press(page, "Step")
    at(page, 0)
    expect(page.locator("[data-testid=settings-preset-host]")).to_have_value(
        "unable", timeout=30_000
    )


def test_the_first_page_keeps_the_theme_and_says_when_the_viewer_ends(start, browser) -> None:
    """A dark page is dark at once. Ctrl-C while it is there ends the viewer cleanly."""
    server = start("seed=1")
    context = browser.new_context()
    context.add_init_script(DARK)
    page = context.new_page()
    page.goto(server.url)
    page.wait_for_selector(f"{FIRST}.dark canvas[data-drawn]")
    assert server.stop() == 0
    page.wait_for_selector("text=The viewer has stopped.")
    context.close()

"""Reload, Back, a colleague's browser and a lost connection show the same picture."""

from __future__ import annotations

import pytest

from browser.helpers import (
    PICTURE,
    at,
    day_of,
    everything,
    expect,
    go,
    press,
    setting,
    tab,
    type_in,
)
from truce_sim import sweep

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def server(serve):
    return serve("seed=1")


def address_has(page, text: str) -> None:
    """Wait until the address bar has a text."""
    page.wait_for_function("text => decodeURIComponent(location.search).includes(text)", arg=text)


def test_reload_back_and_a_colleague_show_the_same(visit, server) -> None:
    """Settings, day, layer and what is drafted; the token is not in the address."""
    page = visit(server.url)
    assert "token" not in page.url
    type_in(page, "home.threshold", "6.5")
    press(page, "Apply")
    page.get_by_role("button", name="Apply", exact=True).wait_for(state="detached")
    go(page, 45)
    address_has(page, "day=45")
    first = everything(page)
    page.get_by_test_id("layer").select_option("ruggedness")
    address_has(page, "layer=ruggedness")
    type_in(page, "host.will", "0.25")
    address_has(page, "draft.host.will=0.25")
    page.wait_for_timeout(500)
    second = everything(page)
    page.reload()
    at(page, 45)
    page.wait_for_function(f"before => {PICTURE} === before", arg=second[0])
    assert everything(page) == second
    expect(setting(page, "host.will")).to_have_value("0.25")
    expect(page.get_by_role("button", name="Apply", exact=True)).to_be_visible()
    page.go_back()
    page.wait_for_function(f"before => {PICTURE} === before", arg=first[0])
    page.go_forward()
    page.wait_for_function(f"before => {PICTURE} === before", arg=second[0])
    colleague = visit(server.url + "&" + page.url.split("?")[1], stranger=True)
    at(colleague, 45)
    colleague.wait_for_function(f"before => {PICTURE} === before", arg=second[0])
    assert everything(colleague) == second
    assert colleague.url == page.url


def test_back_and_at_once_forward_end_where_they_began(visit, server) -> None:
    """The answer to Back comes after Forward, and must not be written over where that leads."""
    page = visit(server.url)
    type_in(page, "home.threshold", "6")
    press(page, "Apply")
    page.wait_for_function("location.search.includes('&home.threshold=6')")
    there, steps = page.evaluate("location.search"), page.evaluate("history.length")
    followed = "document.querySelector('.address').__vue__.followed"
    before = page.evaluate(followed)
    page.evaluate(
        "(async () => { for (const by of [-1, 1]) await new Promise(done => {"
        " addEventListener('popstate', done, {once: true}); history.go(by); }); })()"
    )
    page.wait_for_function(f"{followed} === {before + 2}")
    page.wait_for_timeout(1000)
    assert page.evaluate("location.search") == there
    assert page.evaluate("history.length") == steps
    expect(setting(page, "home.threshold")).to_have_value("6")


def test_a_fork_and_its_ensembles_are_in_the_address(visit, server) -> None:
    """Reloaded, both runs are there, and the panel with all that was asked of them; Cancel takes
    it back, while the page plays on."""
    page = visit(server.url)
    go(page, 40)
    tab(page, "What if")
    type_in(page, "home.threshold", "2", "fork")
    page.get_by_role("button", name="Fork from day 40").click()
    page.locator("canvas").nth(1).wait_for()
    address_has(page, 'fork={"day":40')
    titles = page.locator(".strip-title").all_text_contents()
    assert titles == ["run as it was", "from day 40: Home state threshold 2"]
    press(page, "Run the ensemble")
    page.locator(".ensemble [data-testid=survival]").wait_for()
    press(page, "Futures from day 40")
    page.locator(".futures [data-testid=chances]").wait_for()
    address_has(page, "panel=what-if&ensemble=1000&futures=40:1000")
    parts = (".difference", ".ensemble", ".futures")
    said = [page.inner_text(part) for part in parts]
    assert "n = 1,000" in said[2]
    page.reload()
    page.locator(".futures [data-testid=chances]").wait_for()
    page.locator(".ensemble [data-testid=survival]").wait_for()
    assert [page.inner_text(part) for part in parts] == said
    assert day_of(page) == 40
    page.locator(".ensemble-card .v-select").last.click()
    page.get_by_role("option", name="10000").click()
    press(page, "Futures from day 40")
    press(page, "Cancel")
    page.wait_for_function("!location.search.includes('futures=')")
    press(page, "Step")
    at(page, 41)


#: Notes in `window.told` that the page has said "disconnected", however briefly.
WATCH = """() => new MutationObserver(() => {
    window.told = window.told || /disconnected/i.test(document.body.innerText);
}).observe(document.body, {
    subtree: true, childList: true, attributes: true, characterData: true,
})"""


def test_a_lost_connection_says_so_and_comes_back(visit, server) -> None:
    """A short one goes on; after a long one, whose session is gone, the address is loaded again."""
    page = visit(server.url)
    go(page, 30)
    page.evaluate(WATCH)  # it may be back within milliseconds
    assert page.evaluate("solara.debug.dropConnection()")
    page.wait_for_function("window.told")
    page.get_by_text("disconnected").wait_for(state="hidden")
    press(page, "Step")
    at(page, 31)
    type_in(page, "host.will", "0.25")
    address_has(page, "draft.host.will=0.25")
    address_has(page, "day=31")
    page.evaluate("window.stayed = true")
    with page.expect_navigation():  # the server forgets the session, as after ten minutes
        page.evaluate(
            """async () => {
                await solara.shutdownKernel(solara.debug.kernel());
                solara.debug.dropConnection();
            }"""
        )
    page.wait_for_selector("[data-testid=slider]")
    at(page, 31)
    assert page.evaluate("window.stayed") is None
    expect(setting(page, "host.will")).to_have_value("0.25")


def test_a_bad_address_is_explained(visit, server) -> None:
    """It shows the run that the viewer was started with."""
    page = visit(server.url + "&seed=1&home.threshold=-3")
    expect(page.locator("[data-testid=address-problem]")).to_contain_text("is out of range")
    press(page, "Step")
    at(page, 0)


def test_a_sweep_and_its_row_are_in_the_address(visit, serve, tmp_path) -> None:
    """The chosen point and outcome stay; Back leads from a row to the sweep as it was."""
    sweep({"home.threshold": [3.0, 6.0]}, replicates=4, folder=tmp_path / "small")
    page = visit(serve(tmp_path / "small").url)
    page.locator("[data-testid=point-1]").click()
    address_has(page, "point=1")
    page.reload()
    page.get_by_text("Point 1:").wait_for()
    press(page, "worst")
    page.locator("[data-testid=mark]").wait_for()
    address_has(page, "row=1:")
    row = page.inner_text("[data-testid=mark]")
    page.reload()
    page.locator("[data-testid=mark]").wait_for()
    assert page.inner_text("[data-testid=mark]") == row
    page.go_back()
    page.get_by_text("Point 1:").wait_for()

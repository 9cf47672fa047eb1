"""The pages. Solara imports this module and shows a new `Page` to every visitor.

`load` imports what a page needs once the address has been printed: the browser is then busy with
its own scripts, so the two load in parallel. Whoever comes before that sees the border meanwhile.
"""

from __future__ import annotations

from pathlib import Path

import solara
import solara.lab

from truce_sim.viewer.pages.parts import BorderPicture, Payload
from truce_sim.viewer.state import current
from truce_sim.viewer.state.ground import (
    COLOURS,
    LARGE_CELLS,
    NO_DAY,
    NO_SCALE,
    cells,
    clause,
    ground_of,
    what_it_is,
)
from truce_sim.viewer.state.opening import Opening


@solara.component
def Page() -> None:
    """Show the visitor's page; until it can be shown, the border."""
    loaded = solara.use_reactive(current.loaded.is_set())
    solara.Style(Path(__file__).parents[1] / "vue" / "page.css")
    solara.Style(COLOURS)
    if loaded.value:
        from truce_sim.viewer.pages.visit_page import VisitPage

        VisitPage()
    else:
        Bare(current.opening, loaded)


@solara.component
def Bare(opening: Opening, loaded: solara.Reactive[bool]) -> None:
    """Show the border of the run that is opened, while what steps the run is imported."""

    def wait() -> None:
        current.loaded.wait()
        loaded.value = True

    solara.lab.use_task(wait, dependencies=[])
    setup = opening.setup
    quick = setup is not None and cells(setup.config) <= LARGE_CELLS
    ground = solara.use_memo(
        lambda: ground_of(setup.config, setup.border) if setup and quick else None, []
    )
    solara.Title("truce_sim")
    with solara.AppBar():
        solara.AppBarTitle(f"truce_sim: {what_it_is(ground)}" if ground else "truce_sim")
    with solara.Column(gap="4px", classes=["bare"]):
        solara.Text(f"{clause(ground)} The run is being made." if ground else "It is being made.")
        if ground:
            BorderPicture(
                ground=Payload(ground), frame=NO_DAY, scale=NO_SCALE, view="map", hidden=[]
            )


def load(opening: Opening) -> None:
    """Import what the first page needs, and load its compiled rules from the cache."""
    from truce_sim.viewer.pages import visit_page  # noqa: F401

    if opening.search is not None:
        from truce_sim.viewer.pages import search_page  # noqa: F401
    elif opening.config is None:
        from truce_sim.viewer.pages import sweep_page  # noqa: F401
    else:
        from truce_sim.model.rules import rules
        from truce_sim.viewer.pages import live  # noqa: F401

        rules()

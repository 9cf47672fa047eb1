"""The pages. Solara imports this module and shows a new `Page` to every visitor.

`load` imports what a page needs once the address has been printed: the browser is then busy with
its own scripts, so the two load in parallel. `serve` holds visitors back until it has finished.
"""

from __future__ import annotations

from pathlib import Path

import solara

from truce_sim.viewer.pages.parts import Address
from truce_sim.viewer.state import current
from truce_sim.viewer.state.ground import COLOURS
from truce_sim.viewer.state.opening import Opening
from truce_sim.viewer.state.visit import Visit


@solara.component
def Page() -> None:
    """A run in SolaraViz, or a sweep or a search at a glance, as the address says."""
    router = solara.use_router()
    visit = solara.use_memo(lambda: Visit(current.opening, router.search or ""), [])
    session = visit.session.value
    solara.Style(Path(__file__).parents[1] / "vue" / "page.css")
    solara.Style(COLOURS)
    Here(visit)
    if session is not None:
        from truce_sim.viewer.pages.live import RunPage

        RunPage(session, visit.back if visit.view or visit.search else None).key(
            f"run-{id(session)}"
        )
    elif visit.damage:
        solara.Error(visit.damage)
    elif visit.view is not None:
        from truce_sim.viewer.pages.sweep_page import SweepPage

        SweepPage(visit.view, visit.show)
    elif visit.search is not None:
        from truce_sim.viewer.pages.search_page import SearchPage

        SearchPage(visit.search, visit.show)


@solara.component
def Here(visit: Visit) -> None:
    """Keep the address equal to what is shown, and follow it when the visitor goes back."""
    if visit.session.value is not None:
        from mesa.visualization.utils import update_counter

        update_counter.get()  # a day further
    Address(
        query=visit.query(), followed=visit.followed.value, problem=visit.problem.value,
        event_follow=visit.follow,
    )  # fmt: skip


def load(opening: Opening) -> None:
    """Import what the first page needs, and load its compiled rules from the cache."""
    if opening.search is not None:
        from truce_sim.viewer.pages import search_page  # noqa: F401
    elif opening.config is None:
        from truce_sim.viewer.pages import sweep_page  # noqa: F401
    else:
        from truce_sim.model.rules import rules
        from truce_sim.viewer.pages import live  # noqa: F401

        rules()

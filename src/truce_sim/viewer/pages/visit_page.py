"""A visitor's page: a run in SolaraViz, or a sweep or a search at a glance."""

from __future__ import annotations

import solara

from truce_sim.viewer.pages.parts import Address
from truce_sim.viewer.state import current
from truce_sim.viewer.state.visit import Visit


@solara.component
def VisitPage() -> None:
    """Show what the address says, or else what the viewer was started with."""
    router = solara.use_router()
    visit = solara.use_memo(lambda: Visit(current.opening, router.search or ""), [])
    session = visit.session.value
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

"""The pages. Solara imports this module and shows a new `Page` to every visitor.

`load` imports what a page needs once the address has been printed: the browser is then busy with
its own scripts, so the two load in parallel. `serve` holds visitors back until it has finished.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import solara

from truce_sim.errors import InputError
from truce_sim.viewer.state import current
from truce_sim.viewer.state.opening import Opening

if TYPE_CHECKING:  # it takes long to import
    from truce_sim.viewer.pages.sweep_page import SweepView


@solara.component
def Page() -> None:
    """A run in SolaraViz, or a sweep at a glance."""
    first = solara.use_memo(lambda: current.opening, [])
    shown, show = solara.use_state(first)
    solara.Style(Path(__file__).parents[1] / "vue" / "page.css")
    view = solara.use_memo(lambda: _sweep_view(first), [])
    if shown.config is not None:
        from truce_sim.viewer.pages.live import RunPage

        back = (lambda: show(Opening(sweep=shown.sweep))) if shown.sweep else None
        RunPage(shown, back).key(f"run-{id(shown)}")
    elif isinstance(view, str):
        solara.Error(view)
    elif view is not None:
        from truce_sim.viewer.pages.sweep_page import SweepPage

        SweepPage(view, show)


def _sweep_view(opening: Opening) -> SweepView | str | None:
    """The visitor's view of the sweep, if one is open, or why it cannot be read; kept while they
    watch one of its runs."""
    if opening.sweep is None:
        return None
    from truce_sim.viewer.pages.sweep_page import SweepView

    view = SweepView(opening.sweep)
    try:
        view.data.load()
    except InputError as error:
        return str(error)
    return view


def load(opening: Opening) -> None:
    """Import what the first page needs, and load its compiled rules from the cache."""
    if opening.config is None:
        from truce_sim.viewer.pages import sweep_page  # noqa: F401
    else:
        from truce_sim.model.rules import rules
        from truce_sim.viewer.pages import live  # noqa: F401

        rules()

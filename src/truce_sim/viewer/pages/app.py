"""The pages. Solara imports this module and shows a new `Page` to every visitor.

`load` imports what a page needs once the address has been printed: the browser is then busy with
its own scripts, so the two load in parallel.
"""

from __future__ import annotations

from pathlib import Path

import solara

from truce_sim.viewer.state.ground import COLOURS
from truce_sim.viewer.state.opening import Opening


@solara.component
def Page() -> None:
    """Show the visitor's page."""
    from truce_sim.viewer.pages.visit_page import VisitPage

    solara.Style(Path(__file__).parents[1] / "vue" / "page.css")
    solara.Style(COLOURS)
    VisitPage()


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

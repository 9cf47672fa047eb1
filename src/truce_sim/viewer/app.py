"""The pages. Solara imports this module and shows `Page` to every visitor anew."""

from __future__ import annotations

from pathlib import Path

import solara

from . import current
from .live import RunPage
from .opening import Opening
from .sweep_page import SweepPage, SweepView


@solara.component
def Page() -> None:
    """A run in SolaraViz, or a sweep at a glance."""
    first = solara.use_memo(lambda: current.opening, [])
    shown, show = solara.use_state(first)
    view = solara.use_memo(lambda: SweepView(first.sweep) if first.sweep else None, [])
    solara.Style(Path(__file__).with_name("vue") / "page.css")
    if shown.config is not None:
        back = (lambda: show(Opening(sweep=shown.sweep))) if shown.sweep else None
        RunPage(shown, back).key(f"run-{id(shown)}")
    elif view is not None:
        SweepPage(view, show)

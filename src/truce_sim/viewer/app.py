"""The pages. Solara imports this module and shows `Page` to every visitor anew."""

from __future__ import annotations

import solara

from . import current
from .live import RunPage
from .opening import Opening


@solara.component
def Page() -> None:
    """A run in SolaraViz, or a sweep at a glance."""
    first = solara.use_memo(lambda: current.opening, [])
    shown, show = solara.use_state(first)
    solara.Style(_STYLE)
    if shown.config is not None:
        back = (lambda: show(Opening(sweep=shown.sweep))) if shown.sweep else None
        RunPage(shown, back).key(f"run-{id(shown)}")
    else:
        from .sweep_page import SweepPage

        SweepPage(shown.sweep, show)


_STYLE = """
.v-application .vue-grid-layout { height: auto !important; display: flex; flex-direction: column; }
.v-application .vue-grid-item { position: static !important; transform: none !important; width: auto !important; height: auto !important; touch-action: auto !important; }
.vue-resizable-handle { display: none; }
.v-tabs { display: none; } .vue-grid-item .v-tabs, .tabs .v-tabs { display: block; }
.v-application .v-main .v-sheet .pa-4 { padding-top: 4px !important; }
.stage, .stage > div { width: 100%; }
.halves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(460px, 100%), 1fr)); gap: 12px; }
.halves > *, .sweep .v-card { min-width: 0; }
.v-navigation-drawer .v-card:has(> .v-card__title + .v-card__text > .v-sheet:empty) { display: none; }
.side-by-side { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 16px; }
"""

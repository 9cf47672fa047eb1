"""The first page: the border, drawn by the browser before the libraries of the pages are imported.

It asks for the visitor's page, which replaces it once ready (`vue/first.html`).
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from truce_sim.viewer.state.ground import (
    LARGE_CELLS,
    NO_DAY,
    NO_SCALE,
    cells,
    clause,
    ground_of,
    what_it_is,
)
from truce_sim.viewer.state.opening import Opening

#: A request with this header waits for the visitor's page, however long that takes.
WAITS = "x-truce-sim-waits"

_VUE = Path(__file__).parent / "vue"


def first_page(opening: Opening) -> bytes:
    """Return what a visitor sees until the pages can be served: the border of the run opened, if it
    can be drawn quickly."""
    setup = opening.setup
    quick = setup is not None and cells(setup.config) <= LARGE_CELLS
    ground = ground_of(setup.config, setup.border) if setup and quick else None
    given: dict[str, Any] = {"ground": ground, "frame": NO_DAY, "scale": NO_SCALE,
             "view": "map", "hidden": [], "title": ""}  # fmt: skip
    return Template((_VUE / "first.html").read_text(encoding="utf-8")).substitute(
        heading=f": {escape(what_it_is(ground))}" if ground else "",
        words=f"{escape(clause(ground))} The run is being made." if ground else "It is being made.",
        given=json.dumps(given).replace("<", r"\u003c"),  # no name can end the script
        component=_script((_VUE / "border.vue").read_text(encoding="utf-8")),
        header=WAITS,
    ).encode()  # fmt: skip


def _script(component: str) -> str:
    return component.partition("<script>")[2].partition("</script>")[0]

"""The layouts of event files, recognised by their columns and not by the file's name.

UCDP GED (versions 17 to 25, yearly and candidate releases): Sundberg and Melander 2013; codebooks
at ucdp.uu.se. ACLED (before and after 2025): Raleigh et al. 2010; codebook at acleddata.com.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from truce_sim.errors import InputError
from truce_sim.events.files import besides, read_cells

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Layout:
    """Which columns of a kind of event file hold what.

    Attributes:
        name: of the data set.
        date: column of the (first) day.
        deaths: column of the deaths; `low` and `high` their bounds, "" if there are none.
        actors: columns that name those involved.
        ids: candidate columns; the first one present identifies an event.
        end: column of the last day.
        precision: column -> largest code accepted, and a description of those beyond it.
    """

    name: str
    date: str
    deaths: str
    actors: tuple[str, ...]
    ids: tuple[str, ...]
    low: str = ""
    high: str = ""
    end: str = ""
    precision: Mapping[str, tuple[int, str]] = field(default_factory=dict)


LAYOUTS = (
    Layout(
        "UCDP GED", "date_start", "best", ("dyad_name", "side_a", "side_b"), ("id",),
        "low", "high", "date_end",
        {
            "date_prec": (2, "dated to a week or worse (date_prec above 2)"),
            "where_prec": (3, "placed in a province or worse (where_prec above 3)"),
        },
    ),
    Layout(
        "ACLED", "event_date", "fatalities", ("actor1", "actor2", "assoc_actor_1", "assoc_actor_2"),
        ("event_id_cnty", "data_id", "event_id_no_cnty"), precision={
            "time_precision": (1, "dated to a week or worse (time_precision above 1)"),
            "geo_precision": (2, "placed in a region (geo_precision above 2)"),
        },
    ),
)  # fmt: skip

#: Other names of columns, by release.
_ALIASES = {"best_est": "best", "low_est": "low", "high_est": "high", "datestart": "date_start"}
#: Columns of a UCDP GED release without a header.
_GED = """
    id relid year active_year code_status type_of_violence conflict_dset_id conflict_new_id
    conflict_name dyad_dset_id dyad_new_id dyad_name side_a_dset_id side_a_new_id side_a
    side_b_dset_id side_b_new_id side_b number_of_sources source_article source_office source_date
    source_headline source_original where_prec where_coordinates where_description adm_1 adm_2
    latitude longitude geom_wkt priogrid_gid country country_id region event_clarity date_prec
    date_start date_end deaths_a deaths_b deaths_civilians deaths_unknown best high low gwnoa gwnob
"""
GED_COLUMNS = tuple(_GED.split())


def read_layout(path: Path) -> tuple[pd.DataFrame, Layout]:
    """Read an event file and detect its layout.

    Returns:
        Its cells as text, with the layout's names of columns; and the layout.

    Raises:
        InputError: it cannot be read, has no events, or has an unknown layout.
    """
    table = _with_header(read_cells(path, "a CSV file of events"))
    table = table.rename(columns={
        old: new for old, new in _ALIASES.items() if old in table and new not in table
    })  # fmt: skip
    if {"week", "centroid_latitude"} <= set(table.columns) or {"week", "events"} <= set(
        table.columns
    ):
        raise InputError(
            "holds weekly sums of regions, not events", value=str(path),
            allowed="ACLED's event-level export, with event_date and geo_precision",
        )  # fmt: skip
    for layout in LAYOUTS:
        if {layout.date, layout.deaths} <= set(table.columns):
            if table.empty:
                raise InputError("has no events", value=str(path), allowed="a CSV file of events")
            return table, layout
    needs = " or ".join(f"{one.date} and {one.deaths} ({one.name})" for one in LAYOUTS)
    raise InputError(
        "has an unknown layout", value=str(path),
        allowed=f"columns {needs}, latitude, longitude, {besides(table)}",
    )  # fmt: skip


def _with_header(table: pd.DataFrame) -> pd.DataFrame:
    """Name the columns of a UCDP GED release that has no header row."""
    import pandas as pd

    if len(table.columns) != len(GED_COLUMNS) or "date_start" in table:
        return table
    first = list(table.columns)
    day, latitude = first[GED_COLUMNS.index("date_start")], first[GED_COLUMNS.index("latitude")]
    if not day[:4].isdigit() or pd.isna(pd.to_numeric(latitude, errors="coerce")):
        return table
    # pandas renames repeated cells of a supposed header: 0, 0.1, 0.2
    cells = [_unmarked(cell, first[:i]) for i, cell in enumerate(first)]
    rows = [cells, *table.to_numpy().tolist()]
    return pd.DataFrame(rows, columns=list(GED_COLUMNS), dtype=str)


def _unmarked(cell: str, before: list[str]) -> str:
    stem, dot, number = cell.rpartition(".")
    if cell.startswith("unnamed: "):
        return ""
    return stem if dot and number.isdigit() and stem in before else cell

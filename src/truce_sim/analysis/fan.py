"""How a daily quantity spreads over runs: quantiles of the daily series, day by day."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from truce_sim.analysis.groups import Where, restrict_runs
from truce_sim.analysis.opened import opened
from truce_sim.errors import InputError
from truce_sim.results import columns
from truce_sim.sweeps.sweep import Sweep

#: The quantiles of a fan: the median in the middle of two bands.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

#: The fewest lasting truces for which a day has quantiles.
FEWEST = 20


@opened
def daily_quantiles(
    sweep: Sweep,
    column: str,
    by: str = "",
    where: Where = None,
    quantiles: Sequence[float] = QUANTILES,
) -> pd.DataFrame:
    """Return quantiles over runs of a column of the daily series, for each recorded day.

    Each day includes only the truces that still last on it, so later days describe the lasting
    ones.

    Args:
        sweep: a sweep that kept daily series (`sweep.series_every_days=1`).
        column: a number of the daily series, such as "grievance_home".
        by: the factor whose levels are shown separately; "" for all runs together.
        where: levels at which other factors are held fixed.
        quantiles: shares from 0 to 1.

    Returns:
        A row for each level and day on which at least `FEWEST` truces last: the level, day, n (the
        truces that last), and a column `q05`, `q25`, … for each quantile.

    Raises:
        InputError: the sweep kept no daily series, or there is no such column, factor or level.
    """
    numbers = [name for name in columns.SERIES if name not in ("status", "in_round")]
    if column not in numbers:
        raise InputError(
            "is not a number of the daily series", setting="column", value=column,
            allowed=", ".join(numbers),
        )  # fmt: skip
    groups = [sweep.check_factor(by)] if by else []
    series = restrict_runs(sweep.load(["day", column], "series"), sweep, where or {})
    grouped = series.groupby([*groups, "day"], observed=True)[column]
    found = pd.DataFrame({"n": grouped.size()})
    for share in quantiles:
        found[quantile_name(share)] = grouped.quantile(share)
    found = found[found["n"] >= FEWEST].reset_index()
    if found.empty:
        raise InputError(
            f"has no day on which {FEWEST} truces last", value=str(sweep.path),
            allowed="a sweep with more replicates",
        )  # fmt: skip
    return found


def quantile_name(share: float) -> str:
    """Return the name of a quantile's column: q05 for 0.05."""
    return f"q{100 * share:04.1f}".removesuffix(".0").replace(".", "_")

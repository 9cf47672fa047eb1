"""What the sections of a report are written from, each part of it worked out once."""

from __future__ import annotations

from functools import cached_property

import pandas as pd

from truce_sim.analysis.compare import Comparison, compare
from truce_sim.analysis.survival import survival_summary
from truce_sim.analysis.sweep import Sweep
from truce_sim.errors import InputError


class Material:
    """What several sections use, made once."""

    def __init__(self, sweep: Sweep, factor: str, baseline: object) -> None:
        self.sweep = sweep
        if not self.overall["runs"]:
            raise InputError(
                "has no finished runs yet", value=str(sweep.path),
                allowed=f"truce-sim resume {sweep.path}",
            )  # fmt: skip
        if factor or baseline is not None:
            self.comparison = compare(sweep, factor, baseline)

    @cached_property
    def overall(self) -> pd.Series:
        """The one row of survival_summary over all runs."""
        return survival_summary(self.sweep).iloc[0]

    @cached_property
    def comparison(self) -> Comparison | str:
        """The levels compared; where none can be, why not."""
        try:
            return compare(self.sweep)
        except InputError as error:
            return error.problem

    @cached_property
    def ranked(self) -> pd.DataFrame | str:
        """Factors, the most important first: factor, index, low, high, kind, rank_low, rank_high;
        where they cannot be ranked, why not."""
        from truce_sim.analysis.sensitivity import rank_factors

        if isinstance(self.drivers, str):
            return self.drivers
        ranks = rank_factors(self.drivers)[["factor", "rank_low", "rank_high"]]
        return self.drivers.merge(ranks, on="factor")

    @cached_property
    def drivers(self) -> pd.DataFrame | str:
        """As `sensitivity.drivers`; where there are none, why not."""
        from truce_sim.analysis.sensitivity import drivers

        if not self.sweep.factors:
            return "nothing was varied"
        try:
            return drivers(self.sweep)
        except InputError as error:
            return error.problem

    @property
    def two_factors(self) -> tuple[str, str] | None:
        """The two factors that matter most, one of numbers last; None where there are not two."""
        names = list(self.ranked["factor"] if isinstance(self.ranked, pd.DataFrame) else ())
        names += [name for name in self.sweep.factors if name not in names]
        if len(names) < 2:
            return None
        x, y = names[:2]
        return (y, x) if self.sweep.is_number(x) and not self.sweep.is_number(y) else (x, y)

    @cached_property
    def by(self) -> str:
        """The factor that curves are drawn by: what is compared, else what matters most."""
        if not isinstance(self.comparison, str):
            return self.comparison.factor
        ranked = () if isinstance(self.ranked, str) else self.ranked["factor"]
        return next(iter((*ranked, *self.sweep.factors)), "")

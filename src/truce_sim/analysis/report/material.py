"""The results that the sections of a report share, each computed once."""

from __future__ import annotations

from functools import cached_property

import pandas as pd

from truce_sim.analysis.compare import Comparison, compare
from truce_sim.analysis.survival import survival_summary
from truce_sim.analysis.worlds import (
    is_over_worlds,
    over_worlds,
    policies,
    spread_over_worlds,
    world_gains,
)
from truce_sim.analysis.worlds import sentences as world_sentences
from truce_sim.errors import InputError, command
from truce_sim.sweeps.sweep import Sweep


class Material:
    """Results used by several sections, computed on first use.

    Args:
        sweep: the sweep to report on.
        factor: the factor to compare, as in `compare`; "" for the default.
        baseline: the level to compare with, as in `compare`.

    Raises:
        InputError: the sweep has no finished runs, or the factor or level was not swept.
    """

    def __init__(self, sweep: Sweep, factor: str, baseline: object) -> None:
        self.sweep = sweep
        if not self.overall["runs"]:
            raise InputError(
                "has no finished runs yet", value=str(sweep.path),
                allowed=command("resume", sweep.path),
            )  # fmt: skip
        self._asked = factor, baseline
        if is_over_worlds(sweep):
            self.comparison = "a sweep over worlds is compared world by world"
        elif factor or baseline is not None:
            self.comparison = compare(sweep, factor, baseline)

    @cached_property
    def overall(self) -> pd.Series:
        """The row of `survival_summary` for all runs."""
        return survival_summary(self.sweep).iloc[0]

    @cached_property
    def comparison(self) -> Comparison | str:
        """The comparison of levels, or the reason why there is none."""
        try:
            return compare(self.sweep)
        except InputError as error:
            return error.problem

    @cached_property
    def worlds(self) -> pd.DataFrame:
        """For a sweep over worlds, the comparison of policies; empty if there is only one."""
        return over_worlds(self.sweep, *self._asked) if self.policy else pd.DataFrame()

    @cached_property
    def gains(self) -> pd.DataFrame:
        """For a sweep over worlds, what each policy gains in each world."""
        return world_gains(self.sweep, *self._asked)

    @cached_property
    def spread(self) -> pd.DataFrame:
        """For a sweep over worlds, what part of the spread under each policy is due to the
        settings."""
        return spread_over_worlds(self.sweep)

    @cached_property
    def in_worlds(self) -> list[str]:
        """What policies do over worlds, in words."""
        return world_sentences(self.worlds, self.policy) if self.policy else []

    @cached_property
    def policy(self) -> str:
        """For a sweep over worlds, the policy that is compared; "" if there is none."""
        names = policies(self.sweep)
        return self._asked[0] or self.sweep.folder.settings.compare or next(iter(names), "")

    @cached_property
    def ranked(self) -> pd.DataFrame | str:
        """The factors, most important first, or the reason why they cannot be ranked.

        Columns: factor, index, low, high, kind, rank_low, rank_high.
        """
        from truce_sim.analysis.sensitivity import rank_factors

        if isinstance(self.drivers, str):
            return self.drivers
        ranks = rank_factors(self.drivers)[["factor", "rank_low", "rank_high"]]
        ranked = self.drivers.merge(ranks, on="factor")
        ranked.attrs = self.drivers.attrs
        return ranked

    @cached_property
    def drivers(self) -> pd.DataFrame | str:
        """The table of `sensitivity.drivers`, or the reason why there is none."""
        from truce_sim.analysis.sensitivity import drivers

        if not self.sweep.factors:
            return "nothing was varied"
        try:
            return drivers(self.sweep)
        except InputError as error:
            return error.problem

    @property
    def two_factors(self) -> tuple[str, str] | None:
        """The two factors that matter most, a numeric one last; None if fewer were swept."""
        names = list(self.ranked["factor"] if isinstance(self.ranked, pd.DataFrame) else ())
        names += [name for name in self.sweep.factors if name not in names]
        if len(names) < 2:
            return None
        x, y = names[:2]
        return (y, x) if self.sweep.is_number(x) and not self.sweep.is_number(y) else (x, y)

    @cached_property
    def across(self) -> str:
        """The factor with which the compared one is crossed: the one that matters most; or ""."""
        if is_over_worlds(self.sweep):
            return next((name for name in policies(self.sweep) if name != self.policy), "")
        if isinstance(self.comparison, str):
            return ""
        others = set(self.comparison.interactions.get("by", ()))
        ranked = () if isinstance(self.ranked, str) else self.ranked["factor"]
        return next((n for n in (*ranked, *self.sweep.factors) if n in others), "")

    @cached_property
    def by(self) -> str:
        """The factor that groups the curves: the one compared, else the one that matters most."""
        if not isinstance(self.comparison, str):
            return self.comparison.factor
        if is_over_worlds(self.sweep):
            return self.policy
        ranked = () if isinstance(self.ranked, str) else self.ranked["factor"]
        return next(iter((*ranked, *self.sweep.factors)), "")

"""The measures of a policy: objectives, and three measures of robustness, with intervals.

Worlds of one scenario are one world with more replicates. A maximum of noisy numbers is too large,
so what is best or worst in a world is chosen with one half of the replicates and measured with the
other.

*Satisficing* (Starr 1963; Lempert and Collins 2007, Risk Analysis 27(4)): the share of worlds in
which a policy does well enough. *Regret* (Savage 1951, Journal of the American Statistical
Association 46): how much more the best policy for that world would have achieved there; minimax
regret takes the policy whose largest regret is least. *Percentile* (Kasprzyk, Nataraj, Reed and
Lempert 2013, Environmental Modelling & Software 42; McPhail et al. 2018, Earth's Future 6(2), who
compare all three): what a policy achieves in its tenth-worst world of a hundred.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.intervals import (
    NO_ESTIMATE,
    Estimate,
    count_interval,
    cut,
    jackknife,
    mean_interval,
    named,
    quantile_interval,
    t_interval,
    value_within,
)
from truce_sim.policy.trials import TRIAL

Floats = NDArray[np.float64]

#: Regret is averaged over this share of worlds, those where it is largest.
TAIL = 0.1
#: Names of the measures in a table of `judged`, besides `cost`; each comes with an interval.
MEASURES = ("holds", "deaths", "satisficing", "percentile", "regret")


def united(trials: NDArray[np.void], scenarios: Sequence[str]) -> NDArray[np.void]:
    """Return TRIAL (policies, scenarios): worlds of one scenario are added up; without scenarios,
    unchanged."""
    if not scenarios:
        return trials
    names = list(dict.fromkeys(scenarios))
    out = np.zeros((len(trials), len(names)), TRIAL)
    for i, name in enumerate(names):
        some = trials[:, [j for j, other in enumerate(scenarios) if other == name]]
        for field in TRIAL.names or ():
            out[field][:, i] = some[field].sum(axis=1)
    return out


def luck_by_world(luck: int, scenarios: Sequence[str]) -> int:
    """Return how many runs a policy has in each world of `united`."""
    return luck * (len(scenarios) // len(set(scenarios))) if scenarios else luck


def holds(trials: NDArray[np.void], luck: int) -> Floats:
    """Return (policies,) the share of runs that hold."""
    return np.asarray(trials["held"].sum(axis=-1).mean(axis=-1) / luck)


def deaths(trials: NDArray[np.void]) -> Floats:
    """Return (policies,) deaths by bands per day of truce."""
    days = trials["days"].sum(axis=-1)
    return np.asarray(trials["deaths"].sum(axis=-1) / np.maximum(days, 1.0))


def best_of(trials: NDArray[np.void], luck: int) -> Floats:
    """Return (2, 2, worlds): what the best policy for each world achieves there.

    Args:
        trials: (policies, worlds).
        luck: runs of each policy in each world.

    Returns:
        For each half of the replicates: the largest share that holds in it, used to select the
        worlds where the best is far away, and the share in it of the policy that is best in the
        other half, used to measure.
    """
    half = trials["held"] / (luck / 2)
    chosen, worlds = half.argmax(axis=0), np.arange(half.shape[1])
    measured = [half[chosen[:, 1], worlds, 0], half[chosen[:, 0], worlds, 1]]
    return np.stack([half.max(axis=0).T, np.stack(measured)])


def worst(trials: NDArray[np.void], best: Floats, luck: int) -> Floats:
    """Return (policies, worlds of the tail) the regrets of the worlds where regret is largest.

    Which worlds and policies these are is decided with one half of the replicates alone; the other
    half measures the regret.

    Args:
        trials: (policies, worlds).
        best: from `best_of`, for these worlds.
        luck: runs of each policy in each world.
    """
    half = trials["held"] / (luck / 2)
    size = max(round(TAIL * half.shape[1]), 1)
    found = []
    for here, other in ((0, 1), (1, 0)):
        order = np.argsort(half[..., other] - best[0, other], axis=-1, kind="stable")[:, :size]
        found.append(np.take_along_axis(best[1, here] - half[..., here], order, axis=-1))
    return np.asarray(np.mean(found, axis=0))


def regret(trials: NDArray[np.void], best: Floats, luck: int) -> Floats:
    """Return (policies,) the largest regret, as a mean over the worst tenth of worlds."""
    return np.asarray(worst(trials, best, luck).mean(axis=-1))


# ── with intervals ───────────────────────────────────────────────────────────────────────────


def judged(
    trials: NDArray[np.void], costs: Sequence[float], luck: int, target: float,
    scenarios: Sequence[str] = (),
) -> pd.DataFrame:  # fmt: skip
    """Return the outcomes of policies, with 95 % intervals.

    Args:
        trials: (policies, worlds), none of which was used to choose the policies.
        costs: of the policies.
        luck: runs of each in each world.
        target: the share that should hold.
        scenarios: names of the worlds, if they are named.

    Returns:
        A row for each policy: cost and `MEASURES`, each with _low and _high; worlds, runs, failed.
    """
    worlds, more = united(trials, scenarios), luck_by_world(luck, scenarios)
    shortfall = worst(worlds, best_of(worlds, more), more)
    rows = []
    for i, cost in enumerate(costs):
        share = worlds[i]["held"].sum(axis=-1) / more
        enough = int((share >= target).sum())
        rows.append(
            {"cost": cost}
            | named("holds", share_holding(trials[i], luck))
            | named("deaths", deaths_rate(trials[i]))
            | named("satisficing", count_interval(enough, share.size))
            | named("percentile", quantile_interval(share, np.arange(share.size), TAIL))
            | named("regret", _tail_mean(shortfall[i]))
            | {"worlds": share.size, "runs": trials.shape[1] * luck,
               "failed": int(trials[i]["failed"].sum())}
        )  # fmt: skip
    return pd.DataFrame(rows)


def share_holding(trials: NDArray[np.void], luck: int) -> Estimate:
    """Return the share of runs that hold, from TRIAL (worlds,); worlds are independent."""
    share = trials["held"].sum(axis=-1) / luck
    n = share.size
    return value_within(float(share.mean()), float(share.var(ddof=1)) / n, n, 1.0)


def deaths_rate(trials: NDArray[np.void]) -> Estimate:
    """Return deaths per day of truce, from TRIAL (worlds,)."""
    sums = np.stack([trials["deaths"], trials["days"]], axis=1)
    if not sums[:, 1].sum() > 0:
        return NO_ESTIMATE
    return cut(jackknife(sums, lambda s: s[..., 0] / s[..., 1]), 0.0, math.inf)


def _tail_mean(values: Floats) -> Estimate:
    if values.size < 2:
        return Estimate(float(values.mean()), math.nan, math.nan)
    return cut(mean_interval(values, np.arange(values.size)), -1.0, 1.0)


def loss(search: Floats, proof: Floats) -> Estimate:
    """Return what is lost from search to proof, the difference of two independent means.

    Args:
        search: (worlds,) mean gain of the reported policies, where they were found.
        proof: (worlds,) their mean gain in fresh worlds.
    """
    parts = [(x.mean(), x.var(ddof=1) / x.size, x.size - 1) for x in (search, proof)]
    variance = parts[0][1] + parts[1][1]
    value = float(parts[0][0] - parts[1][0])
    if not variance > 0:
        return Estimate(value, value, value)
    freedom = variance**2 / sum(v**2 / n for _, v, n in parts)  # Welch 1947
    return t_interval(value, math.sqrt(variance), freedom)

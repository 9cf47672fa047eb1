"""What the model does under a prior or a posterior: predictive checks.

Each draw of settings is run twice, with independent random draws. What the two runs of a draw
share, beyond what any two runs share, is due to the settings; the rest is chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.config.load import as_setup
from truce_sim.config.setup import Setup
from truce_sim.errors import InputError
from truce_sim.inference.measures import MEASURES
from truce_sim.inference.prior import AnyPrior, draw_prior
from truce_sim.intervals import Estimate, cut, interval_of_parts, named
from truce_sim.simulation.run import Overrides
from truce_sim.sweeps.many import simulate_many

Floats = NDArray[np.float64]

#: The quantiles that describe a distribution: the central 95 and 50 %, and the median. Columns are
#: named after them; they are not confidence intervals.
QUANTILES = (0.025, 0.25, 0.5, 0.75, 0.975)
#: Runs of each draw.
_TWICE = 2
#: The fewest draws for a useful interval.
LEAST_DRAWS = 50


def prior_predictive(
    draws: int = 1000,
    seed: int = 1,
    *,
    prior: AnyPrior = "default",
    base: Setup | Overrides = None,
    threads: int = 0,
) -> pd.DataFrame:
    """Return what the model can do before it has seen any data.

    Args:
        draws: of settings from the prior, each run twice.
        seed: of the draws; the runs of draw i have seed i.
        prior: as in `draw_prior`.
        base: all other settings; those that it moves from the defaults stay there.
        threads: as in `simulate_many`.

    Returns:
        A row for each measure, as `predictive` returns them.

    Raises:
        InputError: a bad prior or base, or fewer than 50 draws.
    """
    if draws < LEAST_DRAWS:
        raise InputError("are too few draws", setting="draws", value=draws,
                         allowed=f"at least {LEAST_DRAWS}")  # fmt: skip
    setup = as_setup(base)
    return predictive(draw_prior(draws, seed, prior=prior, base=setup), setup, threads=threads)


def predictive(
    settings: pd.DataFrame,
    base: Setup | Overrides = None,
    *,
    measures: Sequence[str] = tuple(MEASURES),
    threads: int = 0,
) -> pd.DataFrame:
    """Run draws of settings and describe the outcomes.

    Args:
        settings: a row for each draw, as from `draw_prior`; at least two rows.
        base: what holds all other settings.
        measures: names in `MEASURES`.
        threads: as in `simulate_many`.

    Returns:
        A row for each measure: measure, words, unit, n (draws with a value), mean with its
        interval, quantiles of runs (q2.5, q25, q50, q75, q97.5), and the share of the variance of
        runs that is due to the settings, with its interval.
    """
    setup = as_setup(base)
    runs, days = _runs(settings, setup, threads), setup.config.run.horizon_days
    known = [name for name in measures if MEASURES[name].least_days <= days]
    return pd.DataFrame([_described(name, runs) for name in known])


def _runs(settings: pd.DataFrame, base: Setup, threads: int) -> pd.DataFrame:
    seeded = settings.assign(seed=np.arange(len(settings)))
    runs = simulate_many(seeded, base, replicates=_TWICE, threads=threads)
    done = runs["status"].eq("done").groupby(runs["point"]).transform("all")
    return runs[done]


def _described(name: str, runs: pd.DataFrame) -> dict[str, Any]:
    measure = MEASURES[name]
    pairs = measure.read(runs).reshape(-1, _TWICE)
    pairs = pairs[~np.isnan(pairs).any(axis=1)]
    row = {"measure": name, "words": measure.words, "unit": measure.unit, "n": len(pairs)}
    mean = pairs.mean(axis=1) if len(pairs) else np.empty(0)
    value = float(mean.mean()) if len(pairs) else float("nan")
    row |= named("mean", interval_of_parts(value, (mean - value) / max(len(pairs), 1)))
    empty = np.full(len(QUANTILES), np.nan)
    found = np.quantile(pairs, QUANTILES) if len(pairs) else empty
    row |= {f"q{100 * q:g}": float(x) for q, x in zip(QUANTILES, found, strict=True)}
    return row | named("due_to_settings", settings_share(pairs))


def settings_share(pairs: Floats) -> Estimate:
    """Return the share of the variance of runs that is due to the settings, with its interval.

    That is the intraclass correlation of two runs with the same settings and independent draws.

    Args:
        pairs: (draws, 2) a number of both runs of each draw.
    """
    n = len(pairs)
    off = pairs - (pairs.mean() if n else 0.0)
    spread = float((off**2).mean()) if n else 0.0
    if n < LEAST_DRAWS or spread == 0.0:
        return Estimate(float("nan"), float("nan"), float("nan"))
    product = off[:, 0] * off[:, 1]
    share = float(product.mean()) / spread  # may be below 0 by chance
    parts = (product - share * (off**2).mean(axis=1)) / (n * spread)
    found = cut(interval_of_parts(share, parts), 0.0, 1.0)
    return found._replace(value=min(max(share, 0.0), 1.0))

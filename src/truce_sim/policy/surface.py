"""A response surface: outcomes of policies, estimated from all that was tried, however little.

Runs are noisy, and the outcome of a policy tried in few worlds is poorly estimated. But policies
are alike: one policy's outcome says something about its neighbours'. A regression on levers, their
squares and products (Box and Wilson 1951, Journal of the Royal Statistical Society B 13(1)) pools
them, with an effect for each block of worlds, so that policies tried in other worlds can be
compared. A policy's estimate lies between the surface and its own outcome, the nearer to the
surface the fewer its runs (Efron and Morris 1975, Journal of the American Statistical Association
70).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from truce_sim.policy.levers import TODAY, Code, Lever
from truce_sim.policy.problem import Problem

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FOLDS = 5
#: Weight of the effects of blocks relative to those of levers; penalties shrink both.
_BLOCK = 3.0
#: Penalties: strength for the logistic regression, in units of runs; relative for the others.
_STRENGTH, _PENALTY = 0.1, 1e-3
#: What is estimated -> how its surface is turned into a value.
LINKS: Mapping[str, Callable[[Any], Any]] = {
    "holds": expit, "deaths": np.exp, "regret": np.asarray,
}  # fmt: skip


class Space:
    """Policies as numbers: features of a regression, and costs.

    Args:
        problem: whose policies.
    """

    def __init__(self, problem: Problem) -> None:
        from sklearn.preprocessing import PolynomialFeatures

        self.levers = problem.levers
        self._columns = [
            np.array([_place(lever, v) for v in lever.values]) for lever in self.levers
        ]
        self._today = np.concatenate([_place(lever, lever.today) for lever in self.levers])
        self._costs = [np.array(lever.costs) for lever in self.levers]
        self._today_costs = problem.cost(problem.today)
        self._powers = PolynomialFeatures(2, include_bias=False)
        self._powers.fit(self._today[None])

    @property
    def levels(self) -> list[int]:
        """How many values each lever has."""
        return [len(lever.values) for lever in self.levers]

    def features(self, codes: Sequence[Code] | Ints) -> Floats:
        """Return (codes, features): places of the levers, their squares and products."""
        rows = [
            self._today if tuple(code) == TODAY
            else np.concatenate([part[i] for part, i in zip(self._columns, code, strict=True)])
            for code in codes
        ]  # fmt: skip
        return np.asarray(self._powers.transform(np.array(rows)))

    def costs(self, codes: Sequence[Code] | Ints) -> Floats:
        """Return (codes,) what they cost."""
        return np.array([
            self._today_costs if tuple(code) == TODAY
            else sum(part[i] for part, i in zip(self._costs, code, strict=True))
            for code in codes
        ])  # fmt: skip


def _place(lever: Lever, value: Any) -> Floats:
    """A value as numbers: from -1 to 1 along a range; an indicator for each option but one."""
    if lever.options:
        return np.array([float(value == name) for name in lever.values[1:]])
    low, high = lever.values[0], lever.values[-1]
    return np.array([2.0 * (value - low) / (high - low) - 1.0])


@dataclass(frozen=True, eq=False)
class Surface:
    """A surface fitted to what was tried.

    Attributes:
        link: turns it into a value.
        levers: (features,) of the regression.
        blocks: (blocks,) level in each block of worlds.
        estimates: (codes,) for the policies tried: between the surface and the outcome of each.
    """

    link: Callable[[Any], Any]
    levers: Floats
    blocks: Floats
    estimates: Floats

    def predict(self, features: Floats) -> Floats:
        """Return (policies,) values, averaged over all blocks of worlds."""
        return _predicted(self.link, self.levers, self.blocks, features)


def fit_surface(name: str, features: Floats, values: Floats, weights: Floats) -> Surface:
    """Fit a surface.

    Args:
        name: of what is estimated, in `LINKS`.
        features: (codes, features) of the policies tried.
        values: (codes, blocks) the outcome of each in each block of worlds.
        weights: (codes, blocks) how much each value rests on (runs, days); 0: not tried there.
    """
    at, block = np.nonzero(weights > 0)
    x = np.concatenate([features[at], _BLOCK * np.eye(weights.shape[1])[block]], axis=1)
    y, w = values[at, block], weights[at, block]
    link, fold = LINKS[name], at % _FOLDS
    whole = _regression(name, x, y, w)
    unseen = np.empty(len(y))
    for part in range(min(_FOLDS, len(features))):
        out = fold == part
        const, slopes = _regression(name, x[~out], y[~out], w[~out])
        unseen[out] = link(const + x[out] @ slopes)
    const, slopes = whole
    levers, blocks = slopes[: features.shape[1]], const + _BLOCK * slopes[features.shape[1] :]
    share = _reliability(y - unseen, at, w)
    own = _means(y - link(const + x @ slopes), at, w)
    found = _predicted(link, levers, blocks, features) + share * own
    found = np.clip(found, -1.0 if name == "regret" else 0.0, np.inf if name == "deaths" else 1.0)
    return Surface(link, levers, blocks, found)


def _predicted(link: Callable[[Any], Any], levers: Floats, blocks: Floats, x: Floats) -> Floats:
    return np.asarray(link((x @ levers)[:, None] + blocks).mean(axis=1))


def _regression(name: str, x: Floats, y: Floats, w: Floats) -> tuple[float, Floats]:
    """The intercept and the slopes of a regression."""
    from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge

    if name == "holds":
        model: Any = LogisticRegression(C=_STRENGTH, max_iter=300)
        both = np.concatenate([np.ones(len(y)), np.zeros(len(y))])
        model.fit(np.concatenate([x, x]), both, np.concatenate([w * y, w * (1 - y)]))
        return float(model.intercept_[0]), model.coef_[0]
    if name == "deaths":
        model = PoissonRegressor(alpha=_PENALTY, max_iter=300)
    else:
        model = Ridge(alpha=_PENALTY * w.sum())
    model.fit(x, y, w)
    return float(model.intercept_), np.asarray(model.coef_)


def _reliability(off: Floats, at: Ints, w: Floats) -> Floats:
    """(codes,) how much of a policy's distance from the surface is its own, not noise.

    Noise is how much distances differ between blocks for the same policy; the rest of their
    variance is what the surface misses. If no policy was tried in two blocks, all of it may be
    noise.
    """
    own, total = _means(off, at, w), np.bincount(at, w)
    freedom = len(at) - len(own)
    if freedom < 1:
        return np.zeros(len(own))
    noise = float((w * (off - own[at]) ** 2).sum()) / freedom / total
    missed = max(float((own**2 - noise).mean()), 0.0)
    return np.asarray(missed / np.maximum(missed + noise, 1e-12))


def _means(values: Floats, at: Ints, w: Floats) -> Floats:
    """(codes,) weighted means of rows by policy."""
    return np.asarray(np.bincount(at, w * values) / np.bincount(at, w))

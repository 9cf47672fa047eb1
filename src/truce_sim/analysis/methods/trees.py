"""Grow a shallow tree over factors with scikit-learn, and put it into words as rules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from truce_sim.analysis.methods.regions import LEAST_MASS, Floats, Ints, limit_in_words
from truce_sim.errors import InputError
from truce_sim.sweeps.summaries.levels import is_number

#: A column that a tree can split: a number (level None), or whether a word equals the level.
Feature = tuple[str, object]


def grow_tree(
    points: pd.DataFrame, runs: Floats, hits: Floats, depth: int
) -> tuple[Ints, dict[int, str], dict[int, float]]:
    """Grow a tree on hits / runs, weighted by runs.

    Args:
        points: factors of the points, a row each.
        runs: (points,) number of runs.
        hits: (points,) number of runs with the outcome.
        depth: largest number of conditions in a rule.

    Returns:
        The leaf of each point, (points,), and the rule and the share of hits of each leaf.

    Raises:
        InputError: scikit-learn is not installed.
    """
    try:
        from sklearn.tree import DecisionTreeRegressor
    except ImportError:
        raise InputError(
            "trees need scikit-learn, which is not installed",
            allowed='pip install "truce-sim[models]"',
        ) from None
    features = _features(points)
    x = np.stack([_column(points, *feature) for feature in features], axis=1)
    there = runs > 0
    model = DecisionTreeRegressor(
        max_depth=depth, min_weight_fraction_leaf=LEAST_MASS, random_state=0
    )
    model.fit(x[there], hits[there] / runs[there], sample_weight=runs[there])
    rules = _rules(model.tree_, features, points)
    return model.apply(x), rules, {leaf: float(model.tree_.value[leaf].item()) for leaf in rules}


def _features(points: pd.DataFrame) -> list[Feature]:
    found: list[Feature] = []
    for name in map(str, points.columns):
        number = is_number(points[name])
        found += [(name, None)] if number else [(name, level) for level in points[name].unique()]
    return found


def _column(points: pd.DataFrame, name: str, level: object) -> Floats:
    values = points[name] if level is None else points[name] == level
    return np.asarray(values, float)


def _rules(tree: Any, features: Sequence[Feature], points: pd.DataFrame) -> dict[int, str]:
    """The conditions that lead to each leaf, in words."""
    rules: dict[int, str] = {}
    waiting: list[tuple[int, dict[str, dict[str, Any]]]] = [(0, {})]
    while waiting:
        node, limits = waiting.pop()
        if tree.children_left[node] < 0:
            rules[node] = " and ".join(map(limit_in_words, limits.values())) or "everywhere"
            continue
        name, level = features[tree.feature[node]]
        levels = None if level is None else list(points[name].unique())
        now: dict[str, Any] = limits.get(name) or {
            "factor": name, "low": math.nan, "high": math.nan, "levels": levels
        }  # fmt: skip
        if level is None:
            cut = float(tree.threshold[node])
            sides: Any = ({"high": cut}, {"low": cut})
        else:
            other = [word for word in now["levels"] if word != level]
            sides = {"levels": other}, {"levels": [level]}
        children = (tree.children_left[node], tree.children_right[node])
        for child, side in zip(children, sides, strict=True):
            waiting.append((int(child), limits | {name: now | side}))
    return rules

"""Whole numbers drawn by their quantile: looked up in a table (Chen and Asau 1974).

The table cuts the draws into buckets. Where no step of the distribution is in a bucket, all its
draws have the same quantile, which the table gives; other draws are left to the quantile itself.
Steps and quantiles are each exact up to rounding, so buckets next to a step are left to it too.
Tables follow from settings and are kept until those change: from run to run, and mostly from point
to point.
"""

from __future__ import annotations

import math

from truce_sim.engine.arithmetic import exp, log
from truce_sim.engine.compile import rule, rule_apart
from truce_sim.engine.params import record

#: Buckets of a table, and how many steps of a distribution it knows: all from 0 on.
BUCKETS, STEPS = 256, 24

#: Buckets closer than GUARD to a step are left to the quantile itself. Rounding moves neither a
#: step nor a quantile as far as that, provided a lognormal's spread is at least LEAST_SPREAD.
GUARD, LEAST_SPREAD = 1e-9, 1e-3

#: A step that no draw reaches.
NEVER_REACHED = 2.0

#: Whether it has been made, and for which parameters; its steps, NaN where they cannot be trusted;
#: the number of each bucket, -1 where only the quantile itself can tell.
TABLE = record(
    made="i8", made_for=("f8", (4,)), steps=("f8", (STEPS,)), number=("i1", (BUCKETS,)),
)  # fmt: skip

#: Home cells of a target and deaths of a lethal attack, less 1; days of waiting, less 1; domestic
#: attacks of a day.
TABLES = record(cells=TABLE, deaths=TABLE, wait=TABLE, domestic=TABLE)


@rule
def look_up(table, u):
    """The number of steps below u; -1 where the table does not tell."""
    return int(table.number[int(u * BUCKETS)])


@rule_apart
def tabulate_lognormal(table, mu, sigma, first, unit, end):
    """Tabulate a lognormal X, with a step at `first` and every `unit` from there, at most `end` of
    them."""
    if stands(table, mu, sigma, unit, end):
        return
    for i in range(STEPS):
        table.steps[i] = NEVER_REACHED
        if sigma < LEAST_SPREAD:
            table.steps[i] = math.nan
        elif i < end:
            table.steps[i] = normal_probability((log(first + i * unit) - mu) / sigma)
    fill_buckets(table)


@rule_apart
def tabulate_geometric(table, mean):
    """Tabulate a geometric X on 1, 2, …; no steps for a mean of 1 or 0."""
    if stands(table, mean, 0.0, 0.0, 0.0):
        return
    left = 1.0
    for i in range(STEPS):
        left *= 1.0 - 1.0 / mean
        table.steps[i] = 1.0 - left if mean > 1.0 else math.nan
    fill_buckets(table)


@rule_apart
def tabulate_poisson(table, mean):
    """Tabulate a Poisson X."""
    if stands(table, mean, 0.0, 0.0, 0.0):
        return
    term, total = exp(-mean), 0.0
    for i in range(STEPS):
        total += term
        table.steps[i] = total
        term *= mean / (i + 1)
    fill_buckets(table)


@rule
def stands(table, a, b, c, d):
    """Whether the table was made for these parameters; if not, it is marked as made for them from
    now on."""
    now, same = (a, b, c, d), table.made == 1
    for i in range(4):
        same = same and table.made_for[i] == now[i]
        table.made_for[i] = now[i]
    table.made = 1
    return same


@rule_apart
def fill_buckets(table):
    """Set the number of each bucket from the steps below and in it."""
    below = 0
    for i in range(BUCKETS):
        start, end = i / BUCKETS, (i + 1) / BUCKETS
        while below < STEPS and table.steps[below] < start - GUARD:
            below += 1
        sure = below < STEPS and table.steps[below] > end + GUARD
        table.number[i] = below if sure else -1


@rule_apart
def normal_probability(z):
    """Φ(z), to 1e-15 (Marsaglia 2004, "Evaluating the normal distribution")."""
    if not abs(z) < 8.0:
        return 1.0 if z > 0.0 else 0.0
    total = term = z
    n = 1.0
    while abs(term) > 1e-17:
        n += 2.0
        term *= z * z / n
        total += term
    return 0.5 + total * exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)

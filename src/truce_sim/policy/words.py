"""A search in words: its picks, what was lost from search to proof, where picks trade places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from truce_sim.config.regimes import may_change
from truce_sim.config.tokens import as_tokens
from truce_sim.errors import command
from truce_sim.policy.api import Search
from truce_sim.policy.choose import PICKS, SURE, reaches
from truce_sim.policy.levers import Policy
from truce_sim.policy.problem import Problem, quiet_setup
from truce_sim.settings.nested import leaves
from truce_sim.settings.written import written

#: How the regions of worlds were found.
HELD_OUT = "Regions were sought in some worlds and measured in others, by separate runs."


def pick_rows(pareto: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    """Yield each pick with its row of the policies reported; one policy may be several."""
    for name in PICKS:
        rows = pareto[[name in why for why in pareto["pick"]]]
        if len(rows):
            yield name, rows.iloc[0]


def first_pick(pareto: pd.DataFrame) -> tuple[str, pd.Series]:
    """Return the pick that answers the search, by its name, with its row."""
    return next(pick_rows(pareto))


def describe(problem: Problem, row: pd.Series) -> str:
    """Say how a policy differs from today's: "home_effort 1.4 (today 0.85), …"."""
    changed = []
    for lever in problem.levers:
        value = row[lever.name]
        if value != lever.today:
            changed.append(f"{lever.name} {written(value)} (today {written(lever.today)})")
    return "; ".join(changed) or "as today"


def numbers(row: pd.Series) -> str:
    """Describe a policy's outcomes in the proof."""
    return (
        f"holds {_share(row, 'holds')}; {_plain(row, 'deaths')} deaths per day of truce; cost "
        f"{row['cost']:.2f}; at or above the target in {_share(row, 'satisficing')} of worlds; "
        f"in the tenth-worst of 100 worlds {_share(row, 'percentile')}; largest regret "
        f"{_share(row, 'regret')}; n = {int(row['worlds']):,} worlds, {int(row['runs']):,} runs"
    )


def limits_broken(problem: Problem, row: pd.Series) -> str:
    """Say which limits a policy breaks in the proof, after a blank; nothing if none."""
    broken = [f"{name} {problem.limits[name]:g}" for name in problem.broken(row)]
    return f" It breaks the limit of {' and of '.join(broken)}." if broken else ""


def _share(row: pd.Series, name: str) -> str:
    low, high = (100 * row[f"{name}_{end}"] for end in ("low", "high"))
    ends = f"[{low:.0f}, {high:.0f}]" if np.isfinite(low) else "[no interval: too few worlds]"
    return f"{100 * row[name]:.0f} % {ends}"


def _plain(row: pd.Series, name: str) -> str:
    return f"{row[name]:.2f} [{row[f'{name}_low']:.2f}, {row[f'{name}_high']:.2f}]"


def loss_in_words(found: Search) -> str:
    """Say how much of what the search promised is lost in fresh worlds."""
    value, low, high = (100 * x for x in found.loss)
    return (
        f"Lost from search to proof: {value:.1f} points [{low:.1f}, {high:.1f}] of what the "
        "reported policies gain over today's in the share that holds, in the mean. What luck "
        "flattered in the search is not in the numbers above."
    )


def verdict(found: Search) -> str:
    """Say whether the first pick holds in the proof."""
    target = found.problem.target
    _, row = first_pick(found.pareto)
    if reaches(row, target):
        said = f"The proof bears it out: at least {100 * target:.0f} % hold, {SURE}."
    elif row["holds_high"] < target:
        said = f"No policy that was found holds in {100 * target:.0f} % of runs; this holds most."
    else:
        said = f"The proof leaves open whether {100 * target:.0f} % hold."
    return f"{describe(found.problem, row)}. {said}"


def turns_on(found: Search) -> list[str]:
    """Say in which worlds the first pick fails, and where the most robust gains.

    Returns:
        A sentence for each region, or sentences that say why there are none.
    """
    first, _ = first_pick(found.pareto)
    rows = {name: row.name for name, row in pick_rows(found.pareto)}
    alike = rows[first] == rows["most robust"]
    regions = [row for _, row in found.hinges.regions.iterrows()]
    said = [_fails(first, row, regions[0], alike) for row in regions if row["kind"] == "box"]
    if not said and not found.worlds.scenarios:
        said = [f"No region was found in which the {first} clearly fails more often."]
    if alike:
        said += [f"The {first} is also the most robust, so none trade places."]
    else:
        said += [_gains(row) for row in regions if row["kind"] != "box"]
    return said if found.worlds.scenarios else [*said, HELD_OUT]


def _fails(first: str, row: pd.Series, every: pd.Series, alike: bool) -> str:
    """A region in which the first pick fails."""
    other = "" if alike else f", under the most robust in {_share(row, 'holds_other')}"
    doubt = "" if row["p"] < 0.05 else " Chance alone could explain the difference."
    return (
        f"The {first} fails most where {row['rule']} ({_share(row, 'mass')} of "
        f"worlds): truces hold in {_share(row, 'holds')} of runs there{other}; in all worlds in "
        f"{_share(every, 'holds')}. {_share(row, 'coverage')} of its collapses are there "
        f"(n = {row['worlds']:,} worlds).{doubt}"
    )


def _gains(row: pd.Series) -> str:
    """A region, and how much more often the most robust policy holds there."""
    value, low, high = (100 * row[f"gain{end}"] for end in ("", "_low", "_high"))
    if not row["worlds"]:
        return f"{row['rule']}: no world measures it"
    ends = f"[{low:.0f}, {high:.0f}]" if np.isfinite(low) else "[no interval: too few worlds]"
    return (f"{row['rule']}: the most robust holds more by {value:.0f} points {ends} "
            f"(n = {row['worlds']:,} worlds)")  # fmt: skip


def commands(found: Search) -> Iterator[tuple[str, list[str]]]:
    """Yield, for each pick, the commands that open it next to today's policy: a sweep of both, and
    the viewer.

    In that sweep the policy begins on day 0, after a warm-up under today's, so that both have the
    same past. Where that is impossible, the sweep is of the policy alone.
    """
    problem = found.problem
    for name, row in pick_rows(found.pareto):
        policy = {lever.name: row[lever.name] for lever in problem.levers}
        title = f"{problem.name}-{name.replace(' ', '-')}"
        more = ["sweep.replicates=200", f"output.name={title}"]
        changes = _from_day_0(problem, policy)
        words = problem.tokens(policy)
        if changes:
            (entry,) = as_tokens({"interventions": changes})
            both = entry.replace("=", "=[],", 1)
            words = [*problem.tokens(problem.today), both, "sweep.compare=interventions"]
        yield name, [command("sweep", *words, *more), command("view", f"outputs/{title}")]


def _from_day_0(problem: Problem, policy: Policy) -> list[dict[str, Any]]:
    """The interventions that turn today's policy into another; none if that is impossible."""
    whole = ("mediation.mediators",)
    today, then = (
        leaves(asdict(quiet_setup(problem.tokens(one)).config), whole)
        for one in (problem.today, policy)
    )
    placed = then.pop("interventions")
    if today.pop("interventions"):  # a sweep compares with none
        return []
    changes = {path: value for path, value in then.items() if value != today.get(path)}
    if not all(map(may_change, changes)):
        return []
    return [*([{"day": 0, "set": changes}] if changes else []), *placed]

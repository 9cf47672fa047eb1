"""How far each setting moves the mean length of a truce when it is halved and when it is doubled.

    python tools/levers.py [--runs 3000]      (make levers)

writes the table of docs/levers.md between its marks. Every setting of the model that is a number
other than 0 is set to half and to twice its default, cut to its range; whole numbers are rounded.
Runs are paired: replicate r has the same random draws at both values and at the default. Intervals
are those of a mean of paired differences, at 95 %.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim import InputError, load_setup, simulate_many
from truce_sim.config.effects import Effects
from truce_sim.config.load import to_plain
from truce_sim.config.setup import Setup
from truce_sim.intervals import Estimate, mean_interval
from truce_sim.settings.fields import FieldInfo, fields
from truce_sim.settings.nested import get

Days = NDArray[np.float64]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "levers.md"
MARK, END = "<!-- made by make levers -->", "<!-- end of levers -->"

#: Parts whose settings are not assumptions of the model.
BESIDE = ("seed", "replicate", "output", "sweep", "scenario")

#: A setting that cannot move the mean by this many days is called inert.
INERT = 2.4

#: Effort by the kilometre: quiet sectors are easy to cross, so learning and the record matter.
_BY_KM = "border.effort_per_km=1 militants.excitation=1.2"

#: Posts clash often, but are kept apart while the truce is suspended, and nobody else ends that.
_POSTS_APART = (
    "mediation=none attribution.friction_per_day=0.1 truce.suspended_friction=0 "
    "truce.collapse_strikes=6"
)

#: Bands set out 200 km from the line and walk for three weeks: many are present when a strike
#: comes.
_DEEP_CAMPS = "home.strike_kill=1 border.host_depth=20 militants.pace_cells_per_day=1"

#: One mediator who tires fast but stays able, and whose rounds are what matters.
_TIRES = (
    "~mediation.mediators.turkiye mediation.mediators.qatar.call=1 mediation.fatigue=0.4 "
    "mediation.fatigue_penalty=0 mediation.relief=1 mediation.quiet_reassurance=0"
)


class Condition(NamedTuple):
    """Conditions under which a setting that moves little at the defaults is tried again.

    Attributes:
        path: the setting.
        beside: what else is set, as overrides.
        values: two values to set it to; none: half and twice its default.
        outcome: the outcome column that it should move.
    """

    path: str
    beside: str = ""
    values: tuple[float, ...] = ()
    outcome: str = "end_day"


#: Conditions were found with the default seed, so they are measured with this one.
FRESH = "seed=2"

WAITING = (
    Condition("truce.strained_at", "host.withholding=0.5"),
    Condition("truce.eased_below", "host.withholding=0.5"),
    Condition("host.will_relaxation_per_day", "host.enforcement_cost=0.03"),
    Condition("host.will_relaxation_per_day", "host.peace_payoff=0.4"),
    Condition("home.strike_recruits", "truce.collapse_strikes=6"),
    Condition("truce.suspension_days", _POSTS_APART),
    Condition("truce.suspension_days", "mediation=none", outcome="days_suspended"),
    Condition("host.decision_noise", "host.resolve=1 attribution.friction_per_day=0.1"),
    Condition("home.strike_radius", _DEEP_CAMPS),
    Condition("militants.risk_aversion", _BY_KM),
    Condition("militants.learning_rate", values=(0.0, 1.0)),
    Condition("militants.learning_rate", "militants.deterrence=3"),
    Condition("militants.learning_rate", _BY_KM, values=(0.0, 1.0)),
    Condition("border.floor", "home.adaptivity=1 host.adaptivity=1"),
    Condition("border.floor", values=(0.001, 1.0)),
    Condition("run.review_days", "home.adaptivity=1 militants.offspring_km=25"),
    Condition("mediation.lead_fatigue", _TIRES),
    Condition(
        "mediation.verification.specificity", "mediation=monitored attribution.false_positive=0.5"
    ),
    Condition("frailty.will_concentration", "host.capacity=2"),
)

#: The one setting that is a word and not a policy: its other value, and what else is set.
WORD = ("frailty.law", "gamma", "frailty.attempts_cv=2 frailty.threshold_cv=0")


def numbers(setup: Setup) -> Iterator[tuple[FieldInfo, str, float]]:
    """Every setting of the model that is a finite number other than 0 and can have an effect, its
    path here, its value; for mediators, only the first."""
    plain, first = to_plain(setup.config), next(iter(setup.config.mediation.mediators), None)
    effects = Effects(plain)
    for info in fields():
        path = info.path.replace("<name>", first or "<name>")
        if (
            "<name>" in path
            or info.path.split(".")[0] in BESIDE
            or info.path == "run.horizon_days"
            or info.type not in ("float", "int")
        ):
            continue
        value = float(get(plain, path))
        if value and math.isfinite(value) and effects.effective(path):
            yield info, path, value


def moved(info: FieldInfo, value: float, factor: float) -> float | int:
    """A value times a factor, in the setting's range, whole where it must be."""
    assert info.low is not None
    assert info.high is not None
    new = min(max(value * factor, info.low), info.high)
    if info.type == "int" or getattr(info.meta, "whole", False):
        new = round(new + 1e-9)
    return int(new) if info.type == "int" else float(new)


def move(
    setup: Setup, path: str, value: float, usual: Days, outcome: str = "end_day"
) -> Estimate | None:
    """The paired difference from the default in a mean outcome; None if the value is refused."""
    try:
        made = simulate_many({path: [value]}, setup, replicates=usual.size)
    except InputError:
        return None
    differences = made[outcome].to_numpy(float) - usual
    return mean_interval(differences, np.arange(usual.size))


def moves(runs: int) -> pd.DataFrame:
    """A row for each setting and value: setting, default, value, factor, move (an Estimate or
    None), largest first."""
    setup = load_setup()
    return _moves(setup, numbers(setup), runs)


def waiting(runs: int) -> pd.DataFrame:
    """The table of `moves` for the conditions in `WAITING`, with columns `beside` and `outcome`."""
    found = []
    for at in WAITING:
        setup = load_setup([*at.beside.split(), FRESH])
        wanted = [row for row in numbers(setup) if row[1] == at.path]
        made = _moves(setup, wanted, runs, at.values, at.outcome)
        found.append(made.assign(beside=at.beside, outcome=at.outcome))
    return pd.concat(found)


def _moves(
    setup: Setup, wanted: Iterable[tuple[FieldInfo, str, float]], runs: int,
    values: tuple[float, ...] = (), outcome: str = "end_day",
) -> pd.DataFrame:  # fmt: skip
    same = {"home.threshold": [setup.config.home.threshold]}
    usual = simulate_many(same, setup, replicates=runs)[outcome].to_numpy(float)
    rows = [
        {"setting": info.path, "default": default, "factor": factor, "value": value,
         "move": move(setup, path, value, usual, outcome) if value != default
         else Estimate(0.0, 0.0, 0.0)}
        for info, path, default in wanted
        for factor, value in (
            [(math.nan, value) for value in values]
            or [(factor, moved(info, default, factor)) for factor in (0.5, 2.0)]
        )
    ]  # fmt: skip
    return pd.DataFrame(rows)


def words(found: Estimate | None) -> str:
    """A difference with its interval."""
    if found is None:
        return "refused"
    if found.low == found.high == 0.0:
        return "0, every run alike"
    return f"{found.value:+.1f} [{found.low:+.1f}, {found.high:+.1f}]".replace("-", "−")


def is_inert(pair: pd.Series) -> bool:
    """Whether no value can move the mean by as much as `INERT` days, by the intervals."""
    return all(max(abs(one.low), abs(one.high)) < INERT for one in pair if one is not None)


def may_be_none(pair: pd.Series) -> bool:
    """Whether every interval holds 0."""
    return all(one.low <= 0.0 <= one.high for one in pair if one is not None)


def page(table: pd.DataFrame, runs: int) -> str:
    """The text between the marks."""
    by_setting = {str(name): part for name, part in table.groupby("setting", sort=False)}
    largest = {
        name: max((abs(one.value) for one in part["move"] if one is not None), default=0.0)
        for name, part in by_setting.items()
    }
    lines = [
        f"{len(by_setting)} settings, {runs:,} runs at each value.", "",
        "| setting | default | halved: days more | doubled: days more |",
        "| --- | --- | --- | --- |",
    ]  # fmt: skip
    for name in sorted(by_setting, key=lambda name: -largest[name]):
        lines.append(_row(f"`{name}`", by_setting[name]))
    inert = _named(by_setting, is_inert)
    unsure = [name for name in _named(by_setting, may_be_none) if name not in inert]
    lines += [
        "", f"**Inert**: every interval lies within ±{INERT:g} days: {', '.join(inert) or 'none'}.",
        "", f"**Not told from 0** either, but less surely: {', '.join(unsure) or 'none'}.",
    ]  # fmt: skip
    return "\n".join(lines)


def second_page(table: pd.DataFrame) -> str:
    """The table of settings that wait for another setting, or for a larger step."""
    lines = [
        "**Together with another setting**, or at other values, which are then given:", "",
        "| setting | default | outcome | halved: more | doubled: more |",
        "| --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    by = ["setting", "beside", "outcome"]
    for (name, beside, outcome), part in table.groupby(by, sort=False):
        where = f"with `{beside}`" if beside else "by itself"
        lines.append(_row(f"`{name}`, {where}", part, f"`{outcome}`"))
    return "\n".join(lines)


def word_moved(runs: int) -> str:
    """A sentence on what another law of frailty does, in paired runs."""
    path, word, beside = WORD
    setup = load_setup([*beside.split(), FRESH])
    usual, other = (
        simulate_many({"home.threshold": [setup.config.home.threshold]}, made, replicates=runs)
        for made in (setup, load_setup([*beside.split(), FRESH, f"{path}={word}"]))
    )
    found = mean_interval((other["end_day"] - usual["end_day"]).to_numpy(float), np.arange(runs))
    default = get(to_plain(setup.config), path)
    return f"`{path}={word}` instead of `{default}`, with `{beside}`: {words(found)} days."


def _row(name: str, part: pd.DataFrame, *more: str) -> str:
    """A row of a table: what half and twice the default do, or the values given."""
    cells = [
        f"{words(one)}" + ("" if row.value == row.default * row.factor else f" (at {row.value:g})")
        for row, one in zip(part.itertuples(), part["move"], strict=True)
    ]
    default = f"{part['default'].iloc[0]:g}"
    return f"| {' | '.join((name, default, *more, *cells))} |"


def _named(by_setting: dict[str, pd.DataFrame], holds: Callable[[pd.Series], bool]) -> list[str]:
    """The settings whose moves satisfy a condition, as code."""
    return [f"`{name}`" for name, part in by_setting.items() if holds(part["move"])]


def main() -> None:
    """Write the table into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3000, help="runs at each value")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to write into")
    given = parser.parse_args()
    text = given.page.read_text(encoding="utf-8")
    before, rest = text.split(MARK)
    _, after = rest.split(END)
    parts = (page(moves(given.runs), given.runs), second_page(waiting(given.runs)),
             word_moved(given.runs))  # fmt: skip
    made = "\n\n".join(parts)
    given.page.write_text(f"{before}{MARK}\n\n{made}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()

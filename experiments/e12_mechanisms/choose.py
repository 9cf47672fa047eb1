"""E12: which mechanisms of violence does the record ask for? Fitted to a part, scored on others.

python experiments/e12_mechanisms/choose.py [SOURCES] [--small] [--to FOLDER]

SOURCES holds the tables that docs/validation.md names; rows of theirs are read, never printed, and
what is computed from them is written to record.csv. Without SOURCES, record.csv is used.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from numpy.typing import NDArray

from truce_sim.analysis.incidents import Incidents, read_incidents
from truce_sim.analysis.micro import (
    fano_of,
    fano_sums,
    gini,
    gini_by_row,
    gini_sums,
    near_repeat_sums,
)
from truce_sim.analysis.plots.style import state_n, with_style
from truce_sim.config.load import as_setup
from truce_sim.engine.codes import BAND_ATTACK, DONE
from truce_sim.engine.run import RunSpec, outcomes
from truce_sim.engine.world import make_world
from truce_sim.errors import InputError
from truce_sim.intervals import Estimate, t_quantile

Floats = NDArray[np.float64]

HERE = Path(__file__).parent
#: Patterns compared, as logarithms: Fano factors by window, then those in space.
WINDOWS = (1, 7, 28)
PATTERNS = (*(f"Fano {w} d" for w in WINDOWS), "Gini", "near-repeat")
#: Nobody strikes and no truce ends, as in the years of the record; the level is the record's, so
#: that runs do not differ in it.
CALM = ["home.threshold=inf", "host.threshold=inf", "frailty=none"]
#: Days of a run, and runs of a world.
DAYS, RUNS = 3 * 365, 8


@dataclass(frozen=True)
class Period:
    """A part of a record: how to read it, and which patterns it can judge."""

    name: str
    file: str
    since: str
    until: str
    actor: str = ""
    border: str = "durand"
    judges: tuple[int, ...] = (0, 1, 2, 3, 4)


_PAKISTAN = "ucdp_ged_pakistan_within150km_1989_2021.csv"
#: The first is fitted; the second decides; the others must not speak against.
PERIODS = (
    Period("TTP 2015-17", "ucdp_ged_ttp_2015_2021.csv", "2015-01-01", "2017-12-31"),
    Period("TTP 2018-21", "ucdp_ged_ttp_2015_2021.csv", "2018-01-01", "2021-12-31"),
    Period("TTP 2008-14", _PAKISTAN, "2008-01-01", "2014-12-31", "TTP"),
    Period("Line of Control 2013-20", "ucdp_ged_loc_pakistan_side_1989_2021.csv", "2013-01-01",
           "2020-12-31", "Government of India", "line_of_control", (0, 1, 2)),
)  # fmt: skip

#: What each mechanism draws: setting -> law. All laws are flat, on the scale given.
TEMPO, NEAR, SIGNAL, VALUES = "tempo", "offspring", "signal", "values"
MECHANISMS = (TEMPO, NEAR, SIGNAL, VALUES)
#: Attacks that an attack brings about, per unit of `excitation`, with an idle host.
PASSING = 0.45


def draw(mechanisms: Iterable[str], n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return n draws of the settings that some mechanisms free."""
    made: dict[str, Floats] = {}
    if TEMPO in mechanisms:
        made["militants.tempo_cv"] = rng.uniform(0.2, 1.6, n)
        made["militants.tempo_days"] = np.exp(rng.uniform(np.log(2), np.log(30), n))
    if NEAR in mechanisms:
        made["militants.offspring_km"] = np.exp(rng.uniform(np.log(15), np.log(300), n))
    if SIGNAL in mechanisms:
        made["militants.signal_share"] = rng.uniform(0.02, 0.6, n)
    if VALUES in mechanisms:
        excitation = rng.uniform(0.2, 1.6, n)
        made["militants.excitation"] = excitation
        level = 0.35 * (1 - PASSING * excitation) / (1 - PASSING * 1.6)
        made["militants.attempts_per_day"] = level  # as much violence as by default, about
        made["militants.risk_prior"] = rng.uniform(0.2, 0.9, n)
        made["militants.evasion"] = rng.uniform(0.0, 0.4, n)
    table = pd.DataFrame(made, index=range(n))
    return table.assign(**{"militants.attempts_per_day": made.get(
        "militants.attempts_per_day", np.full(n, 0.35))})  # fmt: skip


# ── the record ───────────────────────────────────────────────────────────────────────────────


def ratio(sums: Floats) -> Floats:
    """Return what was counted over what was expected, of sums (..., 2)."""
    return np.asarray(sums[..., 0] / sums[..., 1])


def measure_record(incidents: Incidents) -> tuple[Floats, Floats]:
    """Return the logarithms of a record's patterns: (5,), and without each quarter (q, 5)."""
    quarters = int(incidents.days[0]) // 91 + 1
    columns = []
    for sums, of in (
        *((fano_sums(incidents, w), fano_of) for w in WINDOWS),
        (gini_sums(incidents), gini_by_row),
        (near_repeat_sums(incidents), ratio),
    ):
        full = np.zeros((quarters, sums.shape[1]))
        full[: len(sums)] = sums
        total = full.sum(axis=0)
        columns.append(np.log(np.append(of(total - full), of(total))))
    table = np.stack(columns, axis=1)
    return table[-1], table[:-1]


def read_periods(sources: Path) -> pd.DataFrame:
    """Measure all periods: a row for the whole of each, and for each quarter left out."""
    rows = []
    for period in PERIODS:
        found = read_incidents(
            sources / period.file, period.since, period.until, within_km=100.0,
            actor=period.actor, border=period.border,
        )  # fmt: skip
        whole, without = measure_record(found)
        for left_out, values in zip(("", *map(str, range(len(without)))), (whole, *without),
                                    strict=True):  # fmt: skip
            rows.append({"period": period.name, "left_out": left_out, "n": len(found.frame),
                         "days": int(found.days[0]),
                         **dict(zip(PATTERNS, values.round(6), strict=True))})  # fmt: skip
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Record:
    """What is known of a period: the logarithms of its patterns and how sure they are."""

    period: Period
    n: int
    days: int
    whole: Floats
    without: Floats

    @property
    def covariance(self) -> Floats:
        """From leaving out quarters, half shrunk to its diagonal: quarters are few."""
        q = len(self.without)
        found = (q - 1) ** 2 / q * np.cov(self.without.T)
        return np.asarray(0.5 * found + 0.5 * np.diag(np.diag(found)))


def records_of(table: pd.DataFrame) -> list[Record]:
    """Return the records of a table of `read_periods`."""
    found = []
    for period in PERIODS:
        rows = table[table["period"] == period.name]
        names = [PATTERNS[i] for i in period.judges]
        values = rows[names].to_numpy(float)
        found.append(Record(period, int(rows["n"].iloc[0]), int(rows["days"].iloc[0]),
                            values[0], values[1:]))  # fmt: skip
    return found


# ── worlds of the model ──────────────────────────────────────────────────────────────────────


def worlds(table: pd.DataFrame, record: Record, level: float, runs: int) -> tuple[Floats, Floats]:
    """Run worlds at the level of violence of a record.

    Args:
        table: the settings of each.
        record: gives the border, the level, and the number of incidents of a Gini coefficient.
        level: lethal attacks a day of the defaults on this border.
        runs: of each world.

    Returns:
        (worlds, patterns) their logarithms; (worlds,) lethal attacks a day. NaN: it failed.
    """
    setup = as_setup([*CALM, f"run.horizon_days={DAYS}", f"scenario={record.period.border}"])
    scale = record.n / record.days / level
    scaled = table.assign(**{
        "militants.attempts_per_day": table["militants.attempts_per_day"] * scale
    })  # fmt: skip

    def one(i: int) -> tuple[Floats, float]:
        changes = {str(name): float(x) for name, x in scaled.iloc[i].items()}
        try:
            params = setup.with_changes(changes, tell=False).params
        except InputError:  # attacks would multiply without end
            return np.full(len(record.period.judges), np.nan), np.nan
        spec = RunSpec(params, setup.border.sectors, setup.config.seed)
        return _patterns(spec, setup.border.km_from, setup.border.km_to, record, runs)

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(one, range(len(scaled))))
    return np.array([values for values, _ in found]), np.array([rate for _, rate in found])


def _patterns(
    spec: RunSpec, km_from: Floats, km_to: Floats, record: Record, runs: int
) -> tuple[Floats, float]:
    """The patterns of one world, over its runs, and its rate."""
    world, parts = make_world(recorded=True), []
    for replicate in range(runs):
        outcome = outcomes(spec, [replicate], world)[0]
        if outcome["status"] != DONE:
            return np.full(len(record.period.judges), np.nan), np.nan
        events = world["events"][1 : world["event_count"] + 1]
        events = events[(events["kind"] == BAND_ATTACK) & (events["deaths"] > 0)]
        parts.append(pd.DataFrame({"run": replicate, "day": events["day"].astype(np.int64),
                                   "sector": events["sector"].astype(np.int64)}))  # fmt: skip
    frame = pd.concat(parts, ignore_index=True)
    frame = frame[frame["day"] >= 0]
    frame["km_along"] = ((km_from + km_to) / 2)[frame["sector"]] - km_from[0]
    length = float(km_to[-1] - km_from[0])
    incidents = Incidents(frame, np.full(runs, DAYS), np.arange(runs), length)
    values = [
        *(fano_of(fano_sums(incidents, w).sum(axis=0)) for w in WINDOWS),
        gini(incidents, at_a_time=record.n).value,
        ratio(near_repeat_sums(incidents).sum(axis=0)),
    ]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.log(np.array(values))[list(record.period.judges)], len(frame) / runs / DAYS


# ── fit and scores ───────────────────────────────────────────────────────────────────────────


def log_density(values: Floats, found: Floats, covariance: Floats) -> Floats:
    """Return (worlds,) the normal log density of a record's patterns (p,) in each world."""
    gap = np.where(np.isfinite(found), found, 1e6) - values
    factor = np.linalg.cholesky(covariance)
    z = np.linalg.solve(factor, gap.T)
    return -0.5 * (z**2).sum(axis=0) - np.log(np.diag(factor)).sum() - 0.919 * len(values)


def score(weight: Floats, values: Floats, found: Floats, covariance: Floats) -> float:
    """Return the log predictive density of a record under weighted worlds."""
    inside = weight > 0
    density = log_density(values, found[inside], covariance)
    most = density.max()
    return float(most + np.log(weight[inside] @ np.exp(density - most)))


@dataclass(frozen=True)
class Fitted:
    """A set of mechanisms, fitted to the first record.

    Attributes:
        mechanisms: which are on.
        table: (worlds) settings drawn.
        weight: (worlds,) posterior weights, which sum to 1.
        evidence: log mean density of the fitted record.
        found: by period, (worlds, patterns).
    """

    mechanisms: tuple[str, ...]
    table: pd.DataFrame
    weight: Floats
    evidence: float
    found: dict[str, Floats]

    @property
    def name(self) -> str:
        """Its mechanisms, in words."""
        return " + ".join(self.mechanisms) or "defaults"

    def mean(self) -> dict[str, Estimate]:
        """Return the posterior mean of each setting with its 95 % credible interval."""
        made = {}
        for name in self.table:
            x = self.table[name].to_numpy(float)
            order = np.argsort(x)
            ends = np.interp((0.025, 0.975), np.cumsum(self.weight[order]), x[order])
            made[str(name)] = Estimate(float(self.weight @ x), *map(float, ends))
        return made


def fit_set(
    mechanisms: tuple[str, ...], records: list[Record], levels: dict[str, float],
    draws: int, runs: int, rng: np.random.Generator,
) -> Fitted:  # fmt: skip
    """Draw worlds, weigh them by the first record, and run them at the level of the others."""
    n, runs = (draws, runs) if mechanisms else (2, 8 * runs)  # one world, known better
    table = draw(mechanisms, n, rng)
    first = records[0]
    values, rate = worlds(table, first, levels["durand"], runs)
    density = log_density(first.whole, values, first.covariance)
    level = first.n / first.days
    density[~(np.abs(np.log(rate / level)) < np.log(1.5))] = -np.inf  # another level of violence
    most = density.max()
    weight = np.exp(density - most)
    evidence = float(most + np.log(weight.mean()))
    found = {first.period.name: values}
    kept = np.flatnonzero(weight > 1e-3 * weight.sum() / n)  # the others carry next to nothing
    weight[weight <= 1e-3 * weight.sum() / n] = 0.0
    for record in records[1:]:
        found[record.period.name] = np.full((n, len(record.period.judges)), np.nan)
        some, _ = worlds(table.iloc[kept].reset_index(drop=True), record,
                         levels[record.period.border], runs)  # fmt: skip
        found[record.period.name][kept] = some
    return Fitted(mechanisms, table, weight / weight.sum(), evidence, found)


def gain(one: Fitted, base: Fitted, record: Record) -> Estimate:
    """Return by how much the log score of one is better, with a t interval over quarters."""

    def at(values: Floats) -> float:
        name = record.period.name
        return score(one.weight, values, one.found[name], record.covariance) - score(
            base.weight, values, base.found[name], record.covariance
        )

    whole, each = at(record.whole), np.array([at(v) for v in record.without])
    q = len(each)
    half = t_quantile(q - 1) * np.sqrt(q - 1) * each.std()
    return Estimate(whole, whole - half, whole + half)


def choose(fits: list[Fitted], records: list[Record]) -> list[str]:
    """Apply the rule of README.md, and say what follows."""
    base, decides = fits[0], records[1]
    gains = {one.name: gain(one, base, decides) for one in fits[1:]}
    asked = [one for one in fits[1:] if gains[one.name].low > 0]
    refuted = [one for one in asked if any(gain(one, base, r).high < 0 for r in records[2:])]
    left = [one for one in asked if one not in refuted]
    lines = [f"Asked for by {decides.period.name}: {_names(asked)}",
             f"Of these refuted by another record: {_names(refuted)}"]  # fmt: skip
    if not left:
        return [*lines, "Chosen: none, the defaults stay"]
    best = max(left, key=lambda one: gains[one.name].value)
    equal = [one for one in left if one is best or gain(best, one, decides).low <= 0]
    chosen = min(equal, key=lambda one: (len(one.mechanisms), -gains[one.name].value))
    return [*lines, f"Best: {best.name}; not told from it: {_names(equal)}",
            f"Chosen: {chosen.name}"]  # fmt: skip


def _names(some: list[Fitted]) -> str:
    return ", ".join(one.name for one in some) or "none"


# ── words and pictures ───────────────────────────────────────────────────────────────────────


def shown(found: Estimate, digits: int = 2) -> str:
    """A value with its interval."""
    value, low, high = (f"{x:.{digits}f}" for x in found)
    return f"{value} [{low}, {high}]"


def note(fits: list[Fitted], records: list[Record], small: bool) -> list[str]:
    """Return the findings as lines."""
    base = fits[0]
    size = ", size=small" if small else ""
    lines = [f"E12{size}: {len(fits[-1].table)} worlds a set, fitted to {records[0].period.name}"]
    lines += ["", "Patterns of the record, 95 % from quarters:"]
    for r in records:
        half = t_quantile(len(r.without) - 1) * np.sqrt(np.diag(r.covariance))
        told = (f"{PATTERNS[i]} {shown(Estimate(*np.exp([v, v - h, v + h])))}"
                for i, v, h in zip(r.period.judges, r.whole, half, strict=True))  # fmt: skip
        lines.append(f"  {r.period.name}, {r.n:,} attacks in {r.days:,} days: {'; '.join(told)}")
    lines += ["", "Log score better than that of the defaults by (nats; 95 % over quarters):", "",
              "| mechanisms | worlds of weight | fitted: "
              + " | ".join(r.period.name for r in records) + " |",
              "| --- " * (2 + len(records)) + "|"]  # fmt: skip
    for f in fits:
        worth = 1 / float((f.weight**2).sum())
        gains = [f"{f.evidence - base.evidence:.1f}",
                 *(shown(gain(f, base, r)) for r in records[1:])]  # fmt: skip
        told = " | ".join(gains if f is not base else ["0"] * len(records))
        lines.append(f"| {f.name} | {worth:.0f} | {told} |")
    lines += ["", *choose(fits, records)]
    lines += [
        "",
        "Patterns of each set at the level of the record (weighted mean over worlds):",
        "",
    ]
    for r in records:
        lines += [f"{r.period.name}:"]
        for f in fits:
            v = np.exp(np.nansum(f.weight[:, None] * f.found[r.period.name], axis=0))
            each = zip(r.period.judges, v, strict=True)
            lines.append(f"  {f.name}: " + "; ".join(f"{PATTERNS[i]} {x:.2f}" for i, x in each))
    lines += ["", "Settings after the fit (mean, 95 % of the weight):"]
    for f in fits[1:]:
        told = (f"{name.split('.')[1]} {shown(v)}" for name, v in f.mean().items())
        lines.append(f"  {f.name}: {'; '.join(told)}")
    return lines


@with_style
def picture(fits: list[Fitted], records: list[Record]) -> plt.Figure:
    """Plot the gain of each set on each record."""
    figure, axes = plt.subplots(1, len(records) - 1, figsize=(10, 4.6), sharey=True,
                                layout="constrained")  # fmt: skip
    for record, ax in zip(records[1:], axes, strict=True):
        for y, one in enumerate(fits[1:]):
            g = gain(one, fits[0], record)
            ax.plot([g.low, g.high], [y, y], color="#0072B2", lw=1.5)
            ax.plot(g.value, y, "o", color="#0072B2", ms=4)
        ax.axvline(0, color="#888888", lw=0.8)
        ax.set(title=record.period.name, xlabel="log score better than the defaults, nats")
    axes[0].set_yticks(range(len(fits) - 1), [one.name for one in fits[1:]])
    axes[0].invert_yaxis()
    state_n(axes[0], "95 % over quarters")
    return figure


def main(words: list[str] | None = None) -> None:
    """Fit all sets, score them, write findings.txt and scores.png."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", type=Path, nargs="?")
    parser.add_argument("--small", action="store_true", help="few worlds, to see that it works")
    parser.add_argument("--to", type=Path, default=HERE)
    asked = parser.parse_args(words)
    asked.to.mkdir(exist_ok=True, parents=True)
    if asked.sources is not None:
        read_periods(asked.sources).to_csv(asked.to / "record.csv", index=False)
    known = asked.to if asked.sources is not None else HERE
    records = records_of(pd.read_csv(known / "record.csv", dtype={"left_out": str}))
    draws, runs = (6, 3) if asked.small else (120, RUNS)
    sets = [s for n in range(5) for s in itertools.combinations(MECHANISMS, n)]
    levels = {}
    for border in {r.period.border for r in records}:
        record = next(r for r in records if r.period.border == border)
        _, rate = worlds(draw((), 1, np.random.default_rng(0)), record,
                         record.n / record.days, 8 * runs)  # fmt: skip
        levels[border] = float(rate.mean())
    fits = [fit_set(s, records, levels, draws, runs, np.random.default_rng(12)) for s in sets]
    (asked.to / "findings.txt").write_text("\n".join(note(fits, records, asked.small)) + "\n",
                                           encoding="utf-8")  # fmt: skip
    picture(fits, records).savefig(asked.to / "scores.png", dpi=150)
    plt.close("all")


if __name__ == "__main__":
    main()

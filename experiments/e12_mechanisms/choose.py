"""E12: which mechanisms of violence does the record ask for? Fitted to a part, scored on others.

python experiments/e12_mechanisms/choose.py [SOURCES] [--small] [--seed N] [--to FOLDER]

SOURCES holds the tables that docs/validation.md names; rows of theirs are read, never printed, and
what is computed from them is written to record.csv. Without SOURCES, record.csv is used.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from numpy.typing import NDArray
from scipy.special import ndtr

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
#: Worlds of a round, rounds, and the share of later rounds that is drawn from the laws.
WORLDS, ROUNDS, FROM_LAWS = 80, 5, 0.2


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

#: What each mechanism draws: setting of militants -> the ends of its law, which is flat, or flat in
#: the logarithm (True).
TEMPO, NEAR, SIGNAL, VALUES = "tempo", "offspring", "signal", "values"
LAWS: dict[str, dict[str, tuple[float, float, bool]]] = {
    TEMPO: {"tempo_cv": (0.2, 1.6, False), "tempo_days": (2.0, 30.0, True)},
    NEAR: {"offspring_km": (15.0, 300.0, True)},
    SIGNAL: {"signal_share": (0.02, 0.6, False)},
    VALUES: {"excitation": (0.2, 1.6, False), "risk_prior": (0.2, 0.9, False),
             "evasion": (0.0, 0.4, False)},
}  # fmt: skip
MECHANISMS = tuple(LAWS)
#: Attacks that an attack brings about, per unit of `excitation`, with an idle host.
PASSING = 0.45


def laws_of(mechanisms: Iterable[str]) -> dict[str, tuple[float, float, bool]]:
    """Return the laws of the settings that some mechanisms free, in order."""
    return {name: law for one in mechanisms for name, law in LAWS[one].items()}


def settings(mechanisms: Iterable[str], scores: Floats) -> pd.DataFrame:
    """Return the settings of worlds, from their normal scores (worlds, settings)."""
    table = pd.DataFrame(index=range(len(scores)))
    for (name, (low, high, log)), u in zip(laws_of(mechanisms).items(), ndtr(scores).T,
                                           strict=True):  # fmt: skip
        ends = np.log([low, high]) if log else (low, high)
        value = ends[0] + (ends[1] - ends[0]) * u
        table[f"militants.{name}"] = np.exp(value) if log else value
    level = np.full(len(table), 0.35)
    if VALUES in mechanisms:  # as much violence as by default, about
        level *= (1 - PASSING * table["militants.excitation"]) / (1 - PASSING * 1.6)
    return table.assign(**{"militants.attempts_per_day": level})


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
            made = setup.with_changes(changes, tell=False)
        except InputError:  # attacks would multiply without end
            return np.full(len(record.period.judges), np.nan), np.nan
        spec = RunSpec(made.params, made.border.sectors, made.config.seed)
        return _patterns(spec, made.border.km_from, made.border.km_to, record, runs)

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


def score_variance(weight: Floats, values: Floats, found: Floats, covariance: Floats) -> float:
    """Return the variance of a score that comes of few worlds, to first order."""
    inside = weight > 0
    density = log_density(values, found[inside], covariance)
    near = np.exp(density - density.max())
    parts = weight[inside] * (near / (weight[inside] @ near) - 1)
    return float(parts @ parts)


class Proposals:
    """Worlds drawn in rounds, each nearer to where those before have weight.

    The first round is from the laws; later ones from normal kernels at worlds of weight, and a
    fifth of them from the laws. Every world is weighed by the mixture of all rounds, so none is
    lost and weights are bounded by what the laws give (Owen and Zhou 2000, Cornuet et al. 2012).
    """

    def __init__(self, width: int) -> None:
        self.scores = np.empty((0, width))
        self._rounds: list[tuple[int, Callable[[Floats], Floats]]] = []

    def draw(self, n: int, log_weight: Floats, rng: np.random.Generator) -> Floats:
        """Return n new worlds (n, settings), given the log weights of those before."""
        width = self.scores.shape[1]
        scores, density = rng.standard_normal((n, width)), log_normal
        if len(self.scores):
            weight = tempered(log_weight, len(log_weight) / 8)
            centres, spread = kernels(self.scores, weight)
            density = partial(log_kernels, centres=centres, weight=weight[weight > 0],
                              factor=np.linalg.cholesky(spread))  # fmt: skip
            near = rng.random(n) < 1 - FROM_LAWS
            at = rng.choice(len(centres), near.sum(), p=weight[weight > 0])
            jump = rng.standard_normal((int(near.sum()), width)) @ np.linalg.cholesky(spread).T
            scores[near] = centres[at] + jump
        self._rounds.append((n, density))
        self.scores = np.concatenate([self.scores, scores])
        return scores

    @property
    def log_ratio(self) -> Floats:
        """The log density of each world under the laws, over that under the mixture of rounds."""
        parts = [np.log(n / len(self.scores)) + density(self.scores)
                 for n, density in self._rounds]  # fmt: skip
        return np.asarray(log_normal(self.scores) - np.logaddexp.reduce(parts, axis=0))


def log_normal(z: Floats) -> Floats:
    """Return (n,) the log density of standard normal scores (n, d)."""
    return np.asarray(-0.5 * (z**2).sum(axis=1) - 0.5 * np.log(2 * np.pi) * z.shape[1])


def log_kernels(z: Floats, centres: Floats, weight: Floats, factor: Floats) -> Floats:
    """Return (n,) the log density of a round: kernels with this factor, and some from the laws."""
    inverse = np.linalg.inv(factor)
    each = [np.log(w) + log_normal((z - c) @ inverse.T)
            for w, c in zip(weight, centres, strict=True)]  # fmt: skip
    kernels = np.logaddexp.reduce(each, axis=0) - np.log(np.diag(factor)).sum()
    near, far = np.log1p(-FROM_LAWS) + kernels, np.log(FROM_LAWS) + log_normal(z)
    return np.asarray(np.logaddexp(near, far))


def kernels(scores: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return the worlds of weight (k, d), and the covariance of kernels at them (Scott 1992)."""
    d = scores.shape[1]
    spread = np.cov(scores.T, aweights=weight, ddof=0).reshape(d, d) + 1e-4 * np.eye(d)
    return scores[weight > 0], spread * worth(weight) ** (-2 / (d + 4))


def worth(weight: Floats) -> float:
    """Return how many worlds of equal weight weights are worth (Kish 1965)."""
    return float(weight.sum() ** 2 / (weight**2).sum())


def tempered(log_weight: Floats, least: float) -> Floats:
    """Return weights that sum to 1, flattened by a power until they are worth so many worlds."""
    for power in 0.8 ** np.arange(60):
        weight = np.exp(power * (log_weight - log_weight.max()))
        if worth(weight) >= least:
            break
    weight[weight < 1e-4 * weight.max()] = 0.0
    return np.asarray(weight / weight.sum())


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


def levels_of(records: list[Record], runs: int) -> dict[str, float]:
    """Return lethal attacks a day of the defaults, by border."""
    levels = {}
    for border in {r.period.border for r in records}:
        record = next(r for r in records if r.period.border == border)
        _, rate = worlds(settings((), np.empty((1, 0))), record,
                         record.n / record.days, 8 * runs)  # fmt: skip
        levels[border] = float(rate.mean())
    return levels


def fit_set(
    mechanisms: tuple[str, ...], records: list[Record], levels: dict[str, float],
    draws: int, runs: int, rng: np.random.Generator,
) -> Fitted:  # fmt: skip
    """Draw worlds, weigh them by the first record, and run them at the level of the others."""
    if not mechanisms:  # one world, known better
        draws, runs = 2, 8 * runs
    first = records[0]
    level, made = first.n / first.days, Proposals(len(laws_of(mechanisms)))
    values, density, log_weight = np.empty((0, len(PATTERNS))), np.empty(0), np.empty(0)
    for _ in range(ROUNDS if mechanisms else 1):
        some = settings(mechanisms, made.draw(draws, log_weight, rng))
        found, rate = worlds(some, first, levels["durand"], runs)
        close = log_density(first.whole, found, first.covariance)
        close[~(np.abs(np.log(rate / level)) < np.log(1.5))] = -np.inf  # another level of violence
        values, density = np.concatenate([values, found]), np.concatenate([density, close])
        log_weight = density + made.log_ratio
    most = log_weight.max()
    weight = np.exp(log_weight - most)
    evidence = float(most + np.log(weight.mean()))
    kept = np.flatnonzero(weight > 1e-3 * weight.mean())  # the others carry next to nothing
    weight[weight <= 1e-3 * weight.mean()] = 0.0
    table = settings(mechanisms, made.scores)
    all_found = {first.period.name: values}
    for record in records[1:]:
        name, border = record.period.name, record.period.border
        all_found[name] = np.full((len(weight), len(record.period.judges)), np.nan)
        some = table.iloc[kept].reset_index(drop=True)
        all_found[name][kept] = worlds(some, record, levels[border], runs)[0]
    return Fitted(mechanisms, table, weight / weight.sum(), evidence, all_found)


def gain(one: Fitted, base: Fitted, record: Record) -> Estimate:
    """Return by how much the log score of one is better, with a t interval: quarters left out, and
    that worlds are few."""
    name, covariance = record.period.name, record.covariance

    def at(values: Floats) -> float:
        return score(one.weight, values, one.found[name], covariance) - score(
            base.weight, values, base.found[name], covariance
        )

    whole, each = at(record.whole), np.array([at(v) for v in record.without])
    q = len(each)
    few = sum(score_variance(f.weight, record.whole, f.found[name], covariance)
              for f in (one, base))  # fmt: skip
    half = t_quantile(q - 1) * np.sqrt((q - 1) * each.var() + few)
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
    lines += ["", "Log score better than that of the defaults by (nats; 95 % over quarters and "
              "worlds):", "", "| mechanisms | worlds of weight | fitted: "
              + " | ".join(r.period.name for r in records) + " |",
              "| --- " * (2 + len(records)) + "|"]  # fmt: skip
    for f in fits:
        gains = [f"{f.evidence - base.evidence:.1f}",
                 *(shown(gain(f, base, r)) for r in records[1:])]  # fmt: skip
        row = " | ".join(gains if f is not base else ["0"] * len(records))
        lines.append(f"| {f.name} | {worth(f.weight):.0f} | {row} |")
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
    state_n(axes[0], "95 % over quarters and worlds")
    return figure


def main(words: list[str] | None = None) -> None:
    """Fit all sets, score them, write findings.txt and scores.png."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", type=Path, nargs="?")
    parser.add_argument("--small", action="store_true", help="few worlds, to see that it works")
    parser.add_argument("--seed", type=int, default=12)
    parser.add_argument("--to", type=Path, default=HERE)
    asked = parser.parse_args(words)
    asked.to.mkdir(exist_ok=True, parents=True)
    if asked.sources is not None:
        read_periods(asked.sources).to_csv(asked.to / "record.csv", index=False)
    known = asked.to if asked.sources is not None else HERE
    records = records_of(pd.read_csv(known / "record.csv", dtype={"left_out": str}))
    draws, runs = (6, 3) if asked.small else (WORLDS, RUNS)
    sets = [s for n in range(5) for s in itertools.combinations(MECHANISMS, n)]
    levels = levels_of(records, runs)
    fits = [fit_set(s, records, levels, draws, runs, np.random.default_rng(asked.seed))
            for s in sets]  # fmt: skip
    (asked.to / "findings.txt").write_text("\n".join(note(fits, records, asked.small)) + "\n",
                                           encoding="utf-8")  # fmt: skip
    picture(fits, records).savefig(asked.to / "scores.png", dpi=150)
    plt.close("all")


if __name__ == "__main__":
    main()

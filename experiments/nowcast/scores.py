"""Nowcasts scored on rolling days of the truce of 2025 and of other truces, against nulls.

python experiments/nowcast/scores.py SOURCES [--particles N] > findings.txt

SOURCES holds the tables that docs/validation.md names; rows of theirs are read, never printed.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim import nowcast
from truce_sim.analysis.forecast import brier_score, crps, crps_of_law, log_score, rank
from truce_sim.following.nowcast import Nowcast
from truce_sim.intervals import Estimate, mean_interval, share_interval

Days = NDArray[np.float64]

HERE = Path(__file__).parent
#: The truce of the record collapsed on this day; nowcasts are made at the end of these.
COLLAPSE, ROLLING = 131, (0, 20, 40, 60, 80, 100, 120)
#: What was known of talks: from a day on, the option of the group mediation.
TALKS = ((42, "doha_2025"), (11, "istanbul"), (0, "qatar_turkiye"))
#: Days ahead to which survival is followed; days of the Brier score and of the log score's bins.
AHEAD, SOON, BIN = 180, 30, 30
#: Days that three earlier truces lasted (experiments/doha_2025).
EARLIER = (2, 30, 202)
#: Days on which truces of the population are looked at, and days ahead for which.
LOOKED, LEADS = (0, 30, 90), (7, 30, 90)


# ── nulls ────────────────────────────────────────────────────────────────────────────────────

#: P(T > d) of a truce that began on day 0, for whole days.
Law = Callable[[NDArray[np.float64]], Days]


def constant(day: NDArray[np.float64]) -> Days:
    """A constant hazard at the rate of the earlier truces."""
    return np.exp(-(day + 1) * len(EARLIER) / sum(EARLIER))


def uncertain(day: NDArray[np.float64]) -> Days:
    """The same, its rate as uncertain as three truces leave it: a Lomax law."""
    return (sum(EARLIER) / (sum(EARLIER) + day + 1)) ** len(EARLIER)


@dataclass(frozen=True)
class KaplanMeier:
    """Survival of the ETH/PRIO ceasefires to breakdown; other ends censor."""

    days: Days
    broke: NDArray[np.bool_]

    def __call__(self, day: NDArray[np.float64]) -> Days:
        times = np.unique(self.days[self.broke])
        at_risk = (self.days[:, None] >= times).sum(axis=0)
        ended = (self.days[self.broke][:, None] == times).sum(axis=0)
        curve = np.concatenate([[1.0], np.cumprod(1 - ended / at_risk)])
        return np.asarray(curve[np.searchsorted(times, day, side="right")])


def population(sources: Path) -> pd.DataFrame:
    """The ceasefires with a usable duration: country, days, whether they broke down."""
    table = pd.read_csv(sources / "ceasefires_ethprio_1989_2020.csv")
    usable = table[table["event"].notna() & table["days"].notna() & (table["days"] >= 0)]
    return pd.DataFrame({
        "country": usable["location"].to_numpy(), "days": usable["days"].to_numpy(float),
        "broke": usable["event"].to_numpy() == 1,
    })  # fmt: skip


# ── the case, day by day ─────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Scores:
    """Scores of one forecast on one day."""

    name: str
    holds: Estimate
    rank: Estimate
    crps: Estimate
    log: Estimate
    brier: Estimate


def bin_of(day: int) -> tuple[int, int]:
    """The days of the bin of the log score in which a day falls."""
    return day // BIN * BIN, day // BIN * BIN + BIN


def of_nowcast(name: str, found: Nowcast, collapse: float) -> Scores:
    """Scores of a nowcast; a truce that outlasts the days ahead counts as that long."""
    now, futures = found.record.as_of, found.futures
    root, end = futures["root"].to_numpy(), futures["end_day"].to_numpy(float)
    came = min(collapse, now + 1 + AHEAD)
    soon = share_interval(end <= now + SOON, root)
    low, high = bin_of(int(came))
    inside = (end >= low) & (end < high) if came < now + 1 + AHEAD else end >= now + 1 + AHEAD
    return Scores(
        name, share_interval(end > now + SOON, root), rank(end, came, root),
        crps(end - now, came - now, root), log_score(share_interval(inside, root)),
        brier_score(soon, collapse <= now + SOON),
    )  # fmt: skip


def of_law(name: str, law: Law, now: int, collapse: float) -> Scores:
    """The same scores of an exact law, given that the truce holds at the end of a day."""
    day = np.arange(now, now + AHEAD + 1.0)
    beyond = law(day) / law(np.array([float(now)]))
    came = int(min(collapse, now + 1 + AHEAD))
    # days d after the present: P(left > d), d = 0 … AHEAD
    score = crps_of_law(beyond, came - now)

    def at(last: int) -> float:
        return float(beyond[min(max(last - now, 0), AHEAD)])

    low, high = bin_of(came)
    share = at(low - 1) - at(high - 1) if came < now + 1 + AHEAD else at(now + AHEAD)
    before, by = 1 - at(came - 1), 1 - at(came)
    exact = [Estimate(x, x, x) for x in (at(now + SOON), (before + by) / 2, score, share)]
    soon = Estimate(*(1 - x for x in exact[0]))
    return Scores(name, exact[0], exact[1], exact[2], log_score(exact[3]),
                  brier_score(soon, collapse <= now + SOON))  # fmt: skip


def note_case(particles: int, laws: dict[str, Law]) -> None:
    """Print the scores of the rolling days and their means."""
    every: dict[str, list[Scores]] = {}
    print("\nThe truce of 2025: nowcasts at the end of a day; it collapsed on day 131\n")
    print(f"| day | forecast | worth | holds {SOON} more days, % | rank of the collapse, % | "
          f"CRPS, days | log score, nats | Brier, {SOON} days |")  # fmt: skip
    print("| --- " * 8 + "|")
    for day in ROLLING:
        talks = next(name for since, name in TALKS if day >= since)
        found = nowcast(HERE / "record.csv", day, f"mediation={talks}", particles=particles,
                        ahead=AHEAD)  # fmt: skip
        rows = [of_nowcast("nowcast", found, COLLAPSE)]
        rows += [of_law(name, law, day, COLLAPSE) for name, law in laws.items()]
        for row in rows:
            every.setdefault(row.name, []).append(row)
            worth = f"{found.effective:,.0f}" if row.name == "nowcast" else ""
            print(f"| {day} | {row.name} | {worth} | {percent(row.holds)} | {percent(row.rank)} | "
                  f"{shown(row.crps, 1)} | {shown(row.log, 2)} | {shown(row.brier, 3)} |",
                  flush=True)  # fmt: skip
    print("\nMeans over the days, which are those of one truce and depend on one another\n")
    print("| forecast | CRPS, days | log score, nats | Brier |")
    print("| --- " * 4 + "|")
    for name, rows in every.items():
        days, nats, square = (
            np.mean([getattr(row, score).value for row in rows])
            for score in ("crps", "log", "brier")
        )
        print(f"| {name} | {days:.1f} | {nats:.2f} | {square:.3f} |")


# ── other truces, of which only their length is known ────────────────────────────────────────


def note_others(particles: int, laws: dict[str, Law], sources: Path) -> None:
    """Print the scores of truces known by their length alone, from day 0."""
    truces = pd.read_csv(sources / "case_truces.csv").set_index("id")["days"]
    named = {name: truces[name] for name in ("AP-48h", "TTP-2021", "TTP-2022", "AP-Doha")}
    lengths = {**named, "India-Pakistan 2003": 3600}
    print("\nTruces known by their length alone, forecast at the end of day 0\n")
    print("| truce | days | forecast | rank, % | CRPS, days | log score, nats |")
    print("| --- " * 6 + "|")
    found = calm(0, particles)
    for truce, days in lengths.items():
        rows = [of_nowcast("nowcast", found, days)]
        own = {} if truce in ("AP-48h", "TTP-2021", "TTP-2022") else laws
        others = own or {n: law for n, law in laws.items() if law not in (constant, uncertain)}
        for row in (*rows, *(of_law(name, law, 0, days) for name, law in others.items())):
            print(f"| {truce} | {days:,} | {row.name} | {percent(row.rank)} | {shown(row.crps, 1)} "
                  f"| {shown(row.log, 2)} |")  # fmt: skip


@cache
def calm(day: int, particles: int) -> Nowcast:
    """The nowcast of a truce without mediators of which no strike is known so far."""
    return nowcast(None, day, "mediation=none", particles=particles, ahead=AHEAD)


def note_population(particles: int, table: pd.DataFrame) -> None:
    """Print Brier scores and calibration over the ETH/PRIO ceasefires, nulls left one out."""
    print("\nETH/PRIO ceasefires at the end of a day: does it break down within some days?\n")
    print("| day | days ahead | truces | forecast | said, % | came, % | Brier | better than "
          "constant by |")  # fmt: skip
    print("| --- " * 8 + "|")
    country = np.unique(table["country"], return_inverse=True)[1]
    for day in LOOKED:
        found = calm(day, particles)
        for lead in LEADS:
            known = (table["days"] > day) & (table["broke"] | (table["days"] > day + lead))
            known = known.to_numpy()
            came = (table["broke"] & (table["days"] <= day + lead)).to_numpy()[known]
            where = np.unique(country[known], return_inverse=True)[1]
            end = found.futures["end_day"].to_numpy()
            nowcasts = np.full(known.sum(), (end <= day + lead).mean())
            others = _left_out(table, country, day, lead)
            said = {"nowcast": nowcasts, **{n: x[known] for n, x in others.items()}}
            null = (said["constant hazard"] - came) ** 2
            for name, p in said.items():
                loss = (p - came) ** 2
                better = "" if name == "constant hazard" else shown(
                    mean_interval(null - loss, where), 4)  # fmt: skip
                print(f"| {day} | {lead} | {known.sum():,} | {name} | {100 * p.mean():.1f} | "
                      f"{percent(share_interval(came, where))} | "
                      f"{shown(mean_interval(loss, where), 4)} | {better} |")  # fmt: skip


def _left_out(
    table: pd.DataFrame, country: NDArray[np.int64], day: int, lead: int
) -> dict[str, Days]:
    """Chances of a breakdown within some days by nulls that have not seen the country."""
    days, broke = table["days"].to_numpy(), table["broke"].to_numpy()
    flat, curve = np.empty(len(table)), np.empty(len(table))
    for c in np.unique(country):
        rest = country != c
        rate = broke[rest].sum() / days[rest].sum()
        flat[~rest] = 1 - math.exp(-rate * lead)
        law = KaplanMeier(days[rest], broke[rest])
        now, then = law(np.array([float(day), day + lead]))
        curve[~rest] = 1 - then / now
    return {"Kaplan-Meier": curve, "constant hazard": flat}


# ── words ────────────────────────────────────────────────────────────────────────────────────


def shown(found: Estimate, digits: int) -> str:
    """A value with its interval; alone, if it is exact."""
    value, low, high = (f"{x:.{digits}f}" for x in found)
    return value if low == high == value else f"{value} [{low}, {high}]"


def percent(found: Estimate) -> str:
    """The same of a share, in per cent."""
    return shown(Estimate(*(100 * x for x in found)), 1)


def main(words: Iterable[str] | None = None) -> None:
    """Print all scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", type=Path)
    parser.add_argument("--particles", type=int, default=10_000)
    asked = parser.parse_args(words)  # type: ignore[arg-type]
    table = population(asked.sources)
    law = KaplanMeier(table["days"].to_numpy(), table["broke"].to_numpy())
    laws: dict[str, Law] = {
        "constant hazard, mean 78 d": constant, "constant hazard, rate uncertain": uncertain,
        "Kaplan-Meier of ETH/PRIO": law,
    }  # fmt: skip
    print(f"Nowcasts with {asked.particles:,} particles a round, settings from the default prior")
    print(f"{len(table):,} ETH/PRIO ceasefires, of which {table['broke'].sum()} broke down")
    note_population(asked.particles, table)
    note_others(asked.particles, laws, asked.sources)
    note_case(asked.particles, laws)


if __name__ == "__main__":
    main()

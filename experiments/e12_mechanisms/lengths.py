"""E12, lengths of truces: do the chosen values, peace that pays or a trigger of strikes fit them?

python experiments/e12_mechanisms/lengths.py SOURCES [--runs N] [--to FOLDER]

Each model has its home threshold fitted again, so that the median truce lasts as long as by default
(one number, fitted to the truce of 2025). Scored are the chances of when ETH/PRIO ceasefires broke
down, which had no part in it, and three earlier truces of this line. SOURCES as in choose.py.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim import simulate_many
from truce_sim.analysis.forecast import crps
from truce_sim.intervals import Estimate, mean_interval, quantile_interval, share_interval

HERE = Path(__file__).parent
Floats = NDArray[np.float64]

#: Days from which the score of a breakdown is told apart; later ones are one bin.
EDGES = np.array([0, 8, 31, 91, 181, 366])
#: Median of truces by default; earlier truces of this line, days.
MEDIAN, EARLIER = 120, (2, 30, 202)
#: The models compared with the defaults: settings; the floor is that of floor.py after its fit.
PEACE, TRIGGER = "host.peace_payoff", "home.trigger"
GRID = {
    "defaults": {}, "militants=record": {"militants": "record"},
    "peace pays, 0.2": {PEACE: 0.2}, "peace pays, 0.4": {PEACE: 0.4},
    "trigger 0.3": {TRIGGER: 0.3}, "trigger 1": {TRIGGER: 1.0},
    "peace 0.2, trigger 0.3": {PEACE: 0.2, TRIGGER: 0.3},
    "record, peace 0.2": {"militants": "record", PEACE: 0.2},
    "floor 0.012": {"border.floor": 0.012},
}  # fmt: skip


def truces(settings: dict[str, object], threshold: float, mediation: str, runs: int) -> Floats:
    """Return (runs,) the days that truces last, 366 where they hold a year."""
    base = [f"mediation={mediation}", "run.horizon_days=366",
            *(f"{name}={value}" for name, value in settings.items())]  # fmt: skip
    found = simulate_many({"home.threshold": [threshold]}, base, replicates=runs)
    return found["end_day"].to_numpy(float)


def fitted(settings: dict[str, object], runs: int) -> float:
    """Return the home threshold at which the median truce lasts `MEDIAN` days, by halving."""
    low, high = 1.5, 12.0
    for _ in range(9):
        middle = (low + high) / 2
        if np.median(truces(settings, middle, "qatar_turkiye", runs)) < MEDIAN:
            low = middle
        else:
            high = middle
    return (low + high) / 2


# ── scores ───────────────────────────────────────────────────────────────────────────────────


def log_scores(days: Floats, table: pd.DataFrame) -> Floats:
    """Return (ceasefires,) -ln of the chance of what came: the bin of a breakdown, or survival up
    to the bin in which a ceasefire was last seen (0 where that is the first)."""
    share = np.histogram(days, EDGES)[0] + 0.5
    share = np.append(share, (days >= EDGES[-1]).sum() + 0.5)
    share = share / share.sum()
    bin_of = np.searchsorted(EDGES, table["days"], side="right") - 1
    beyond = np.append(np.cumsum(share[::-1])[::-1], 0.0)
    chance = np.where(table["broke"] & (bin_of < len(EDGES) - 1), share[bin_of], beyond[bin_of])
    return np.asarray(-np.log(chance))


def ceasefires(sources: Path) -> pd.DataFrame:
    """Return the ETH/PRIO ceasefires with a usable duration: country, days, broke, mediated."""
    table = pd.read_csv(sources / "ceasefires_ethprio_1989_2020.csv")
    table = table[table["event"].notna() & (table["days"] >= 0) & table["mediated"].isin([0, 1])]
    return pd.DataFrame({
        "country": table["location"].to_numpy(), "days": table["days"].to_numpy(float),
        "broke": table["event"].to_numpy() == 1, "mediated": table["mediated"].to_numpy() == 1,
    })  # fmt: skip


def shown(found: Estimate, digits: int) -> str:
    """A value with its interval."""
    value, low, high = (f"{x:.{digits}f}" for x in found)
    return f"{value} [{low}, {high}]"


def note(table: pd.DataFrame, runs: int) -> list[str]:
    """Return the findings as lines."""
    country = np.unique(table["country"], return_inverse=True)[1]
    half = country % 2 == 0
    lines = [f"E12, lengths: {runs:,} truces each; {len(table):,} ceasefires, "
             f"{table['broke'].sum()} broke down", "",
             "| model | threshold | median, days | holds a year, % | log score better by: half of "
             "the countries | the other half | CRPS of three earlier truces better by, days |",
             "| --- " * 7 + "|"]  # fmt: skip
    base: tuple[Floats, Floats] | None = None
    for name, settings in GRID.items():
        threshold = fitted(settings, runs // 2)
        with_them = truces(settings, threshold, "qatar_turkiye", runs)
        without = truces(settings, threshold, "none", runs)
        loss = np.where(table["mediated"], log_scores(with_them, table), log_scores(without, table))
        own = np.arange(runs)
        early = np.array([crps(without, d, own).value for d in EARLIER])
        base = (loss, early) if base is None else base
        better = [shown(mean_interval((base[0] - loss)[some], country[some]), 3)
                  for some in (half, ~half)]  # fmt: skip
        middle = quantile_interval(with_them, own, 0.5)
        held = share_interval(with_them >= 366, own)
        cells = [name, f"{threshold:.2f}", shown(middle, 0),
                 shown(Estimate(*(100 * x for x in held)), 1), *better,
                 shown(mean_interval(base[1] - early, np.arange(len(early))), 1)]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def main(words: list[str] | None = None) -> None:
    """Write lengths.txt."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", type=Path)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--to", type=Path, default=HERE)
    asked = parser.parse_args(words)
    asked.to.mkdir(exist_ok=True, parents=True)
    said = note(ceasefires(asked.sources), asked.runs)
    (asked.to / "lengths.txt").write_text("\n".join(said) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""E12, the floor of the site prior: do the records ask for an evener line, or a less even one?

python experiments/e12_mechanisms/floor.py [--small] [--seed N] [--to FOLDER]

Asked after the rest of the study, once it was seen that the floor moves the Gini coefficient.
Floors lie evenly in the logarithm, are weighed by the record that the other sets were fitted to,
and are scored on the same others. What is known of the records is in record.csv.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from choose import (
    HERE,
    MECHANISMS,
    RUNS,
    VALUES,
    WORLDS,
    Fitted,
    Record,
    choose,
    fit_set,
    gain,
    levels_of,
    log_density,
    records_of,
    settings,
    shown,
    worlds,
    worth,
)

FLOOR = "floor"
#: Ends of its law, which is flat in the logarithm; the default is 0.05.
LOWEST, HIGHEST = 0.001, 0.2


def fit_floor(records: list[Record], levels: dict[str, float], draws: int, runs: int) -> Fitted:
    """Weigh floors by the first record, and run them at the level of the others."""
    table = settings((), np.empty((draws, 0)))
    table["border.floor"] = np.geomspace(LOWEST, HIGHEST, draws)
    found = {r.period.name: worlds(table, r, levels[r.period.border], runs)[0] for r in records}
    first = records[0]
    density = log_density(first.whole, found[first.period.name], first.covariance)
    weight = np.exp(density - density.max())
    evidence = float(density.max() + np.log(weight.mean()))
    return Fitted((FLOOR,), table, weight / weight.sum(), evidence, found)


def note(fits: list[Fitted], records: list[Record], small: bool) -> list[str]:
    """Return the findings as lines; the first set is the defaults, the last the floor."""
    base, floor = fits[0], fits[-1]
    size = ", size=small" if small else ""
    lines = [f"E12, floor{size}: {len(floor.table)} floors from {LOWEST} to {HIGHEST}", "",
             "Log score better than that of the defaults by (nats; 95 % over quarters and worlds):",
             "", "| mechanisms | worlds of weight | fitted: "
             + " | ".join(r.period.name for r in records) + " |",
             "| --- " * (2 + len(records)) + "|"]  # fmt: skip
    for f in fits[1:]:
        gains = " | ".join(shown(gain(f, base, r)) for r in records[1:])
        lines.append(f"| {f.name} | {worth(f.weight):.0f} | {f.evidence - base.evidence:.1f} "
                     f"| {gains} |")  # fmt: skip
    values = next(f for f in fits if f.mechanisms == (VALUES,))
    lines += ["", f"Floor after the fit: {shown(floor.mean()['border.floor'], 3)}",
              f"Values better than the floor on {records[1].period.name} by: "
              f"{shown(gain(values, floor, records[1]))}",
              "", "The rule, with the floor as a further set of one mechanism:",
              *choose(fits, records), "", "Patterns at each floor, by record:"]  # fmt: skip
    for r in records:
        names = [("Fano 1 d", "Fano 7 d", "Fano 28 d", "Gini", "near-repeat")[i]
                 for i in r.period.judges]  # fmt: skip
        lines.append(f"{r.period.name}: " + ", ".join(names))
        found = zip(floor.table["border.floor"], np.exp(floor.found[r.period.name]), strict=True)
        lines += [f"  {at:.4f}: " + ", ".join(f"{x:.2f}" for x in row)
                  for i, (at, row) in enumerate(found) if i % 8 == 0]  # fmt: skip
    return lines


def main(words: list[str] | None = None) -> None:
    """Write floor.txt."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="few worlds, to see that it works")
    parser.add_argument("--seed", type=int, default=12)
    parser.add_argument("--to", type=Path, default=HERE)
    asked = parser.parse_args(words)
    asked.to.mkdir(exist_ok=True, parents=True)
    records = records_of(pd.read_csv(HERE / "record.csv", dtype={"left_out": str}))
    draws, runs = (6, 3) if asked.small else (WORLDS, RUNS)
    levels = levels_of(records, runs)
    fits = [fit_set(s, records, levels, draws, runs, np.random.default_rng(asked.seed))
            for s in ((), *((one,) for one in MECHANISMS))]  # fmt: skip
    fits.append(fit_floor(records, levels, draws, runs))
    (asked.to / "floor.txt").write_text("\n".join(note(fits, records, asked.small)) + "\n",
                                        encoding="utf-8")  # fmt: skip


if __name__ == "__main__":
    main()

"""Truces as a population: survival in the model and in three collections, by class.

python experiments/population/curves.py SOURCES --posterior FIT [--draws N] [--to FOLDER]

SOURCES holds the tables that docs/validation.md names; rows of theirs are read, never printed.
FIT is a folder of `truce-sim fit`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from truce_sim import draw_prior, simulate_many
from truce_sim.analysis.methods.ends import count_ends
from truce_sim.analysis.plots.style import COLOURS, state_n, with_style
from truce_sim.analysis.survival import curve

HERE = Path(__file__).parent
#: Days that are told, and the last that is drawn.
TOLD, LAST = (7, 30, 90, 180, 365), 365
#: A class of truces, and the option of the group mediation that is nearest to it.
CLASSES = {"not mediated": "none", "mediated": "qatar_turkiye", "monitored": "monitored"}


@dataclass(frozen=True)
class Truces:
    """Truces of one class.

    Attributes:
        source: where they are from.
        name: the class.
        days: (n,) how long each lasted, or was followed.
        broke: (n,) whether it broke down then.
        cluster: (n,) codes of what makes truces dependent: the country, or the draw.
    """

    source: str
    name: str
    days: np.ndarray
    broke: np.ndarray
    cluster: np.ndarray

    def curve(self) -> pd.DataFrame:
        """Return the Kaplan-Meier curve up to the last day, with bands by clusters."""
        day = np.minimum(self.days, LAST).astype(np.int64)
        broke = (self.broke & (self.days <= LAST)).astype(np.int64)
        return curve(count_ends(day, broke, np.unique(self.cluster, return_inverse=True)[1]))


# ── the record ───────────────────────────────────────────────────────────────────────────────


def recorded(sources: Path) -> Iterator[Truces]:
    """Yield the truces of the three collections, by class."""
    table = pd.read_csv(sources / "ceasefires_ethprio_1989_2020.csv")
    table = table[table["event"].notna() & (table["days"] >= 0)]
    monitored = table["implementation"].eq(1)
    for name, some in (
        ("not mediated", table["mediated"].eq(0) & ~monitored),
        ("mediated", table["mediated"].eq(1) & ~monitored), ("monitored", monitored),
    ):  # fmt: skip
        yield _truces("ETH/PRIO ceasefires", name, table[some], "days", "location")
    table = pd.read_csv(sources / "ucdp_dyad_terminations_1946_2019.csv")
    table = table[table["outcome"].eq(2) & table["quiet_days"].notna()]
    between = table["type_of_conflict"].eq(2)
    for name, some in (("within states", ~between), ("between states", between)):
        yield _truces("UCDP terminations by ceasefire", name, table[some], "quiet_days", "location")
    table = pd.read_csv(sources / "ucdp_peace_agreements_1975_2021.csv")
    table = table[table["days"].notna()]
    for name, some in (
        ("no peacekeepers", table["pko"].eq(0)),
        ("peacekeepers", table["pko"].eq(1)),
    ):
        yield _truces("UCDP peace agreements", name, table[some], "days", "gwno")


def _truces(source: str, name: str, table: pd.DataFrame, days: str, cluster: str) -> Truces:
    return Truces(source, name, table[days].to_numpy(float), table["event"].eq(1).to_numpy(),
                  table[cluster].astype(str).to_numpy())  # fmt: skip


# ── the model ────────────────────────────────────────────────────────────────────────────────


def simulated(posterior: Path, draws: int) -> Iterator[Truces]:
    """Yield truces of the model under the prior and the posterior, by class, a run a draw."""
    fitted = pd.read_parquet(posterior / "posterior.parquet").head(draws)
    fitted = fitted[[name for name in fitted if "." in str(name)]]
    for name, option in CLASSES.items():
        base = [f"mediation={option}", f"run.horizon_days={LAST + 1}"]
        for source, table in (
            ("model, prior", draw_prior(draws, base=base)), ("model, posterior", fitted),
            ("model, defaults", pd.DataFrame(index=range(draws))),
        ):  # fmt: skip
            runs = simulate_many(table.assign(seed=np.arange(len(table)) + 1), base)
            runs = runs[runs["status"] == "done"]
            end = runs["end_day"].to_numpy(float)
            yield Truces(source, name, end, runs["collapsed"].to_numpy(bool), np.arange(len(runs)))


# ── words and pictures ───────────────────────────────────────────────────────────────────────


def note(some: list[Truces]) -> list[str]:
    """Return a table of survival in per cent, a row for each class."""
    lines = [f"| truces | class | n | broke down | {' | '.join(f'{d} d' for d in TOLD)} |",
             "| --- " * (4 + len(TOLD)) + "|"]  # fmt: skip
    for each in some:
        table = each.curve().set_index("day").reindex(range(LAST + 1)).ffill()
        told = (
            "{:.0f} [{:.0f}, {:.0f}]".format(*(
                100 * table.loc[day, f"survival{end}"] for end in ("", "_low", "_high")))
            for day in TOLD
        )  # fmt: skip
        counts = f"{len(each.days):,} | {int(each.broke.sum()):,}"
        lines.append(f"| {each.source} | {each.name} | {counts} | {' | '.join(told)} |")
    return lines


#: Classes of the other collections, in the panel to which they are nearest.
BESIDE = {
    "not mediated": ("not mediated", "within states", "no peacekeepers"),
    "mediated": ("mediated", "between states"), "monitored": ("monitored", "peacekeepers"),
}  # fmt: skip
STYLES = {
    "model, prior": (COLOURS[0], "-"), "model, posterior": (COLOURS[1], "-"),
    "model, defaults": (COLOURS[2], "-"), "ETH/PRIO ceasefires": ("#000000", "-"),
    "UCDP terminations by ceasefire": ("#555555", "--"), "UCDP peace agreements": ("#555555", ":"),
}  # fmt: skip


@with_style
def picture(some: list[Truces]) -> plt.Figure:
    """Draw survival by class: the record in black and grey, the model in colour."""
    figure, axes = plt.subplots(1, 3, figsize=(10, 4.2), sharey=True, layout="constrained")
    for (name, classes), ax in zip(BESIDE.items(), axes, strict=True):
        for each in (each for each in some if each.name in classes):
            colour, line = STYLES[each.source]
            table = each.curve()
            ax.step(table["day"], table["survival"], line, where="post", color=colour)
            ax.fill_between(table["day"], table["survival_low"], table["survival_high"],
                            step="post", color=colour, alpha=0.12, lw=0)  # fmt: skip
        ax.set(xlabel="days", xlim=(0, LAST), ylim=(0, 1.01))
        ax.set_title(f"{name}\n(UCDP: {', '.join(classes[1:])})", fontsize="small")
    lines = [plt.Line2D([], [], color=c, ls=line, label=n) for n, (c, line) in STYLES.items()]
    figure.legend(handles=lines, loc="outside upper center", ncols=3, fontsize="small")
    axes[0].set_ylabel("share that holds")
    state_n(axes[0], "bands: 95 %, by countries or draws")
    return figure


def main(words: list[str] | None = None) -> None:
    """Write findings.txt and population.png."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", type=Path)
    parser.add_argument("--posterior", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=4000)
    parser.add_argument("--to", type=Path, default=HERE)
    asked = parser.parse_args(words)
    asked.to.mkdir(exist_ok=True, parents=True)
    some = [*recorded(asked.sources), *simulated(asked.posterior, asked.draws)]
    said = ["Share of truces that hold at the end of a day, % (95 % by countries or draws)", ""]
    (asked.to / "findings.txt").write_text("\n".join([*said, *note(some)]) + "\n", encoding="utf-8")
    picture(some).savefig(asked.to / "population.png", dpi=150)


if __name__ == "__main__":
    main()

"""E3: what verification needs: coverage, lag, specificity, and the effect of its errors.

python experiments/e03_verification/analysis.py [FOLDER] [--to FOLDER]
"""

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from truce_sim.analysis.measures import change, measure
from truce_sim.analysis.plots.measures import plot_measure
from truce_sim.analysis.plots.style import GREY, with_style
from truce_sim.analysis.study import Study, study
from truce_sim.analysis.words import amount, percent, setting

COVERAGE, LAG, SPECIFICITY, SENSITIVITY, DOUBT = QUALITIES = [
    f"mediation.verification.{name}"
    for name in ("coverage", "lag_days", "specificity", "sensitivity", "doubt")
]
FALSE, PRESSURE = "attribution.false_positive", "mediation.pressure"
DEFAULT = dict(zip(QUALITIES, (0.7, 5, 0.8, 0.7, 0.5), strict=True)) | {
    FALSE: 0.08, PRESSURE: 0.04, "truce": "practised",
}  # fmt: skip
WORST = dict(zip(QUALITIES, (0, 30, 0.5, 0.4, 1), strict=True))


def main(s: Study) -> None:
    """Report the days gained by verification, what each quality is worth, and why."""
    grids = {
        "as by default": gained(s, LAG, SPECIFICITY),
        "more attacks misattributed (0.3)": gained(s, LAG, SPECIFICITY, where={FALSE: 0.3}),
        "no pressure on the host": gained(s, LAG, SPECIFICITY, where={PRESSURE: 0}),
        "a tolerant clause": gained(s, LAG, SPECIFICITY, where={"truce": "tolerant"}),
        "other reports": gained(s, LAG, SENSITIVITY, DOUBT),
    }
    for name, table in grids.items():
        s.note("", f"{name}: days of mean survival gained against none (simultaneous intervals)")
        note_rows(s, table if DOUBT not in table else table[table[COVERAGE] == 1])
        worse = table[table["value_high"] < 0]
        s.note(f"  worse than none, of {len(table)} settings: {len(worse)}")
    s.draw(qualities(*list(grids.values())[:3]), "qualities")
    s.draw(errors(grids["other reports"]), "errors")
    s.note("", "What each quality is worth, the others at their defaults, days of mean survival:")
    for factor, worst in WORST.items():
        note_rows(s, change(s.sweep, factor, "end_day", baseline=worst, where=at(factor)))
    why(s)


def at(*free: str) -> dict[str, object]:
    """Return the defaults of all but some factors."""
    return {name: level for name, level in DEFAULT.items() if name not in free}


def gained(s: Study, *by: str, where: dict[str, object] | None = None) -> pd.DataFrame:
    """Return the days of mean survival that verification adds, by coverage and other factors."""
    held = at(COVERAGE, *by) | (where or {})
    return change(s.sweep, COVERAGE, "end_day", baseline=0, by=by, where=held)


def note_rows(s: Study, table: pd.DataFrame, unit: str = "days") -> None:
    """Note a line for each row."""
    factors = [name for name in QUALITIES if name in table]
    for row in table.to_dict("records"):
        levels = setting(row, factors).replace("mediation.verification.", "")
        number = percent(row, "value") if unit == "%" else amount(row, "value", unit)
        s.note(f"  {levels}: {number}")


def why(s: Study) -> None:
    """Report the effects on false violations, on the host's will and on talks."""
    cases = (
        ("False violations, of all", "false_violations", "violations", COVERAGE, {}),
        ("False violations cleared (sensitivity 1: no true one is)", "cleared_violations",
         "false_violations", LAG, {SENSITIVITY: 1}),
        ("Violations cleared", "cleared_violations", "violations", SENSITIVITY, {}),
        ("Mean will of the host", "mean_will", "", COVERAGE, {}),
        ("Rounds that succeed, of those called (sensitivity 0.4)", "rounds_succeeded",
         "rounds_called", DOUBT, {SENSITIVITY: 0.4}),
    )  # fmt: skip
    for words, part, whole, factor, where in cases:
        s.note("", f"{words}:")
        by = list(dict.fromkeys([COVERAGE, factor]))
        note_rows(s, measure(s.sweep, part, whole, by, at(*by) | where), "%")


@with_style
def qualities(*tables: pd.DataFrame) -> Figure:
    """Plot days gained by lag for each coverage and each specificity, a row for each setting."""
    figure, axes = plt.subplots(3, 2, figsize=(8.5, 9), sharex=True, sharey="row", layout="tight")
    names = (
        "default",
        "three in ten domestic\nattacks misattributed",
        "no pressure on the host,\nby reports or rounds",
    )
    for (left, right), table, name in zip(axes, tables, names, strict=True):
        draw(left, table[table[SPECIFICITY] == 0.8], LAG, COVERAGE)
        draw(right, table[table[COVERAGE] == 0.7], LAG, SPECIFICITY)
        left.set_ylabel(f"{name}\n\ndays gained", fontsize="small")
    axes[0, 0].legend(title="coverage (specificity 0.8)", title_fontsize="small")
    axes[0, 1].legend(title="specificity (coverage 0.7)", title_fontsize="small")
    figure.supxlabel(
        f"days from an attack to the report on it\n{noted(tables[0])}", fontsize="small"
    )
    return figure


@with_style
def errors(table: pd.DataFrame) -> Figure:
    """Plot days gained at full coverage, by sensitivity and doubt."""
    lags = (0, 5, 30)
    figure, axes = plt.subplots(1, 3, figsize=(9, 4), sharey=True, layout="tight")
    for ax, lag in zip(axes, lags, strict=True):
        draw(ax, table[(table[COVERAGE] == 1) & (table[LAG] == lag)], SENSITIVITY, DOUBT)
        ax.set_title(f"report after {lag} days")
    axes[0].set_ylabel("days gained at full coverage")
    axes[-1].legend(
        title="a wrong clearing\nis disbelieved\nwith probability", title_fontsize="small"
    )
    figure.supxlabel(
        f"sensitivity: share of true attacks confirmed, the others are cleared\n{noted(table)}",
        fontsize="small",
    )
    return figure


def noted(table: pd.DataFrame) -> str:
    """State what is drawn."""
    return (
        "mean survival within a year against no verification; "
        f"n = {table['runs'].min():,} pairs of runs a point; whiskers: 95 % for all together"
    )


def draw(ax: Axes, table: pd.DataFrame, x: str, by: str) -> None:
    """Draw days gained, a line for each level."""
    plot_measure(table, x, by, ax=ax)
    ax.axhline(0, color=GREY, linewidth=1, zorder=0)
    ax.set(xlabel="", ylabel="")


if __name__ == "__main__":
    with study(__file__) as s:
        main(s)

"""E4: what secret talks are worth, by the strength of spoilers, and when spoilers attack.

python experiments/e04_spoilers/analysis.py [FOLDER FOLDER] [--to FOLDER]
"""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from truce_sim.analysis.measures import DAYS_LIVED, change, measure
from truce_sim.analysis.plots.measures import plot_measure
from truce_sim.analysis.plots.style import BAND_ALPHA, COLOURS, GREY, with_style
from truce_sim.analysis.study import Study, study
from truce_sim.analysis.words import amount, plain, setting
from truce_sim.intervals import mean_interval, named

ANNOUNCED, STRENGTH, WINDOW = (
    "mediation.announced", "militants.spoiler_strength", "militants.spoiler_window_days",
)  # fmt: skip
TALKS = {"mediation": "qatar_turkiye"}
DEFAULT = {WINDOW: 3, "truce": "practised", "frailty": "default"}
ROUND, BEFORE, AFTER = 30, 10, 45  # the day of the round, days shown before and after it
SPANS = {"until it ends": (0, 32), "10 days after": (33, 42), "later": (43, 89)}
RATES = ("attacks", "deaths", "strikes_by_home", "rounds_called")


def main(s: Study) -> None:
    """Report what secrecy gains, in days and in rates, then one round day by day."""
    window = gained(s, WINDOW, STRENGTH)
    clause = gained(s, "truce", "frailty", STRENGTH)
    for table in (window, clause):
        s.note("", "Days of mean survival gained by secret talks (simultaneous intervals):")
        note_rows(s, table, "days")
    s.draw(worth(window, clause), "secrecy")
    s.note("", "Days of mean survival that announced talks add to none at all:")
    by = ["truce", "frailty", STRENGTH]
    note_rows(s, change(s.sweep, "mediation", "end_day", baseline="none", by=by,
                   where={ANNOUNCED: True, WINDOW: 3}), "days")  # fmt: skip
    for name in RATES:
        s.note("", f"{name} a year of truce with announced talks; then what secrecy changes:")
        held = TALKS | DEFAULT | {ANNOUNCED: True}
        note_rows(s, yearly(measure(s.sweep, name, DAYS_LIVED, STRENGTH, held)), "", 1)
        secret = change(s.sweep, ANNOUNCED, name, DAYS_LIVED, True, STRENGTH, TALKS | DEFAULT)
        note_rows(s, yearly(secret), "", 1)
    s.draw(by_day(s), "days")


def gained(s: Study, *by: str) -> pd.DataFrame:
    """Return the days of mean survival that secrecy adds, other factors at their defaults."""
    held = TALKS | {name: level for name, level in DEFAULT.items() if name not in by}
    return change(s.sweep, ANNOUNCED, "end_day", baseline=True, by=by, where=held)


def yearly(table: pd.DataFrame) -> pd.DataFrame:
    """Convert daily rates to yearly rates."""
    return table.assign(**{n: 365 * table[n] for n in ("value", "value_low", "value_high")})


def note_rows(s: Study, table: pd.DataFrame, unit: str, digits: int = 0) -> None:
    """Note a line for each row."""
    factors = [name for name in (*DEFAULT, STRENGTH) if name in table]
    for row in table.to_dict("records"):
        number = amount(row, "value", unit, digits).rstrip()
        s.note(f"  {setting(row, factors).replace('militants.', '')}: {number}")


@with_style
def worth(window: pd.DataFrame, clause: pd.DataFrame) -> Figure:
    """Plot the days gained by strength of spoilers."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True, layout="tight")
    plot_measure(window, STRENGTH, WINDOW, "days that secrecy adds within a year", axes[0])
    plot_measure(clause, STRENGTH, ["truce", "frailty"], "", axes[1])
    for ax, title in zip(axes, ("spoiler window, days", "clause, frailty"), strict=True):
        ax.axhline(0, color=GREY, linewidth=1, zorder=0)
        ax.set_xlabel("")
        ax.legend(title=title, loc="upper left", title_fontsize="small")
    figure.supxlabel(
        "spoiler strength: by how much more the group attempts during an announced round\n"
        f"n = {window['runs'].min():,} pairs of runs a point; whiskers: 95 % for all of a panel",
        fontsize="small",
    )
    return figure


@with_style
def by_day(s: Study) -> Figure:
    """Plot what announcing one round adds day by day, and when rounds are called."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="tight")
    n = s.sweeps[1].folder.settings.replicates
    added(s, axes[0])
    called(s, axes[1])
    figure.supxlabel(
        f"days since the round began; n = at most {n:,} runs a day; bands: 95 % intervals",
        fontsize="small",
    )
    return figure


def added(s: Study, ax: Axes) -> None:
    """Plot the attempts and attacks added by announcing a round, day by day, without strikes."""
    names = ["attempts", "attacks", "deaths"]
    days = s.sweeps[1].load(["day", *names], "series")
    days = days[np.isinf(days["home.threshold"]) & (days[STRENGTH] > 0)]
    s.note("", f"What announcing one round adds in {len(days['day'].unique())} days, in all:")
    for i, (strength, rows) in enumerate(days.groupby(STRENGTH)):
        known, secret = (
            rows[rows[ANNOUNCED] == flag].set_index(["replicate", "day"])[names]
            for flag in (True, False)
        )
        more = known - secret
        total = more.groupby("replicate").sum()
        totals = [f"{name} {mean(total[name].to_numpy(float))}" for name in names]
        s.note(f"  strength {plain(strength)}: {', '.join(totals)}")
        by_day = more["attacks"].unstack("day")
        for when, (first, last) in SPANS.items():
            s.note(f"    attacks, {when}: {mean(by_day.loc[:, first:last].sum(axis=1).to_numpy())}")
        for name, dash in (("attempts", "--"), ("attacks", "-")):
            band(ax, more[name].unstack("day").T, i, dash, f"{name}, strength {plain(strength)}")
    ax.set_title("what announcing a round adds")
    ax.set_ylabel("more a day than in secret", fontsize="small")
    ax.legend(fontsize="x-small")


def mean(values: np.ndarray) -> str:
    """Format the mean over independent runs, with its interval."""
    return amount(named("x", mean_interval(values, np.arange(len(values)))), "x", "", 2).rstrip()


def band(ax: Axes, table: pd.DataFrame, i: int, dash: str, label: str) -> None:
    """Draw means by day (rows) over replicates (columns), with their band."""
    shown = table.loc[ROUND - BEFORE : ROUND + AFTER]
    found = [
        mean_interval(row[np.isfinite(row)], np.arange(np.isfinite(row).sum()))
        for row in shown.to_numpy(float)
    ]
    value, low, high = np.array(found).T
    at = shown.index - ROUND
    ax.plot(at, value, dash, color=COLOURS[i], label=label)
    ax.fill_between(at, low, high, color=COLOURS[i], alpha=BAND_ALPHA, linewidth=0)


def called(s: Study, ax: Axes) -> None:
    """Plot attacks around the first called round and the scheduled one, without spoilers."""
    days = s.sweeps[1].load(["day", "attacks", "in_round"], "series")
    days = days[(days["home.threshold"] == 4.5) & (days[STRENGTH] == 0) & days[ANNOUNCED]]
    begun = days["in_round"] & ~days.groupby("replicate")["in_round"].shift(fill_value=False)
    starts = days[begun & (days["day"] >= BEFORE)].groupby("replicate")["day"].min()
    about = days.merge(starts[starts != ROUND].rename("start"), on="replicate")
    about["day"] += ROUND - about["start"]
    s.note(
        "", "Attacks a day without spoilers, 7 days before a round begins (the day of the call):"
    )
    for i, (rows, label) in enumerate(
        ((days, "a round on a fixed day"), (about, "a called round"))
    ):
        wide = rows.pivot(index="day", columns="replicate", values="attacks")
        band(ax, wide.loc[: ROUND + BEFORE + 10], i, "-", f"about {label}")
        s.note(f"  {label}: {mean(wide.loc[ROUND - 7].dropna().to_numpy(float))}")
    ax.set_title("attacks without spoilers")
    ax.set_ylabel("attacks a day", fontsize="small")
    ax.legend(fontsize="x-small")


if __name__ == "__main__":
    with study(__file__, "e04_spoilers", "e04_rounds") as s:
        main(s)

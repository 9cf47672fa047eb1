"""E6: what strikes do to violence, with every sign of their effects.

python experiments/e06_strikes/analysis.py [FOLDER FOLDER_OF_DAYS] [--to FOLDER]
"""

import math

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from truce_sim.analysis.groups import restrict_runs
from truce_sim.analysis.measures import DAYS_LIVED, change, measure
from truce_sim.analysis.plots.style import BAND_ALPHA, CMAP_DIVERGING, COLOURS, state_n, with_style
from truce_sim.analysis.study import Study, study
from truce_sim.analysis.words import amount
from truce_sim.intervals import mean_interval, named
from truce_sim.sweeps.sweep import Sweep

WILL, LOSS, RECRUITS = SIGNS = ("home.backlash", "home.strike_loss", "home.strike_recruits")
RESOLVE, RULE, TALKS, BEGET = (
    "home.resolve", "truce.collapse_strikes", "mediation", "militants.excitation"
)  # fmt: skip
USUAL = {TALKS: "qatar_turkiye", BEGET: 1.6, "frailty": "default"}
ENDLESS = {RULE: math.inf}
CHECKS = {"as by default": USUAL, "without mediators": USUAL | {TALKS: "none"},
          "with 0.8 attempts begotten an attack": USUAL | {BEGET: 0.8},
          "with runs that differ by luck alone": USUAL | {"frailty": "none"}}  # fmt: skip
BEFORE, AFTER, STEP = 30, 90, 10  # days around the first strike, and of a step
WILLS = (0, 0.1, 0.2, 0.3, 0.45, 1)
MOST = 1.5  # deaths a day at which colours end


def effect(s: Study, where: dict, outcome: str = "deaths", resolve: float = 1) -> pd.DataFrame:
    """Return what strikes change in an outcome per day, for each combination of signs."""
    found = change(s.sweep, RESOLVE, outcome, DAYS_LIVED, 0, SIGNS, where)
    return found[found[RESOLVE] == resolve]


@with_style
def signs(table: pd.DataFrame) -> plt.Figure:
    """Plot a cell for each combination of signs, in brackets if it may be no change."""
    figure, ax = plt.subplots(figsize=(7.0, 4.4), layout="constrained")
    rows = {(loss, gain): part.sort_values(WILL)
            for (loss, gain), part in table.groupby([LOSS, RECRUITS])}  # fmt: skip
    rows = dict(sorted(rows.items(), key=lambda row: row[0][1] - row[0][0]))
    grid = np.array([part["value"] for part in rows.values()])
    image = ax.imshow(grid, cmap=CMAP_DIVERGING + "_r", vmin=-MOST, vmax=MOST, aspect="auto")
    for y, part in enumerate(rows.values()):
        for x, row in enumerate(part.to_dict("records")):
            clear = row["value_low"] > 0 or row["value_high"] < 0
            ax.text(x, y, f"{row['value']:+.2f}" if clear else f"({row['value']:+.2f})",
                    ha="center", va="center", fontsize="small",
                    color="white" if abs(row["value"]) > 0.6 * MOST else "black")  # fmt: skip
    ax.set_yticks(range(len(grid)), [f"−{100 * a:.0f} % + {100 * b:.0f}" for a, b in rows])
    ax.set_xticks(range(grid.shape[1]), [f"{0 - x:+.2f}" for x in sorted(table[WILL].unique())])
    ax.set(xlabel="change of the host's will by a strike, on a scale of 0 to 1",
           ylabel="change of the group's strength by a strike:\nlost, recruited")  # fmt: skip
    ax.grid(visible=False)
    figure.colorbar(image, ax=ax, label="deaths a day, change by striking", extend="both")
    note = (
        f"n = {int(table['runs'].min()):,} paired runs a cell, no run cut short; default: −0.08, "
    )
    state_n(ax, note + "−5 % + 2; in brackets: the 95 % interval, for all cells together, holds 0")
    return figure


def around_first_strike(sweep: Sweep) -> pd.DataFrame:
    """Attacks a day by days since the first strike, and since the same day in the same run without
    strikes: a row a sign, resolve, replicate and step of days. Runs watched all the while alone."""
    first = sweep.load(["first_strike_day"])
    watched = first["first_strike_day"].between(BEFORE, sweep.horizon - AFTER)
    first = first[(first[RESOLVE] == 1) & watched].drop(columns=[RESOLVE, "point"])
    days = sweep.load(["day", "attacks"], "series").merge(first, on=[WILL, RECRUITS, "replicate"])
    days["since"] = (days["day"] - days["first_strike_day"]) // STEP * STEP
    days = days[days["since"].between(-BEFORE, AFTER - 1)]
    keys = [WILL, RECRUITS, RESOLVE, "replicate", "since"]
    return days.groupby(keys)["attacks"].mean().reset_index(name="attacks")


def averaged(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Average attacks over runs, a row for each group, with t intervals."""
    return pd.DataFrame([
        dict(zip(by, levels, strict=True)) | {"runs": len(part)}
        | named("value", mean_interval(part["attacks"].to_numpy(float), np.arange(len(part))))
        for levels, part in table.groupby(by)
    ])  # fmt: skip


def before_and_after(table: pd.DataFrame, span: int) -> pd.DataFrame:
    """Of each run, attacks a day in so many days after the first strike less those before: with
    strikes, without, and the difference of the two."""
    near = table[table["since"].between(-span, span - 1)]
    gain = near["attacks"] * np.where(near["since"] < 0, -STEP / span, STEP / span)
    keys = [WILL, RECRUITS, "replicate"]
    wide = near.assign(gain=gain).groupby([*keys, RESOLVE])["gain"].sum().unstack()
    wide = wide.rename(columns={0: "without strikes", 1: "with strikes"})
    wide["by the strikes"] = wide["with strikes"] - wide["without strikes"]
    return wide.melt(ignore_index=False, var_name="change", value_name="attacks").reset_index()


@with_style
def course(table: pd.DataFrame) -> plt.Figure:
    """Plot attacks around the first strike, with strikes and without, a panel for each sign."""
    figure, axes = plt.subplots(2, 2, figsize=(8, 5.4), sharex=True, sharey=True,
                                layout="constrained")  # fmt: skip
    panels = table.groupby([WILL, RECRUITS])
    for ax, ((will, recruits), part) in zip(axes.flat, panels, strict=True):
        for resolve, rows in part.groupby(RESOLVE):
            x, colour = rows["since"] + STEP / 2, COLOURS[int(resolve)]
            label = "strikes carried out" if resolve else "same runs, none carried out"
            ax.plot(x, rows["value"], "s-" if resolve else "o--", color=colour, label=label,
                    markersize=3)  # fmt: skip
            ax.fill_between(x, rows["value_low"], rows["value_high"], color=colour,
                            alpha=BAND_ALPHA, linewidth=0)  # fmt: skip
        ax.axvline(0, color="#444444", linewidth=0.8)
        ax.set_title(f"a strike: will {-will:+.2f}, strength −5 % + {100 * recruits:.0f}")
    axes[0, 0].set_ylim(bottom=0)
    figure.supylabel("attacks of bands a day", fontsize="medium")
    axis = f"days since the first strike (bands: 95 %; n = {part['runs'].min()} runs a panel)"
    figure.supxlabel(axis, fontsize="medium")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def main(s: Study) -> None:
    """Report the map of signs and its checks, then the days around the first strike."""
    usual, striking = USUAL | ENDLESS, USUAL | ENDLESS | {RESOLVE: 1}
    s.draw(signs(effect(s, usual)), "signs")
    for title, where in CHECKS.items():
        note_rows(s, f"What striking changes in deaths a day, {title}, no run cut short:",
             effect(s, where | ENDLESS))  # fmt: skip
    note_rows(s, "The same, as by default, if half of the strikes are carried out:",
         effect(s, usual, resolve=0.5))  # fmt: skip
    note_rows(s, "The same, all carried out, while truces last that three strikes end:",
         effect(s, USUAL | {RULE: 3}))  # fmt: skip
    note_rows(s, "Attempts a day, the change by striking, as by default, no run cut short:",
         effect(s, usual, "attempts"))  # fmt: skip
    for title, name, whole in (
        ("Strikes by the home state a day", "strikes_by_home", DAYS_LIVED),
        ("The host's will, mean", "mean_will", ""),
        ("The group's strength at the end", "final_strength", ""),
    ):
        note_rows(
            s, f"{title}, no run cut short:", measure(s.sweep, name, whole, SIGNS, striking), 3
        )
    note_rows(s, "Mean survival where three strikes end the truce, days:",
         measure(s.sweep, "end_day", "", SIGNS, USUAL | {RULE: 3, RESOLVE: 1}), 0)  # fmt: skip
    s.note("", "At the defaults, by the share of strikes that are carried out:")
    default = usual | {WILL: 0.08, LOSS: 0.05, RECRUITS: 0.02}
    kinds = (("deaths", DAYS_LIVED), ("mean_will", ""), ("final_strength", ""))
    for name, whole in kinds:
        for row in measure(s.sweep, name, whole, RESOLVE, default).to_dict("records"):
            s.note(f"  {name}{' a day' if whole else ''}, {row[RESOLVE]:g}: "
                   f"{amount(row, 'value', '', 3)}")  # fmt: skip
    note_by_will(s, default)
    note_days(s)


def note_rows(s: Study, title: str, table: pd.DataFrame, digits: int = 2) -> None:
    """Note a line for each change in strength, with all changes in will."""
    s.note("", title)
    for (loss, recruits), rows in table.groupby([LOSS, RECRUITS]):
        numbers = (f"{row[WILL]:g}: {amount(row, 'value', '', digits).strip()}"
                for row in rows.to_dict("records"))  # fmt: skip
        s.note(f"  loss {loss:g}, recruits {recruits:g}; by backlash " + "; ".join(numbers))


def note_by_will(s: Study, where: dict) -> None:
    """Note what strikes change depending on how much will the host has to lose."""
    runs = restrict_runs(s.sweep.load(["deaths", "drawn_will"]), s.sweep, where)
    pairs = runs.pivot(index="replicate", columns=RESOLVE, values=["deaths", "drawn_will"])
    days = (pairs["deaths"][1] - pairs["deaths"][0]) / s.sweep.horizon
    s.note("", "Deaths a day, the change by striking, at the defaults, by the host's will:")
    for will, part in days.groupby(pd.cut(pairs["drawn_will"][0], WILLS), observed=True):
        found = named("value", mean_interval(part.to_numpy(float), np.arange(len(part))))
        s.note(f"  {will.left:g} to {will.right:g}: {amount(found, 'value', '', 2)}"
               f"({len(part)} runs)")  # fmt: skip


def note_days(s: Study) -> None:
    """Report the days around the first strike."""
    table = around_first_strike(s.sweeps[1])
    s.draw(course(averaged(table, [WILL, RECRUITS, RESOLVE, "since"])), "days")
    for span in (STEP, BEFORE):
        s.note("", f"Attacks a day, {span} days after the first strike less {span} days before:")
        found = averaged(before_and_after(table, span), [WILL, RECRUITS, "change"])
        for row in found.to_dict("records"):
            s.note(f"  backlash {row[WILL]:g}, recruits {row[RECRUITS]:g}, {row['change']}: "
                   f"{amount(row, 'value', 'a day', 3)} ({row['runs']} runs)")  # fmt: skip


if __name__ == "__main__":
    with study(__file__, "e06_strikes", "e06_strikes_days") as s:
        main(s)

"""E9: what further mediators add, when timing matters, and when more talks are too many.

python experiments/e09_mediators/analysis.py [FOLDER FOLDER] [--to FOLDER]
"""

import pandas as pd
from matplotlib import pyplot as plt

from truce_sim.analysis.measures import DAYS_LIVED, change, measure
from truce_sim.analysis.plots.measures import plot_measure
from truce_sim.analysis.plots.style import GREY, note_below, with_style
from truce_sim.analysis.study import Study, study
from truce_sim.analysis.words import amount, plain
from truce_sim.sweeps.sweep import Sweep

WHO, CALENDAR, FATIGUE = "mediation.mediators", "mediation.calendar", "mediation.fatigue"
LEAD, KNOWN = "mediation.lead_days", "mediation.announced"
REASSURE, SAVE = "mediation.threshold_effect", "mediation.save"
NOTHING, AS_USUAL, A_WEEK = {CALENDAR: "[]"}, {REASSURE: 0.5, SAVE: 0.4}, {LEAD: 7}
NONE, ONE = "{}", '{"a": {}}'
NAMES = {
    NONE: "none", ONE: "one", '{"a": {}, "b": {}}': "two", '{"a": {}, "b": {}, "c": {}}': "three",
    '{"a": {}, "b": {}, "c": {}, "d": {}}': "four", '{"a": {"call": 0.51}}': "one, calls as two",
    '{"a": {"call": 0}, "b": {"call": 0}}': "two, stand by",
}  # fmt: skip
TIRES, AGAINST = "fatigue that a failed round adds", "days gained within a year,\nagainst "


def main(s: Study) -> None:
    """Report the effects of number, fatigue and timing."""
    talks, timing = s.sweeps
    how_many(s, talks)
    too_many(s, talks)
    what_they_do(s, talks)
    when(s, timing)


def how_many(s: Study, sweep: Sweep) -> None:
    """Report the days gained by the first and by further mediators."""
    gained = days(s, sweep, WHO, NONE, [FATIGUE], NOTHING | AS_USUAL)
    days(s, sweep, WHO, ONE, [FATIGUE], NOTHING | AS_USUAL)
    odd = gained[WHO].str.contains(",")
    panel = odd.map({False: "each calls with probability 0.3 a day", True: "for comparison"})
    gained[WHO] = gained[WHO].str.replace(", ", ",\n")
    draw(s, "number", gained.assign(panel=panel), WHO, FATIGUE, "mediators", TIRES, "none")


def too_many(s: Study, sweep: Sweep) -> None:
    """Report what scheduled rounds change, by fatigue and number of mediators."""
    found = days(s, sweep, CALENDAR, "[]", [WHO, FATIGUE], AS_USUAL)
    found = found[found[WHO].isin(["one", "two", "four", "two, stand by"])]
    draw(s, "talks", found.assign(panel=found[CALENDAR]), FATIGUE, WHO, TIRES, "mediators",
         "nothing scheduled")  # fmt: skip


def what_they_do(s: Study, sweep: Sweep) -> None:
    """Report rounds, saves and attempts, and what is left without reassurance or saves."""
    for part in ("rounds_called", "rounds_succeeded", "rounds_failed", "saves", "attempts"):
        a_year(s, sweep, part, [WHO, CALENDAR], AS_USUAL | {FATIGUE: 0.15})
    for part in ("rounds_called", "rounds_succeeded", "rounds_failed", "saves"):
        a_year(s, sweep, part, [WHO, FATIGUE], AS_USUAL | NOTHING)
    for base in (NONE, ONE):
        days(s, sweep, WHO, base, [REASSURE, SAVE], NOTHING | {FATIGUE: 0.15})


def when(s: Study, sweep: Sweep) -> None:
    """Report the effects of a calendar, a lead time and secrecy."""
    found = days(s, sweep, CALENDAR, "[]", [WHO, KNOWN], A_WEEK)
    found[CALENDAR] = found[CALENDAR].str.replace("on day ", "").str.replace(" ", "\n")
    panel = [{"True": "announced"}.get(str(known), "kept quiet") for known in found[KNOWN]]
    draw(s, "timing", found.assign(panel=panel), CALENDAR, WHO,
         "day of the scheduled round, or how often", "mediators", "nothing scheduled")  # fmt: skip
    days(s, sweep, CALENDAR, "[]", [WHO, KNOWN, LEAD], {})
    days(s, sweep, LEAD, 7, [WHO, KNOWN], NOTHING)
    days(s, sweep, KNOWN, True, [WHO, LEAD], NOTHING)
    a_year(s, sweep, "attempts", [WHO, KNOWN, CALENDAR], A_WEEK)


def days(
    s: Study, sweep: Sweep, factor: str, base: object, by: list[str], where: dict
) -> pd.DataFrame:
    """Note and return the days gained against a level of a factor."""
    found = named(change(sweep, factor, "end_day", baseline=base, by=by, where=where))
    if WHO in by:
        found = found[found[WHO] != "none"].copy()  # nothing is changed there
    against = {WHO: NAMES, CALENDAR: {"[]": "nothing"}}.get(factor, {}).get(base, base)
    s.note("", f"Days gained by {short(factor)}, against {against}{fixed_levels(where)}:")
    note_rows(s, found, [*by, factor], "days")
    return found


def a_year(s: Study, sweep: Sweep, part: str, by: list[str], where: dict) -> None:
    """Note a rate over days lived, per year."""
    found = measure(sweep, part, DAYS_LIVED, by=by, where=where)
    ends = ["value", "value_low", "value_high"]
    s.note("", f"{part} a year lived{fixed_levels(where)}:")
    note_rows(s, named(found.assign(**365 * found[ends])), by, "")


def note_rows(s: Study, table: pd.DataFrame, by: list[str], unit: str) -> None:
    for row in table.to_dict("records"):
        levels = ", ".join(f"{short(name)} {plain(row[name])}" for name in by)
        s.note(f"  {levels}: {amount(row, 'value', unit, 1).strip()}")


def named(table: pd.DataFrame) -> pd.DataFrame:
    """Replace mediators and calendars by readable names."""
    words = {WHO: NAMES.__getitem__, CALENDAR: calendar}
    return table.assign(**{k: list(map(f, table[k])) for k, f in words.items() if k in table})


def calendar(listed: str) -> str:
    first = [int(day) for day in listed.strip("[]").split(",") if day.strip()]
    if len(first) > 1:
        return f"every {first[1] - first[0]} days"
    return f"on day {first[0]}" if first else "nothing"


def fixed_levels(where: dict) -> str:
    fixed = {k: v for k, v in where.items() if k not in AS_USUAL}
    return "".join(f", {short(k)} {v}" for k, v in fixed.items()).replace("[]", "nothing")


def short(name: str) -> str:
    return name.split(".")[-1]


@with_style
def draw(
    s: Study, name: str, table: pd.DataFrame, x: str, by: str, label: str, legend: str, base: str
) -> None:
    """Draw a panel for each value of the column `panel`."""
    panels = list(table.groupby("panel", sort=False))
    wide = [rows[x].nunique() for _, rows in panels]
    figure, axes = plt.subplots(1, len(panels), figsize=(9.2, 4.4), layout="constrained",
                                sharey=True, width_ratios=wide)  # fmt: skip
    for ax, (title, rows) in zip(axes, panels, strict=True):
        plot_measure(rows, x, by, AGAINST + base if ax is axes[0] else "", ax)
        ax.set(xlabel=label, title=title)
        for line in ax.lines if x != FATIGUE else ():  # words lie along x
            line.set_linestyle("none")
        if base != "none":
            ax.axhline(0, color=GREY, linewidth=1, zorder=0)
    figure.legend(*axes[0].get_legend_handles_labels(), title=legend, title_fontsize="small",
                  ncols=4, loc="outside upper center")  # fmt: skip
    note_below(figure, f"n = {table['runs'].min():,} pairs of runs with the same draws a point; "
                       "intervals: 95 %, for all together")  # fmt: skip
    s.draw(figure, name)


if __name__ == "__main__":
    with study(__file__, "e09_mediators", "e09_timing") as s:
        main(s)

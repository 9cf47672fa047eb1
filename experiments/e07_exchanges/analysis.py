"""E7: the host's resolve to strike back, and the rule by which strikes end the truce.

python experiments/e07_exchanges/analysis.py [FOLDER] [--to FOLDER]
"""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from truce_sim.analysis.measures import change, measure
from truce_sim.analysis.micro import exchange_table
from truce_sim.analysis.plots.measures import plot_measure
from truce_sim.analysis.plots.style import state_n, with_style
from truce_sim.analysis.study import Study, study
from truce_sim.analysis.words import amount, percent
from truce_sim.intervals import named, share_interval
from truce_sim.sweeps.sweep import Sweep

HOST, RULE, WINDOW, HOME, THRESHOLD, BLOW = (
    "host.resolve", "truce.collapse_strikes", "truce.window_days", "home.resolve",
    "home.threshold", "host.strike_weight",
)  # fmt: skip
USUAL = {HOME: 1, THRESHOLD: 4.5, BLOW: 2, "frailty": "default"}
CHECKS = {"as by default": USUAL, "home carries out half of its strikes": USUAL | {HOME: 0.5},
          "home bears twice as much": USUAL | {THRESHOLD: 9},
          "the host's strikes provoke nothing": USUAL | {BLOW: 0},
          "runs differ by luck alone": USUAL | {"frailty": "none"}}  # fmt: skip
RUN = ["point", "replicate"]


def strikes_of(sweep: Sweep) -> pd.DataFrame:
    """Load every strike with its actor and day, and the levels and the end of its run."""
    strikes = sweep.load(["day", "actor"], "events", where={"kind": ["strike"]})
    return strikes.merge(sweep.load(["end_day", "collapsed"])[[*RUN, "end_day", "collapsed"]])


def last_window(sweep: Sweep, strikes: pd.DataFrame) -> pd.DataFrame:
    """Select the strikes that ended truces: those in the last window, since the last save."""
    saved = sweep.load(["day"], "events", where={"kind": ["saved"]})
    saved = saved.groupby(RUN)["day"].max().rename("saved").reset_index()
    ends = strikes[strikes["collapsed"].astype(bool)].merge(saved, "left", RUN)
    counted = ends["day"] > ends["end_day"] - ends[WINDOW]
    return ends[counted & ~(ends["day"] <= ends["saved"])]


def having(table: pd.DataFrame, levels: dict) -> pd.DataFrame:
    """Select the rows with these levels."""
    for name, level in levels.items():
        table = table[table[name] == level]
    return table


def shares(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return the host's share of strikes, a row for each group."""
    return pd.DataFrame([
        dict(zip(by, levels, strict=True)) | {"strikes": len(part)}
        | named("value", share_interval((part["actor"] == "host").to_numpy(),
                                        pd.factorize(part["replicate"])[0]))
        for levels, part in table.groupby(by)
    ])  # fmt: skip


@with_style
def sensitivity(s: Study, ended: pd.DataFrame) -> plt.Figure:
    """Plot what always striking back changes in mean survival, and whose strikes end the truce."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.0), layout="constrained")
    days = change(s.sweep, HOST, "end_day", "", 0, [RULE, WINDOW], USUAL)
    days = days[(days[HOST] == 1) & np.isfinite(days[RULE])]
    left.axhline(0, color="#444444", linewidth=0.8)
    plot_measure(days, RULE, WINDOW, "mean survival, change in days", left)
    left.set(xlabel="strikes that end the truce",
             title="Always striking back, against never")  # fmt: skip
    handles, names = left.get_legend_handles_labels()
    order = np.argsort([float(name) for name in names])
    left.legend([handles[i] for i in order], [f"{names[i]} days" for i in order], title="within",
                title_fontsize="small")  # fmt: skip
    plot_measure(ended, HOST, RULE, "the host's share, %", right, 100)
    right.set(xlabel="host's resolve: share of its strikes carried out", ylim=(0, None),
              title="Whose strikes end a truce within 14 days")  # fmt: skip
    right.legend(title="strikes that end it", title_fontsize="small")
    note = f"n = {int(days['runs'].min()):,} paired runs a point; whiskers: 95 %, left for all"
    state_n(left, note + " together")
    return figure


def main(s: Study) -> None:
    """Report survival by rule, the effect of the host's resolve, who ends truces, and exchanges."""
    strikes = strikes_of(s.sweep)
    ended = last_window(s.sweep, strikes)
    default = having(ended, USUAL | {WINDOW: 14})
    s.draw(sensitivity(s, shares(default, [RULE, HOST])), "sensitivity")
    s.note("", "Mean survival, days, as by default, by the host's resolve:")
    days = measure(s.sweep, "end_day", "", [WINDOW, RULE, HOST], USUAL)
    for (window, rule), rows in days[np.isfinite(days[RULE])].groupby([WINDOW, RULE]):
        numbers = (f"{row[HOST]:g}: {amount(row, 'value', '').strip()}"
                for row in rows.to_dict("records"))  # fmt: skip
        s.note(f"  {rule:g} strikes in {window} days; " + "; ".join(numbers))
    for title, where in CHECKS.items():
        note_change(s, title, where)
    s.note("", "Of the strikes that end truces within 14 days, the host's:")
    for row in shares(default, [RULE, HOST]).to_dict("records"):
        s.note(f"  {row[RULE]:g} strikes, host's resolve {row[HOST]:g}: {percent(row, 'value')} "
               f"({row['strikes']:,} strikes)")  # fmt: skip
    note_order(s, default)
    note_lengths(s, strikes)


def note_change(s: Study, title: str, where: dict) -> None:
    """Note what a host that always strikes back changes, rule by rule."""
    s.note("", f"What a host that always strikes back changes, {title} (simultaneous intervals):")
    by = [WINDOW, RULE]
    days, collapses = (
        change(s.sweep, HOST, name, "", 0, by, where) for name in ("end_day", "collapsed")
    )
    both = days.assign(**{f"share{end}": collapses[f"value{end}"] for end in ("", "_low", "_high")})
    for row in both[(both[HOST] == 1) & np.isfinite(both[RULE])].to_dict("records"):
        s.note(f"  {row[RULE]:g} strikes in {row[WINDOW]} days: {amount(row, 'value', 'days')}; "
               f"share that collapses, change: {percent(row, 'share')}")  # fmt: skip


def note_order(s: Study, ended: pd.DataFrame) -> None:
    """Note who makes the first and the last of the strikes that end a truce."""
    ended = ended[ended[RULE] == 3].sort_values([*RUN, "day"], kind="stable").groupby(RUN)
    for name, table in (("first", ended.head(1)), ("last", ended.tail(1))):
        for row in shares(table, [HOST]).to_dict("records"):
            s.note(f"  the {name} of three strikes, host's resolve {row[HOST]:g}: "
                   f"{percent(row, 'value')}")  # fmt: skip


def note_lengths(s: Study, strikes: pd.DataFrame) -> None:
    """Note the lengths of exchanges that no collapse cuts short."""
    strikes = strikes[np.isinf(strikes[RULE])].assign(draws=strikes["replicate"])
    for title, where in CHECKS.items():
        s.note("", f"Exchanges (strikes no more than 14 days apart), no run cut short, {title}:")
        for resolve, part in having(strikes, where).groupby(HOST):
            mean, home, single, geometric = exchange_table(part, 14).to_dict("records")
            s.note(f"  host's resolve {resolve:g}: {amount(mean, 'value', 'strikes', 2)}; home's, "
                   f"once it began: {amount(home, 'value', 'strikes', 2)}; one by home alone: "
                   f"{percent(single, 'value')}, were they geometric "
                   f"{percent(geometric, 'value')}")  # fmt: skip


if __name__ == "__main__":
    with study(__file__) as s:
        main(s)

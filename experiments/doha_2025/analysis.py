"""The truce of 19 October 2025: where its record falls, what could be said on day 0 and day 40.

python experiments/doha_2025/analysis.py [FOLDER] [--to FOLDER]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from forecasts import (
    ALLEGED,
    BELIEVED,
    COLLAPSE,
    DENIED,
    EARLIER,
    FEW,
    HOLDS,
    HOST_STRIKE,
    STRIKE,
    Forecast,
    Runs,
    enough,
    gains,
    given_that_it_holds,
    in_bin,
    known,
    nulls,
    truces,
)
from pictures import draw_day_0, draw_day_40, draw_scores
from scipy import stats

from truce_sim.analysis.forecast import brier_score, cases_needed, effective_runs, log_score, rank
from truce_sim.analysis.study import Study, study
from truce_sim.analysis.words import interval, value
from truce_sim.intervals import Estimate, clusters, mean_interval, share_interval

#: The day-0 forecast knows of the round of day 6, the day-40 forecast of that of day 18 as well.
DAY_0, DAY_40 = "qatar_turkiye", "istanbul"
FITTED, BEFORE, RANGE = "θ = 4.5 (fitted to this case)", "θ = 6 (before the fit)", "θ = 3 to 9"
HOLDS_ON = (60, 90, 131, 180, 364)


def main(s: Study) -> None:
    """Report the forecasts, their ranks and scores, and what they depend on."""
    every, horizon, laws = truces(s.sweep), s.sweep.horizon, nulls(s.sweep.horizon)
    later = [given_that_it_holds(law) for law in laws]
    to_day_40 = every[every["mediation"] == DAY_40]
    by_then = known(to_day_40)
    day_0 = forecasts(every[every["mediation"] == DAY_0], horizon)
    readings = {name: forecasts(by_then[name], horizon) for name in (DENIED, BELIEVED)}
    seen = {"day 0": (day_0, laws)}
    seen |= {f"day 40, {name}": (made, later) for name, made in readings.items()}
    note_earlier(s)
    for when, (made, null) in seen.items():
        note_chances(s, when, [*made, *null])
        note_places(s, when, made, FIRSTS if made is day_0 else NEXTS)
        note_scores(s, when, [*made, *null])
        note_cases(s, when, made, null)
    note_conditions(s, to_day_40, by_then, horizon)
    note_learnt(s, to_day_40, by_then)
    note_sensitivity(s, every, horizon)
    shown = (0, 1, 3)  # two of one rate, and the longest
    s.draw(draw_day_0(day_0, [laws[i] for i in shown]), "day-0")
    s.draw(draw_day_40(readings, [later[i] for i in shown]), "day-40")
    s.draw(draw_scores({when: [*made, *null] for when, (made, null) in seen.items()}), "scores")


def forecasts(runs: pd.DataFrame, horizon: int) -> list[Runs]:
    """Those of the fitted threshold, of the one assumed before, and of the range evenly."""
    hot = runs[runs["home.initial_grievance"] == 0.5]
    return [
        Runs(FITTED, hot[hot["home.threshold"] == 4.5], horizon),
        Runs(BEFORE, hot[hot["home.threshold"] == 6], horizon),
        Runs(RANGE, hot, horizon),
    ]


# ── findings ─────────────────────────────────────────────────────────────────────────────────


def note_earlier(s: Study) -> None:
    """The mean duration of the earlier truces, if their hazard was constant."""
    total, n = sum(EARLIER), len(EARLIER)
    low, high = (2 * total / stats.chi2.ppf(q, 2 * n) for q in (0.975, 0.025))
    mean = f"{total / n:.0f} [{low:.0f}, {high:.0f}] days"
    s.note("", f"Mean duration of the {n} earlier truces, if their hazard was constant: {mean}")


def note_chances(s: Study, when: str, made: Sequence[Forecast]) -> None:
    """The probability of still holding after some days."""
    days = [f"day {day}" for day in HOLDS_ON]
    rows = [
        [f.name, *(percent(f.between(day + 1, np.inf)) for day in HOLDS_ON)] for f in enough(made)
    ]
    note_table(s, f"Seen from {when}: probability, %, that the truce holds when this day ends",
               ["forecast", *days], rows)  # fmt: skip


FIRSTS = {
    f"first home strike, if day {ALLEGED} is believed": ("home_strike", ALLEGED),
    "first home strike, if denied": ("home_strike", STRIKE),
    "first host strike": ("host_strike", HOST_STRIKE),
    "collapse": ("end", COLLAPSE),
}
NEXTS = {
    "next home strike": ("next_home_strike", STRIKE),
    "next host strike": ("next_host_strike", HOST_STRIKE),
    "collapse": ("end", COLLAPSE),
}


def note_places(
    s: Study, when: str, made: Sequence[Runs], events: Mapping[str, tuple[str, int]]
) -> None:
    """Where the recorded days fall, and how often the event comes within the horizon at all."""
    rows = []
    for name, (column, day) in events.items():
        for f in enough(made):
            days = f.runs[column].to_numpy(float)
            shares = [percent(rank(days, by, f.clusters)) for by in (day, f.horizon)]
            rows.append([name, str(day), f.name, *shares])
    note_table(s, f"Seen from {when}: share of runs, %, in which it came before the recorded day",
               ["event", "day", "forecast", "before", "ever within the horizon"], rows)  # fmt: skip


def note_conditions(
    s: Study, every: pd.DataFrame, by_then: Mapping[str, pd.DataFrame], horizon: int
) -> None:
    """What each piece of the record does to the forecast of day 40."""
    rows = []
    total = forecasts(every, horizon)
    for name, runs in by_then.items():
        for f, whole in zip(forecasts(runs, horizon), total, strict=True):
            accepted = f"{100 * len(f.runs) / len(whole.runs):.1f}" if len(whole.runs) else "–"
            row = [name, f.name, f"{len(f.runs):,}", f"{effective_runs(f.clusters):,.0f}", accepted]
            if not enough([f]):
                rows.append([*row, "too few runs", "", ""])
                continue
            chances = [percent(f.between(day + 1, np.inf)) for day in (131, 364)]
            rows.append([*row, *chances, number(f.crps(COLLAPSE), 1)])
    note_table(
        s, "Day 40: what is asked of a run, and what is left",
        ["asked for", "forecast", "runs", "effective", "accepted, %", "holds after day 131, %",
         "after day 364, %", "CRPS, days"], rows,
    )  # fmt: skip


LEARNT = {
    "drawn_will": "host's mean will", "threshold": "home threshold, as drawn",
    "attempts": "attempts a day, as drawn",
}  # fmt: skip


def note_learnt(s: Study, every: pd.DataFrame, by_then: Mapping[str, pd.DataFrame]) -> None:
    """Means of what was drawn before day 0, among the runs that agree with the record."""
    rows = []
    for name, runs in ({"nothing (day 0)": every} | dict(by_then)).items():
        runs = runs[runs["home.initial_grievance"] == 0.5]
        shared = clusters(runs)
        if effective_runs(shared) >= FEW:
            means = [mean_interval(runs[c].to_numpy(float), shared) for c in LEARNT]
            rows.append([name, *(number(m, 3) for m in means)])
    note_table(s, f"What was learnt by day 40, {RANGE}: means",
               ["asked for", *LEARNT.values()], rows)  # fmt: skip


def note_scores(s: Study, when: str, made: Sequence[Forecast]) -> None:
    """CRPS, log score and Brier scores of the recorded collapse."""
    rows = []
    for f in enough(made):
        by = [
            brier_score(f.between(0, day + 1), came=day >= COLLAPSE) for day in (60, 90, 131, 180)
        ]
        rows.append([f.name, number(f.crps(COLLAPSE), 1), number(log_score(in_bin(f, COLLAPSE)), 2),
                     *(number(b, 2) for b in by)])  # fmt: skip
    note_table(
        s, f"Seen from {when}: scores of the collapse on day {COLLAPSE} (less is better)",
        ["forecast", "CRPS, days", "log score, nats", "Brier, day 60", "day 90", "day 131",
         "day 180"], rows,
    )  # fmt: skip


def note_cases(s: Study, when: str, made: Sequence[Runs], null: Sequence[Forecast]) -> None:
    """How many truces it would take to tell forecasts apart, and how odd this one was."""
    fitted, before, wide = made
    pairs = [(taken, other) for taken in enough((fitted, wide)) for other in null]
    if when == "day 0":
        pairs += [(taken, before) for taken in enough([fitted])]
    rows = []
    for taken, other in pairs:
        gained, shared = gains(taken, other), taken.clusters
        theirs, ours = (log_score(in_bin(f, COLLAPSE)).value for f in (other, taken))
        rows.append([
            taken.name, other.name, number(mean_interval(gained, shared), 2), f"{gained.std():.2f}",
            number(cases_needed(gained, shared), 0), value(theirs - ours, 2),
            percent(share_interval(gained <= theirs - ours, shared)),
        ])  # fmt: skip
    note_table(
        s, f"Seen from {when}: what the log score of one truce can tell",
        ["were this right", "against", "gain a truce, nats", "its standard deviation",
         "truces until two standard errors", "gain of this truce", "no more in % of truces"],
        rows,
    )  # fmt: skip


def note_sensitivity(s: Study, all_runs: pd.DataFrame, horizon: int) -> None:
    """The hot start, and the calendar, at the fitted threshold."""
    fitted = all_runs[all_runs["home.threshold"] == 4.5]
    rows = []
    for (calendar, hot), runs in fitted.groupby(
        ["mediation", "home.initial_grievance"], observed=True
    ):
        asked = known(runs) if calendar != DAY_0 else {}
        for name in ("", HOLDS, DENIED, BELIEVED):
            if name and not asked:
                continue
            f = Runs(name or "nothing (day 0)", asked[name] if name else runs, horizon)
            share = "too few runs"
            if enough([f]):
                share = percent(f.between(132, np.inf))
            rows.append([str(calendar), f"{hot:g}", f.name, f"{len(f.runs):,}", share])
    note_table(
        s, f"Hot start and calendar, {FITTED}",
        ["mediation", "home.initial_grievance", "asked for", "runs", "holds after day 131, %"],
        rows,
    )  # fmt: skip


# ── words ────────────────────────────────────────────────────────────────────────────────────


def percent(share: Estimate) -> str:
    """A share in percent; its interval where it has one."""
    return number(Estimate(*(100 * x for x in share)), 1)


def number(x: Estimate, digits: int) -> str:
    """A number; its interval where it has one."""
    text = value(x.value, digits)
    return text if x.low == x.high else text + interval(x.low, x.high, digits)


def note_table(s: Study, title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Note a table in Markdown, or that there are too few runs for it."""
    s.note("", title, "")
    if not rows:
        s.note("too few runs")
        return
    s.note(*("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)))


if __name__ == "__main__":
    with study(__file__) as s:
        main(s)

"""The sections of a report, in order, each built from the shared results of the sweep."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from truce_sim.analysis import words
from truce_sim.analysis.compare import Comparison
from truce_sim.analysis.groups import finished_runs
from truce_sim.analysis.incidence import cumulative_incidence, state_shares
from truce_sim.analysis.report.assumptions import assumptions_section
from truce_sim.analysis.report.material import Material
from truce_sim.analysis.report.parts import MAX_ROWS, Section, figure, make_table
from truce_sim.analysis.survival import kaplan_meier, logrank, shortest_horizon, survival_summary
from truce_sim.analysis.worlds import is_over_worlds, spread_sentence
from truce_sim.engine.compile import DIGEST
from truce_sim.errors import InputError, command
from truce_sim.settings.written import count, written
from truce_sim.sweeps.summaries.picks import PICKS, pick_place
from truce_sim.sweeps.summaries.summary import horizon_in_words
from truce_sim.sweeps.sweep import Sweep

#: Largest number of curves in one figure, of figures of curves, and of rows of their table.
MAX_CURVES, MAX_FIGURES, MAX_GROUPS = 8, 4, 24
#: The answer mentions at most this many factors on which a change may depend.
MAX_CROSSINGS = 2
#: Largest number of fans in one figure.
MAX_FANS = 3

_KINDS = {
    "first": "Share of the variance of mean survival between settings, by factor",
    "total": "Share of the variance of survival, by factor, including interactions",
    "mu_star": "Mean change in survival as a factor crosses its range (Morris), in days",
}


def write_answer(material: Material) -> list[str]:
    """Write the answer: what the compared factor changes, on what that depends, how long truces
    last, what matters."""
    sweep, horizon = material.sweep, shortest_horizon(material.sweep)
    answer, found = [], material.comparison
    if is_over_worlds(sweep):
        answer = [*material.in_worlds[:MAX_CROSSINGS], spread_sentence(material.spread)]
    elif isinstance(found, Comparison):
        question = sweep.folder.settings.question
        answer = [words.what_helps(found, question), *words.what_depends(found)[:MAX_CROSSINGS]]
    answer.append(words.how_long(material.overall, sweep.points, sweep.factors, horizon))
    ranked = material.ranked
    if not isinstance(ranked, str):
        answer.append(words.what_matters(ranked))
    return answer


def survival_section(material: Material) -> Section:
    """Show curves, medians and means, causes of collapse, and states."""
    from truce_sim.analysis.plots.survival import plot_incidence, plot_states, plot_summary

    sweep, by = material.sweep, material.by
    section = Section("survival", "How long the truce lasts")
    table = survival_summary(sweep, by)
    if by and len(table) > 1:
        section.texts.append(words.difference(logrank(sweep, by), by))
    _add_curves(section, material, by if len(table) <= MAX_CURVES else "")
    if len(table) > MAX_CURVES:
        section.figures.append(figure(
            plot_summary(table), f"Mean and median survival by {by}, with intervals",
            f"How long truces last, by {by}.",
        ))  # fmt: skip
    until = shortest_horizon(sweep)
    names = [name for name in (material.across, by) if name]
    crossed = survival_summary(sweep, names) if material.across else table
    if len(crossed) <= MAX_GROUPS:
        table = crossed
    shown = {n: [written(level) for level in table[n]] for n in names if n in table}
    section.tables.append(make_table(
        pd.DataFrame(shown | {
            "runs": [f"{n:,}" for n in table["runs"]],
            f"holds {until} days": [words.percent(r, "holds") for _, r in table.iterrows()],
            "mean, days": [words.amount(r, "mean", "") for _, r in table.iterrows()],
            "median, days": [words.amount(r, "median", "") for _, r in table.iterrows()],
        }),
        f"Means are restricted to {until} days. A dash: fewer than half have collapsed.",
    ))  # fmt: skip
    if material.overall["collapsed"]:
        section.figures.append(figure(
            plot_incidence(cumulative_incidence(sweep)),
            "Cumulative incidence of collapse by its cause",
            "Share of truces that have collapsed by each day, by the largest source of grievance "
            "behind the strike that triggered the collapse.",
        ))  # fmt: skip
    section.figures.append(figure(
        plot_states(state_shares(sweep, by)), "Shares of days in each state of the truce",
        "How the days of the horizon divide between the states of the truce.",
    ))  # fmt: skip
    return section


def _add_curves(section: Section, material: Material, by: str) -> None:
    """Draw survival curves by a factor, at each level of the factor with which it is crossed."""
    from truce_sim.analysis.plots.survival import plot_survival

    sweep, across = material.sweep, material.across
    levels = list(dict.fromkeys(sweep.folder.design[across])) if across and by else []
    what = f", for each level of {by}" if by else ""
    for level in levels[:MAX_FIGURES] or [None]:
        where = {across: level} if levels else {}
        held = f" with {across} = {written(level)}" if levels else ""
        section.figures.append(figure(
            plot_survival(kaplan_meier(sweep, by, where), by),
            f"Survival curves of the truce{held}{what}, with bands",
            f"Share of truces that still hold{held}, by day{what}.",
        ))  # fmt: skip
    if len(levels) > MAX_FIGURES:
        section.notes.append(
            f"Curves are drawn for the first {MAX_FIGURES} of the {len(levels)} levels of {across}."
        )


def comparison_section(material: Material) -> Section:
    """Compare every level with the baseline, run by run, and show regret."""
    from truce_sim.analysis.plots.compare import plot_comparison, plot_regret

    if is_over_worlds(material.sweep):
        return worlds_section(material)
    section = Section("comparison", "What changes it, compared run by run")
    found = material.comparison
    if isinstance(found, str):
        section.notes.append(f"Not compared: {found}.")
        return section
    section.texts.append(
        "Each run is paired with the baseline run that has the same draws, so anything the change "
        f"does not affect cancels out. Baseline: {found.factor} = "
        f"{written(found.levels[found.baseline])}."
    )
    many = len(found.table) > 12
    section.points += found.sentences(pooled=many)
    section.texts += words.what_depends(found)
    section.figures.append(figure(
        plot_comparison(found), f"Days gained or lost by {found.factor}, with intervals",
        f"Difference in mean survival within {found.horizon} days.",
    ))  # fmt: skip
    if len(found.contexts) > 1 and len(found.regret) and not words.no_regret(found):
        section.figures.append(figure(
            plot_regret(found), f"Largest regret of each level of {found.factor}",
            "The most that a level can cost over the settings of the other factors. A level with "
            "little regret is a safe choice when it is unknown which of those settings holds.",
        ))  # fmt: skip
    section.notes += [f"{found.left_out}."] if found.left_out else []
    section.notes.append(
        f"Intervals: {found.describe_multiplicity(found.pooled if many else found.table)}. Numbers "
        "of additional replicates are planning figures: they would detect a difference as large "
        "as the one observed with power 0.8."
    )
    return section


def worlds_section(material: Material) -> Section:
    """Compare policies world by world, and separate chance from not knowing the settings."""
    from truce_sim.analysis.plots.worlds import plot_due, plot_gains

    section = Section("comparison", "What helps, in how many worlds, and what is chance")
    section.texts.append(
        f"Every policy was run in each of {int(material.spread['worlds'].max()):,} worlds, draws "
        "of the settings that are not known, with the same draws for all policies of a world. What "
        "differs between worlds is due to the settings; what differs between the runs of one world "
        "is chance."
    )  # fmt: skip
    section.points += material.in_worlds
    section.texts.append(spread_sentence(material.spread))
    if material.in_worlds:
        section.figures.append(figure(
            plot_gains(material.gains, material.policy),
            f"Days gained by {material.policy}, over worlds",
            "Share of worlds in which a policy gains at most this many days, by the mean of the "
            "runs of each; left of 0 it costs days. With few runs per world, chance widens them.",
        ))  # fmt: skip
        section.tables.append(make_table(_world_rows(material.worlds), "World by world"))
    if not material.spread["due_to_settings_low"].isna().any():
        section.figures.append(figure(
            plot_due(material.spread), "Shares of the variance due to settings and to chance",
            "Part of the spread of single truces due to not knowing the settings (black: 95 % "
            "interval), and the part that no knowledge of settings would remove.",
        ))  # fmt: skip
    return section


def _world_rows(table: pd.DataFrame) -> pd.DataFrame:
    known = {"level", "against", "worlds", "runs"}
    others = [name for name in table if name not in known and
              not str(name).startswith(("days", "longer", "due_to_settings"))]  # fmt: skip
    return pd.DataFrame({name: [written(level) for level in table[name]] for name in others} | {
        "policy": [written(level) for level in table["level"]],
        "against": [written(level) for level in table["against"]],
        "worlds": [f"{n:,}" for n in table["worlds"]],
        "longer in": [words.percent(row, "longer") for _, row in table.iterrows()],
        "days gained": [words.amount(row, "days", "", 1) for _, row in table.iterrows()],
        "variance due to settings": [
            words.percent(row, "due_to_settings") for _, row in table.iterrows()
        ],
    })  # fmt: skip


def daily_section(material: Material) -> Section:
    """Show how grievance spreads over runs, day by day."""
    from truce_sim.analysis.fan import FEWEST, daily_quantiles
    from truce_sim.analysis.plots.fan import plot_fan

    section, column = Section("daily", "Day by day"), "grievance_home"
    by = material.by
    by = by if by and material.sweep.folder.design[by].nunique() <= MAX_FANS else ""
    try:
        table = daily_quantiles(material.sweep, column, by)
    except InputError as error:
        section.notes.append(f"Not shown: the sweep {error.problem}.")
        return section
    section.figures.append(figure(
        plot_fan(table, column, by), "Fan chart of the home state's grievance by day",
        "Grievance of the home state in the truces that still last on each day, up to the last day "
        f"on which at least {FEWEST} do. Truces that last are calmer, so curves also fall because "
        "others have ended.",
    ))  # fmt: skip
    return section


def drivers_section(material: Material) -> Section:
    """Rank the factors by how much they matter."""
    from truce_sim.analysis.plots.sensitivity import plot_drivers

    section = Section("drivers", "What drives the outcome")
    ranked = material.ranked
    if isinstance(ranked, str):
        section.notes.append(f"Not shown: {ranked}.")
        return section
    section.texts.append(words.what_matters(ranked))
    assert not isinstance(material.drivers, str)
    section.figures.append(figure(
        plot_drivers(material.drivers), "How much each factor matters, with intervals",
        f"{_KINDS[ranked['kind'].iloc[0]]}, over the values swept; with other values the figures "
        "differ.",
    ))  # fmt: skip
    return section


def failure_section(material: Material) -> Section:
    """Show the region in which the truce fails, and the line at which it tips."""
    section = Section("where", "Where it fails")
    _add_box(section, material.sweep)
    _add_map(section, material)
    if not section.figures and not section.texts:
        section.notes.append("Not shown: this needs a factor with at least two levels.")
    return section


def _add_box(section: Section, sweep: Sweep) -> None:
    from truce_sim.analysis.discovery import describe_box, prim
    from truce_sim.analysis.plots.discovery import plot_box

    try:
        boxes = prim(sweep, "collapsed")
    except InputError as error:
        section.notes.append(f"No search for a region: {error.problem}.")
        return
    if not boxes:
        section.notes.append("No region was found in which truces clearly fail more often.")
        return
    section.texts += [describe_box(box) for box in boxes[:1]]
    levels = sweep.folder.design[list(sweep.factors)].select_dtypes("number").to_numpy(float)
    if np.isinf(levels).any():
        section.notes.append("The region is not drawn: a level is infinite.")
        return
    section.figures.append(figure(
        plot_box(boxes[0], sweep), "The region in which the truce fails most",
        "Found on one half of the runs and measured on the other (PRIM).",
    ))  # fmt: skip


def _add_map(section: Section, material: Material) -> None:
    """Map the outcome over the two factors that matter most, with the line where it tips."""
    from truce_sim.analysis.plots.tipping import plot_phase
    from truce_sim.analysis.tipping import boundary, describe_line, phase_map

    sweep = material.sweep
    pair = material.two_factors
    if pair is None:
        return
    x, y = pair
    found = phase_map(sweep, x, y)
    line = None
    if sweep.is_number(y):
        try:
            line = boundary(sweep, x, y)
            section.points += describe_line(line)[:6]
        except InputError as error:
            section.notes.append(f"No tipping line: {error.problem}.")
    section.figures.append(figure(
        plot_phase(found, line), f"How often the truce holds, over {x} and {y}",
        f"Share of truces that hold for {horizon_in_words(sweep.points['horizon'])}, over {x} "
        f"and {y}.",
    ))  # fmt: skip


def runs_section(material: Material) -> Section:
    """Replay a typical run, the best and the worst."""
    from truce_sim.analysis.plots.border import plot_border
    from truce_sim.analysis.plots.timeline import plot_timeline
    from truce_sim.simulation.account import outcome_in_words
    from truce_sim.sweeps.folder.replay import replay

    section = Section("runs", "Three runs")
    if material.sweep.manifest["rules"] != DIGEST:
        section.notes.append("Not shown: the sweep was run with other rules than this program's.")
        return section
    section.texts.append(
        "Single runs, replayed from their draws. They show how a truce can go, not how it will."
    )
    folder, runs = material.sweep.folder, finished_runs(material.sweep.load(["end_day"]))
    days = runs["end_day"].to_numpy(float)
    chosen = {pick_place(days, pick): pick for pick in ("worst", "best", "median")}
    if len(chosen) < 3:
        section.notes.append(
            f"Of the worst, the best and the median run, {4 - len(chosen)} are the same run."
        )
    for place, pick in reversed(chosen.items()):
        row = runs.iloc[place]
        point, replicate = int(row["point"]), int(row["replicate"])
        run, differing = replay(folder, point, replicate)
        if differing:
            section.notes.append(
                f"Run {point}:{replicate} is not shown: repeated from what is stored, it "
                f"differs from its row in {', '.join(differing)}. "
                f"{command('verify', folder.path)} compares more runs."
            )
            continue
        equal = int((days == row["end_day"]).sum())
        name = PICKS[pick] if equal == 1 else f"one of {equal:,} runs tied with {PICKS[pick]}"
        where = words.setting(row.to_dict(), material.sweep.factors)
        section.figures.append(figure(
            plot_timeline(run), f"Timeline of {name}",
            f"{name[0].upper()}{name[1:]} ({point}:{replicate}{', ' + where if where else ''}). "
            f"{outcome_in_words(run)}",
        ))  # fmt: skip
        if pick == "median":
            section.figures.append(figure(
                plot_border(run), f"The border, with the incidents of {name}",
                f"Where the incidents of {name} were: those of all its days, larger with more "
                "deaths.",
            ))  # fmt: skip
        section.commands.append(command("view", folder.path, "--run", f"{point}:{replicate}"))
    return section


def provenance_section(material: Material) -> Section:
    """State what was run and with which program, and list the points."""
    sweep, manifest = material.sweep, material.sweep.manifest
    overall, section = material.overall, Section("data", "Data and provenance")
    commit = manifest.get("git_commit")
    dirty = " with uncommitted changes" if manifest.get("git_dirty") else ""
    facts = {
        "folder": sweep.path.name,
        "runs": f"{int(overall['runs']):,} done, {int(overall['failed']):,} failed",
        "design": f"{sweep.design}, {count(sweep.folder.points, 'point')}",
        "seed": manifest["seed"],
        "truce_sim": f"{manifest['truce_sim']}{f', commit {commit[:12]}{dirty}' if commit else ''}",
        "digest of the rules": manifest["rules"],
        "Python": f"{manifest['python']}, " + ", ".join(
            f"{name} {version}" for name, version in manifest["libraries"].items()
        ),
        "machine": f"{manifest['machine']['system']}, {manifest['machine']['cores']} cores",
        "started, finished": f"{manifest['started']}, {manifest.get('finished', 'not finished')}",
    }  # fmt: skip
    frame = pd.DataFrame([{"": name, " ": str(value)} for name, value in facts.items()])
    section.tables.append(make_table(frame, "The sweep"))
    points = sweep.points.head(MAX_ROWS)
    rows = [
        {"point": str(point)}
        | {name: written(row[name]) for name in sweep.factors}
        | {"runs": f"{int(row['runs']):,}", "failed": f"{int(row['failed']):,}",
           "holds": words.percent(row, "holds"),
           "mean survival, days": words.amount(row, "mean_survival", "")}
        for point, row in points.iterrows()
    ]  # fmt: skip
    more = len(sweep.points) - len(points)
    caption = "All points" if not more else f"The first {MAX_ROWS} of {len(sweep.points):,} points"
    section.tables.append(make_table(pd.DataFrame(rows), caption, folded=len(rows) > 12))
    if overall["failed"]:
        section.notes.append("Failed runs are counted here but left out of everything above; "
                             "failures.parquet lists each with its error.")  # fmt: skip
    return section


def reproduce_section(material: Material) -> Section:
    """List the commands that reproduce the sweep and this report."""
    sweep, manifest = material.sweep, material.sweep.manifest
    section = Section("reproduce", "How to reproduce")
    section.texts.append(
        "Every run is determined by its settings, its seed and its replicate number, bit for bit, "
        "on any machine. With the same version of truce_sim:"
    )
    made_by = typed_command(manifest)
    if not made_by:
        plain = [t for t in manifest["overrides"] if not t.lstrip("+").startswith("output.")]
        made_by = command("sweep", f"hydra.sweeper.design={sweep.design}", *plain)
        section.notes.append(
            f"The sweep was run from Python; its {sweep.design} design has "
            f"{count(sweep.folder.points, 'point')}."
        )
    section.commands = [made_by, command("verify", sweep.path), command("report", sweep.path)]
    return section


def typed_command(manifest: Mapping[str, Any]) -> str:
    """Return the command that made a sweep, quoted anew, or "" if it was made from Python.

    A folder may come from anybody, so only the words of a single command are offered for pasting.
    """
    try:
        program, *arguments = shlex.split(str(manifest["command"]))
    except ValueError:
        return ""
    if Path(program).stem != "truce-sim" or arguments[:1] != ["sweep"]:
        return ""
    return command(*(word for word in arguments if word != "--multirun"))


#: Title and function of each section, in order.
SECTIONS: tuple[tuple[str, Callable[[Material], Section]], ...] = (
    ("survival curves", survival_section),
    ("paired comparison", comparison_section),
    ("day by day", daily_section),
    ("what drives the outcome", drivers_section),
    ("where it fails", failure_section),
    ("three runs", runs_section),
    ("assumptions", assumptions_section),
    ("provenance", provenance_section),
    ("how to reproduce", reproduce_section),
)

"""The outcomes that a release stands by: a fixed set of runs, kept as `VERSION.csv` beside this.

A row is one run: `spec`, the overrides that `truce-sim run` takes, its replicate, and every column
of `columns.OUTCOME`, as text from which the number reads back exactly. Of the releases before this
one the files stay as a record.

Rows come out the same to the last digit on every machine: the rules have their own arithmetic
(`engine/arithmetic.py`).

    python -m baselines.frozen      (make baselines: keep what the rules give now)
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pandas as pd

from truce_sim.config.load import as_config
from truce_sim.engine.record import OUTCOME
from truce_sim.engine.run import outcomes
from truce_sim.results.frames import outcome_frame
from truce_sim.simulation.spec import make_spec
from truce_sim.version import __version__

REPLICATES = 8

#: How many changed specs are told column by column.
IN_DETAIL = 3

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent

#: Every variant of the groups that have several.
VARIANTS = tuple(
    f"{path.parent.name}={path.stem}"
    for group in ("truce", "mediation", "host", "militants", "frailty")
    for path in sorted((REPOSITORY / "conf" / group).glob("*.yaml"))
)

SPECS = (
    *VARIANTS,
    "frailty.law=gamma frailty.attempts_cv=1",
    "scenario=synthetic",
    "scenario=synthetic scenario.profile=uniform scenario.crossings=0 border.sectors=12",
    "scenario.period=2015_2021 border.sectors=20 border.cell_km=5 border.home_depth=20",
    "home.threshold=inf host.threshold=inf",
    "truce.collapse_strikes=inf",
    "home.grievance_memory_days=inf home.decision_noise=0 home.threshold=20",
    "home.backlash=-0.1 home.strike_recruits=0.1 home.strike_radius=3 home.lag_days=0",
    "host.resolve=1 host.lag_days=0 truce.collapse_strikes=6 truce.window_days=60",
    "mediation.announced=false mediation.calendar=[6,40,90] mediation.round_days=5",
    "mediation.verification={enabled:true,lag_days:0,coverage:1,doubt:0}",
    "militants.excitation=0 militants.staging_days=0 militants.pace_cells_per_day=20",
    "militants.risk_aversion=0 militants.deterrence=3 militants.evasion=1",
    "home.adaptivity=1 host.adaptivity=0 border.terrain=1 militants.excitation=1 run.review_days=1",
    "attribution.false_positive=0.5 attribution.friction_per_day=0.2 attribution.attack=0",
    "belief.persistence=1 belief.threshold_effect=3 host.will_relaxation_per_day=0",
    "run.warmup_days=0 run.horizon_days=120 home.initial_grievance=0 seed=9223372036854775807",
    "'interventions=[{day:30,set:{mediation.verification.enabled:true,militants.evasion:0}},"
    "{day:60,set:{host.capacity:1.5,mediation.mediators.qatar:null}}]'",
)

FLOATS = [name for name in OUTCOME.names or () if OUTCOME[name].kind == "f"]


# ── rows ─────────────────────────────────────────────────────────────────────────────────────


def rows_now(specs: Sequence[str] = SPECS, *changes: str) -> str:
    """What the rules and the settings give now, as CSV; `changes` are further overrides."""
    return pd.concat([_rows(spec, changes) for spec in specs]).to_csv(index=False)


def _rows(spec: str, changes: Sequence[str]) -> pd.DataFrame:
    run_spec = make_spec(as_config([*shlex.split(spec), *changes]))
    frame = outcome_frame(outcomes(run_spec, range(REPLICATES)))
    frame.insert(0, "spec", spec)
    frame.insert(1, "replicate", range(REPLICATES))
    return frame


def digest(rows: str) -> str:
    """The name of these rows in CHANGELOG.md: 12 hexadecimal digits."""
    return hashlib.sha256(rows.encode()).hexdigest()[:12]


# ── files ────────────────────────────────────────────────────────────────────────────────────


def file_of(version: str = __version__) -> Path:
    """Where a release's rows are kept."""
    return FOLDER / f"{version}.csv"


def read(path: Path) -> str:
    """The rows of a file; what stands before them says with what they were made."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("#"))


def write(path: Path, rows: str) -> None:
    """Keep rows."""
    path.write_text(rows, encoding="utf-8", newline="\n")


# ── what differs ─────────────────────────────────────────────────────────────────────────────


def table(rows: str) -> pd.DataFrame:
    """Rows as text, a run each, by spec and replicate."""
    frame = pd.read_csv(StringIO(rows), dtype=str, keep_default_na=False)
    return frame.set_index(["spec", "replicate"])


def changed(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Which values of the runs that both have differ."""
    both = old.index.intersection(new.index)
    columns = [name for name in old.columns if name in new.columns]
    return old.loc[both, columns] != new.loc[both, columns]


def told(old: pd.DataFrame, new: pd.DataFrame, different: pd.DataFrame) -> str:
    """What changed: specs, how many of their runs, columns; of the first few specs old -> new."""
    lines = [f"  no longer run: {spec}" for spec in _specs(old) if spec not in _specs(new)]
    lines += [f"  new: {spec}" for spec in _specs(new) if spec not in _specs(old)]
    if names := sorted(set(old.columns) ^ set(new.columns)):
        lines.append(f"  columns on one side only: {', '.join(names)}")
    parts = different[different.any(axis=1)].groupby(level="spec", sort=False)
    for number, (spec, part) in enumerate(parts):
        names = list(part.columns[part.any()])
        lines.append(f"  {spec}: {len(part)} of {REPLICATES} runs: {', '.join(names)}")
        if number < IN_DETAIL:
            lines += [_example(old, new, name, part.index[part[name]][0]) for name in names]
    return "\n".join(lines)


def _example(old: pd.DataFrame, new: pd.DataFrame, name: str, run: tuple[str, str]) -> str:
    before, after = old.loc[run, name] or "none", new.loc[run, name] or "none"
    return f"    {name}: {before} -> {after} (replicate {run[1]})"


def _specs(frame: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(frame.index.get_level_values("spec")))


def problem(frozen: str, now: str) -> str:
    """What differs, in words; empty where nothing does.

    A column that is new changes no run, and is not compared.
    """
    old, new = table(frozen), table(now)
    new = new[[name for name in new.columns if name in old.columns]]
    if old.equals(new):
        return ""
    return told(old, new, changed(old, new)) or "  the order of rows or columns"


def freeze() -> str:
    """Write the rows of this version, unless they stand there already; what to do next."""
    path, rows = file_of(), rows_now()
    if path.exists() and read(path) == rows:
        return f"{path.name} stays as it is: the rules give what it holds."
    write(path, rows)
    return f"{path.name} is written. Now CHANGELOG.md has to say why, in a line {line(rows)}"


def line(rows: str, version: str = __version__) -> str:
    """Where these rows are explained in CHANGELOG.md, and how."""
    return (
        f"under '## [Unreleased]' or '## [{version}]', '### Results':\n"
        f"- Baselines `{digest(rows)}`: WHY"
    )


if __name__ == "__main__":
    print(freeze())

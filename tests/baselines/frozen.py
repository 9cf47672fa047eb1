"""The outcomes that a release stands by: a fixed set of runs, kept as `VERSION.csv` beside this.

A row is one run: `spec`, the overrides that `truce-sim run` takes, its replicate, and every column
of `columns.OUTCOME`, as text from which the number reads back exactly. Of the releases before this
one the files stay as a record.

On the platform that made a file the rows must come out the same to the last digit. Elsewhere the
last bit of an elementary function may differ. A draw then decides otherwise only if it falls into
a gap of some 2^-52: of 10^5 draws a run, in one run of 10^10. What remains are exact ties, such as
a grievance equal to its threshold, so one run of a hundred may differ in anything; of the others
every whole number and word is the same, and floats agree to nine digits. (With every exp, log and
log1p of the rules off by its last bit, all 288 runs kept their whole numbers, and no float moved
by more than 1e-14.)

    python -m baselines.frozen      (make baselines: keep what the rules give now)
"""

from __future__ import annotations

import hashlib
import math
import platform
import shlex
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import numba
import numpy as np
import pandas as pd
import scipy
from scipy.special import betaincinv, gammaincinv, ndtri

from truce_sim.config.load import as_config
from truce_sim.engine.compile import rule
from truce_sim.engine.record import OUTCOME
from truce_sim.engine.run import outcomes
from truce_sim.results.frames import outcome_frame
from truce_sim.simulation.spec import make_spec
from truce_sim.version import __version__

REPLICATES = 8

#: Elsewhere: the share of runs that must be the same, and how far their floats may differ.
LEAST_SAME, TOLERANCE = 0.99, 1e-9

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


def read(path: Path) -> tuple[str, str]:
    """The platform that a file was made on, and its rows."""
    made_on, _versions, rows = path.read_text(encoding="utf-8").split("\n", 2)
    return made_on.removeprefix("# made on: "), rows


def write(path: Path, rows: str) -> None:
    """Keep rows, with where and with what they were made."""
    versions = f"Python {platform.python_version()}, numba {numba.__version__}"
    versions += f", numpy {np.__version__}, scipy {scipy.__version__}"
    text = f"# made on: {this_platform()}\n# made with: {versions}\n{rows}"
    path.write_text(text, encoding="utf-8", newline="\n")


def this_platform() -> str:
    """Where runs come out the same to the last bit: the system, the machine, its arithmetic."""
    return f"{platform.system()} {platform.machine()}, arithmetic {arithmetic()}"


def arithmetic() -> str:
    """Digest of the elementary functions that a run is made of, over their range.

    C libraries differ in the last bit of some; so does one library between processors.
    """
    u = np.linspace(1e-9, 1 - 1e-9, 4001)
    frailty = (ndtri(u), np.exp(u), gammaincinv(6.25, u), betaincinv(1.2, 2.8, u))
    elementary = np.empty((3, u.size))
    _elementary(u, elementary)
    return hashlib.sha256(b"".join(x.tobytes() for x in (elementary, *frailty))).hexdigest()[:8]


@rule
def _elementary(u, out):
    """exp, log and log1p as the compiled rules have them, into `out` (3, n)."""
    for i in range(u.size):
        out[0, i] = math.exp(-8.0 * u[i])
        out[1, i] = math.log(u[i])
        out[2, i] = math.log1p(-u[i])


# ── what differs ─────────────────────────────────────────────────────────────────────────────


def table(rows: str) -> pd.DataFrame:
    """Rows as text, a run each, by spec and replicate."""
    frame = pd.read_csv(StringIO(rows), dtype=str, keep_default_na=False)
    return frame.set_index(["spec", "replicate"])


def changed(old: pd.DataFrame, new: pd.DataFrame, tolerance: float = 0.0) -> pd.DataFrame:
    """Which values of the runs that both have differ; floats by more than a relative tolerance."""
    both = old.index.intersection(new.index)
    columns = [name for name in old.columns if name in new.columns]
    before, after = old.loc[both, columns], new.loc[both, columns]
    different = before != after
    for name in FLOATS if tolerance else ():
        values = (pd.to_numeric(side[name], errors="coerce") for side in (before, after))
        different[name] &= ~np.isclose(*values, rtol=tolerance, atol=tolerance)
    return different


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


def problem(frozen: str, now: str, *, same_platform: bool) -> str:
    """What differs by more than the platform allows, in words; empty where nothing does.

    A column that is new changes no run, and is not compared.
    """
    old, new = table(frozen), table(now)
    new = new[[name for name in new.columns if name in old.columns]]
    different = changed(old, new, 0.0 if same_platform else TOLERANCE)
    same = 1.0 - different.any(axis=1).mean()
    complete = old.index.equals(new.index) and old.columns.equals(new.columns)
    holds = complete and same >= (1.0 if same_platform else LEAST_SAME)
    return "" if holds else told(old, new, different) or "  the order of rows or columns"


def freeze() -> str:
    """Write the rows of this version, unless they stand there already; what to do next."""
    path, rows = file_of(), rows_now()
    if path.exists() and read(path)[1] == rows:
        return f"{path.name} stays as it is: the rules give what it holds."
    write(path, rows)
    return f"{path.name} is written. Now CHANGELOG.md has to say why, in a line {line(rows)}"


def line(rows: str, version: str = __version__) -> str:
    """Where these rows are explained in CHANGELOG.md, and how."""
    return f"under '## [{version}]', '### Results':\n- Baselines `{digest(rows)}`: WHY"


if __name__ == "__main__":
    print(freeze())

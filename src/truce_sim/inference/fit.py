"""Infer settings from data: simulate from the prior, train a flow, draw from the posterior.

A fit is a folder: `parts/` with the simulations, from which all the rest can be remade;
`posterior.parquet`, draws of the free settings; `diagnostics.json`; `manifest.json`. A fit that was
stopped continues when asked for again, and a larger budget extends it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.border.dates import first_date
from truce_sim.config.load import as_setup
from truce_sim.config.setup import Setup
from truce_sim.errors import InputError, closest
from truce_sim.inference import checks, flow
from truce_sim.inference.calibration import calibration
from truce_sim.inference.cells import AnyTable
from truce_sim.inference.data import Data, read_case, read_pattern, read_truces
from truce_sim.inference.prior import AnyPrior, load_prior
from truce_sim.inference.sensitivity import sensitivity
from truce_sim.inference.sensitivity import sentences as hangs_on
from truce_sim.inference.task import Task, parts_done, simulate_parts
from truce_sim.inference.violence import Violence, read_violence
from truce_sim.results.provenance import provenance
from truce_sim.results.seal import KEY, json_seal
from truce_sim.results.store import read_table, to_table, write_json, write_table
from truce_sim.simulation.run import Overrides

Floats = NDArray[np.float64]

#: The settings that are free by default: those that move the length of truces most
#: (docs/levers.md), and the two that govern what the host does.
FREE = (
    "militants.attempts_per_day", "militants.excitation", "host.will", "host.capacity",
    "home.threshold", "home.capacity", "belief.reference_rate", "home.grievance_memory_days",
)  # fmt: skip
#: Settings that are also free if events are given: they govern how much violence there is, when and
#: where.
FREE_OF_EVENTS = (
    "militants.attempts_per_day", "militants.excitation", "militants.excitation_memory_days",
    "host.will", "host.capacity", "home.capacity", "militants.deaths_mu", "militants.depth_mu",
)  # fmt: skip
#: Draws that a fit simulates by default, and the fewest that can train a flow.
DRAWS, LEAST_DRAWS = 20_000, 1000
#: Simulated data sets held out from training, to test posteriors; a tenth of all, if that is fewer.
TESTS = 300
#: Draws that represent the posterior, and those of each test.
KEPT, _OF_TEST = 4000, 499

Step = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Fit:
    """A finished fit.

    Attributes:
        folder: of it.
        manifest: what was asked for, and with which data.
        draws: a row for each posterior draw, a column for each free setting; equal weights.
        diagnostics: as plain values; see `settings`, `calibration`, `checks`.
    """

    folder: Path
    manifest: dict[str, Any]
    draws: pd.DataFrame
    diagnostics: dict[str, Any]

    def __repr__(self) -> str:
        return f"<Fit {self.folder}: {len(self.draws):,} draws of {self.draws.shape[1]} settings>"

    @cached_property
    def settings(self) -> pd.DataFrame:
        """A row for each setting: prior, posterior, contraction, what the data say about it."""
        return pd.DataFrame(self.diagnostics["settings"])

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """Pairs of settings that the data tie together, strongest first."""
        return pd.DataFrame(self.diagnostics["pairs"], columns=checks.PAIR_COLUMNS)

    @cached_property
    def calibration(self) -> pd.DataFrame:
        """A row for each setting: coverage and ranks on simulated data sets."""
        return pd.DataFrame(self.diagnostics["calibration"])

    @cached_property
    def fitted(self) -> pd.DataFrame:
        """A row for each summary: the observed value, and what prior and posterior yield."""
        return pd.DataFrame(self.diagnostics["fitted"])

    @cached_property
    def held_out(self) -> pd.DataFrame:
        """As `fitted`, for patterns of the data that were not fitted."""
        return pd.DataFrame(self.diagnostics["held_out"])

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """How the posterior of each setting moves if a summary is left out."""
        return pd.DataFrame(self.diagnostics["sensitivity"])

    @cached_property
    def unfitted(self) -> pd.DataFrame:
        """A row for each measure that was not fitted: what prior and posterior yield."""
        return pd.DataFrame(self.diagnostics["unfitted"])

    @property
    def sentences(self) -> list[str]:
        """What the data say, in words."""
        return list(self.diagnostics["sentences"])


def fit(
    name: str,
    *,
    truces: AnyTable | None = None,
    record: AnyTable | None = None,
    patterns: Sequence[str] = (),
    events: str | Path | None = None,
    filters: Mapping[str, Any] | None = None,
    leave_out: Sequence[str] = (),
    free: Sequence[str] = (),
    prior: AnyPrior = "default",
    base: Setup | Overrides = None,
    draws: int = DRAWS,
    seed: int = 1,
    folder: str | Path = "outputs",
    threads: int = 0,
    step: Step = lambda what, done, of: None,
) -> Fit:
    """Infer settings from data.

    Args:
        name: of the folder; if it holds the same fit, that is continued.
        truces: a table of truces: days, ended, followed (`read_truces`).
        record: what happened when in one truce (`read_case`).
        patterns: measures known within a range, `MEASURE=LOW..HIGH` (`read_pattern`).
        events: a UCDP GED or ACLED file of events near the border of `base`.
        filters: actor, since, until, country, within_km, coarse: which of them
            (`read_incidents`).
        leave_out: summaries, or groups of them, to be checked but not fitted.
        free: the settings to infer; all others stay as in `base`. By default `FREE`, and
        `FREE_OF_EVENTS` if events are given, except those that have no effect or are known.
        prior: as in `draw_prior`.
        base: a Setup or overrides.
        draws: to simulate. With few, the flow is blurred: the posterior gets wider, not narrower.
        seed: of everything; the same one repeats a fit exactly.
        folder: in which the fit gets its own folder.
        threads: for simulation; 0: one for each core.
        step: called with what is being done, how much is done, and out of how much.

    Returns:
        The fit.

    Raises:
        InputError: bad data, settings or prior; no data; the folder has another fit.
    """
    flow.check_installed()
    setup = as_setup(base)
    _check_name(setup, name)
    data = tuple(_data(setup, truces, record, patterns))
    violence = _events(setup, events, filters or {})
    if not data and violence is None:
        raise InputError("no data are given", setting="fit",
                         allowed="truces, a record, patterns or events")  # fmt: skip
    _check_numbers(draws, seed)
    free = free or _free(setup, bool(data), violence is not None)
    chosen = load_prior(prior).for_base(setup, free)
    task = Task(setup, chosen, data, seed, violence, tuple(leave_out))
    _check_left_out(task)
    place = _place(Path(folder) / name, task, draws)
    if (place / "diagnostics.json").exists() and _manifest(place)["draws"] == draws:
        return open_fit(place)
    scores, summaries = _simulated(task, place / "parts", draws, threads, step)
    found = _infer(task, scores, summaries, threads, step)
    _write(place, task, draws, *found)
    return open_fit(place)


def open_fit(folder: str | Path) -> Fit:
    """Open the folder of a fit.

    Raises:
        InputError: it is not a fit, it is not finished, or a file was altered.
    """
    place = Path(folder)
    manifest = _manifest(place)
    if not (place / "diagnostics.json").exists():
        raise InputError("is not finished", setting="fit", value=str(place),
                         allowed="the command that began it, which resumes it")  # fmt: skip
    notes = {"folder": manifest["digest"], "file": "posterior.parquet"}
    draws: pd.DataFrame = read_table(place / "posterior.parquet", expected=notes).to_pandas()
    diagnostics = _sealed(place / "diagnostics.json")
    return Fit(place, manifest, draws, diagnostics)


def _data(
    setup: Setup, truces: AnyTable | None, record: AnyTable | None, patterns: Sequence[str]
) -> list[Data]:
    days = setup.config.run.horizon_days
    found: list[Data] = []
    if truces is not None:
        found.append(read_truces(truces))
    if record is not None:
        first: date | None = first_date(setup.config.scenario)
        found.append(read_case(record, first, days))
    return found + [read_pattern(word, days) for word in patterns]


def _events(setup: Setup, events: str | Path | None, filters: Mapping[str, Any]) -> Violence | None:
    if events is not None:
        return read_violence(events, setup, **filters)
    given = [name for name, value in filters.items() if value]
    if given:
        raise InputError("has no effect without events", setting=", ".join(given))
    return None


def _free(setup: Setup, outcomes: bool, events: bool) -> list[str]:
    """The default settings for such data that have an effect here and are not known."""
    wanted = dict.fromkeys([*(FREE if outcomes else ()), *(FREE_OF_EVENTS if events else ())])
    known = load_prior().for_base(setup).laws
    return [path for path in wanted if path in known]


def _check_left_out(task: Task) -> None:
    """Raise InputError if a summary to leave out does not exist, or none is left."""
    names = {one.called for one in task.summaries}
    for name in task.left_out:
        if name not in names:
            raise InputError("no such summary", setting="leave_out", value=name,
                             allowed=", ".join(sorted(names)), suggestion=closest(name, names),
            )  # fmt: skip
    if not task.fitted.any():
        raise InputError("leaves nothing to fit", setting="leave_out")


def _check_name(setup: Setup, name: str) -> None:
    """Raise InputError unless this can be the name of a results folder."""
    if not name:
        raise InputError("is missing", setting="name", allowed="the name of a folder")
    setup.with_changes({"output.name": name}, tell=False)


def _check_numbers(draws: Any, seed: Any) -> None:
    for setting, value, least in (("draws", draws, LEAST_DRAWS), ("seed", seed, 0)):
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not whole or value < least:
            raise InputError("is not possible", setting=setting, value=value,
                             allowed=f"a whole number from {least:,} up")  # fmt: skip


# ── the folder ───────────────────────────────────────────────────────────────────────────────


def _place(path: Path, task: Task, draws: int) -> Path:
    """Make the folder, or check that it holds the same fit."""
    if (path / "manifest.json").exists():
        manifest = _manifest(path)
        if manifest["digest"] != task.digest:
            raise InputError(
                "has another fit: other data, settings, prior, seed or rules", setting="fit",
                value=str(path), allowed="a new name; nothing is overwritten",
            )  # fmt: skip
        if manifest["draws"] == draws:
            return path
        if draws < manifest["draws"]:
            raise InputError(f"has {manifest['draws']:,} draws already", setting="draws",
                             value=draws, allowed="as many, or more")  # fmt: skip
        (path / "diagnostics.json").unlink(missing_ok=True)
    elif path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InputError("exists and is not a fit", setting="fit", value=str(path),
                         allowed="a new name; nothing is overwritten")  # fmt: skip
    path.mkdir(parents=True, exist_ok=True)
    tokens = [] if task.setup.source is None else list(task.setup.source.tokens)
    changed = [f"{key}={value}" for key, value in task.setup.changes.items()]
    content = provenance(task.seed, [*tokens, *changed])
    write_json(path / "manifest.json", content | {
        "kind": "fit", "digest": task.digest, "draws": draws, "prior": task.prior.name,
        "free": list(task.prior.settings), "task": task.identity(),
        "summaries": [{"name": one.name, "why": one.why} for one in task.summaries if one.fitted],
        "account": [line for one in task.sets for line in one.account],
    })  # fmt: skip
    return path


def _manifest(path: Path) -> dict[str, Any]:
    content = _sealed(path / "manifest.json")
    if content.get("kind") != "fit":
        raise InputError("is not the folder of a fit", setting="fit", value=str(path),
                         allowed="a folder that truce-sim fit wrote")  # fmt: skip
    return content


def _sealed(file: Path) -> dict[str, Any]:
    """Read a JSON file, and check that it was not changed."""
    try:
        content: Any = json.loads(file.read_text(encoding="utf-8"))
        whole = isinstance(content, dict) and content.get(KEY, "") == json_seal(content)
    except FileNotFoundError:
        raise InputError("has no such file, so it is not a fit", setting="fit", value=str(file),
                         allowed="a folder that truce-sim fit wrote") from None  # fmt: skip
    except (OSError, ValueError):
        whole = False
    if not whole:
        raise InputError("is damaged or was changed", setting="fit", value=str(file))
    return dict(content)


# ── the steps ────────────────────────────────────────────────────────────────────────────────


def _simulated(
    task: Task, folder: Path, draws: int, threads: int, step: Step
) -> tuple[Floats, Floats]:
    """The scores and summaries of all draws that ran."""
    done = parts_done(task, folder, draws)
    step("draws simulated", done, draws)
    scores, summaries, so_far = [], [], 0
    for size, some, found in simulate_parts(task, folder, draws, threads):
        so_far += size
        step("draws simulated", max(so_far, done), draws)
        good = np.isfinite(found).all(axis=1)
        scores.append(some[good])
        summaries.append(found[good])
    return np.concatenate(scores), np.concatenate(summaries)


def _infer(
    task: Task, scores: Floats, summaries: Floats, threads: int, step: Step
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Train, draw, check: the posterior draws and the diagnostics."""
    tests = min(TESTS, len(scores) // 10)
    step("training", 0, 4)
    fitted = summaries[:, task.fitted]
    found = flow.train(scores[:-tests], fitted[:-tests], task.seed)
    step("calibration", 1, 4)
    true, drawn = scores[-tests:], found.sample(fitted[-tests:], _OF_TEST, task.seed)
    step("checks", 2, 4)
    posterior = _accepted(task, found)
    values = task.prior.values(posterior)
    checked = checks.check(task, posterior, values, scores, summaries, threads)
    step("sensitivity to the summaries", 3, 4)
    moved = sensitivity(task, found, scores[:-tests], fitted[:-tests])
    step("sensitivity to the summaries", 4, 4)
    checked["sentences"] += hangs_on(moved)
    return values, checked | {
        "sensitivity": moved.to_dict("records"),
        "calibration": calibration(task.prior.settings, true, drawn).to_dict("records"),
        "training": {"draws": len(scores) - tests, "epochs": found.epochs, "loss": found.loss},
    }


def _accepted(task: Task, found: flow.Flow) -> Floats:
    """Posterior draws that satisfy the rules between settings."""
    kept: list[Floats] = []
    for attempt in range(20):
        drawn = found.sample(task.observed[task.fitted][None], KEPT, task.seed + 1 + attempt)[:, 0]
        drawn = np.clip(drawn, -8.0, 8.0)
        kept.append(drawn[task.prior.accepts(task.prior.values(drawn))])
        if sum(map(len, kept)) >= KEPT:
            break
    posterior = np.concatenate(kept)[:KEPT]
    if len(posterior) < KEPT:
        raise RuntimeError("the posterior lies where the rules between settings refuse to go")
    return posterior


def _write(
    place: Path, task: Task, draws: int, values: pd.DataFrame, found: dict[str, Any]
) -> None:
    meanings = {path: (law.info.unit, law.info.meaning) for path, law in task.prior.laws.items()}
    notes = {"folder": task.digest, "file": "posterior.parquet"}
    write_table(place / "posterior.parquet", to_table(values, meanings), notes)
    write_json(place / "diagnostics.json", found)

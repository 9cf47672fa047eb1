"""A run depends on its specification alone: not on order, chunks, threads, processes, what ran
before, or whether it is recorded; and it is compiled from the rules as they are now."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from theory.configurations import random_spec
from theory.spec import TWO_MEDIATORS, spec, uneven_border
from truce_sim.engine import codes as names
from truce_sim.engine import compile as compiling
from truce_sim.engine.record import DAILY_COUNTS
from truce_sim.engine.run import RunResult, RunSpec, outcomes, outcomes_of_all, run
from truce_sim.engine.world import make_world

RANDOM = range(3000, 3020)


def same(a: NDArray[np.void], b: NDArray[np.void]) -> bool:
    """Equal to the last bit, NaN included."""
    return a.tobytes() == b.tobytes()


@pytest.fixture(scope="module")
def default() -> RunSpec:
    """A year with mediators, in which most mechanisms are at work."""
    return spec(TWO_MEDIATORS, on=uneven_border(20), seed=2**40 + 17)


@pytest.fixture(scope="module")
def rows(default: RunSpec) -> NDArray[np.void]:
    """Outcomes of replicates 0 to 99 of it, in order."""
    return outcomes(default, range(100))


def test_runs_differ(rows: NDArray[np.void]) -> None:
    """Replicates are different runs; otherwise nothing below would mean anything."""
    assert len({row.tobytes() for row in rows}) == 100
    assert 0.1 < rows["collapsed"].mean() < 0.999


def test_order_of_replicates(default: RunSpec, rows: NDArray[np.void]) -> None:
    """Any order gives every replicate its own run; so does asking for one twice."""
    order = np.random.default_rng(1).permutation(100)
    assert same(outcomes(default, order), rows[order])
    assert same(outcomes(default, [7, 7, 3]), rows[[7, 7, 3]])


@pytest.mark.parametrize("size", [1, 7, 33])
def test_chunks(default: RunSpec, rows: NDArray[np.void], size: int) -> None:
    """Cut into chunks, each in a world of its own or in one for all."""
    chunks = [range(i, min(i + size, 100)) for i in range(0, 100, size)]
    assert same(np.concatenate([outcomes(default, chunk) for chunk in chunks]), rows)
    world = make_world()
    assert same(np.concatenate([outcomes(default, chunk, world) for chunk in chunks]), rows)


def test_threads(default: RunSpec, rows: NDArray[np.void]) -> None:
    """Four threads at once, each with its own world."""
    chunks = [range(i, i + 10) for i in range(0, 100, 10)]
    with ThreadPoolExecutor(4) as pool:
        assert same(np.concatenate(list(pool.map(partial(outcomes, default), chunks))), rows)


def test_processes(default: RunSpec, rows: NDArray[np.void]) -> None:
    """Two processes that share nothing but the specification."""
    context = multiprocessing.get_context("spawn")
    chunks = [range(50), range(50, 100)]
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        assert same(np.concatenate(list(pool.map(partial(outcomes, default), chunks))), rows)


def test_a_used_world_leaves_nothing_behind() -> None:
    """A run after very different ones equals one in a fresh world, series and events included."""
    used = make_world(recorded=True)
    for seed in RANDOM:
        spec_now = random_spec(seed)
        fresh = run(spec_now)
        row = outcomes(spec_now, [0], used)
        assert same(row, np.array([fresh.outcome]))
        assert same(used["series"][: fresh.series.size].copy(), fresh.series)
        assert same(used["events"][1 : used["event_count"] + 1].copy(), fresh.events)


def test_a_world_full_of_rubbish_gives_the_same_run() -> None:
    """Nothing is read that the run itself has not written."""
    clean, soiled = make_world(recorded=True), make_world(recorded=True)
    for name in ("bands", "incidents", "cases", "strikes", "states", "daily", "draws", "free"):
        soiled[name].view(np.uint8)[...] = 0x3F
    for name in ("sectors", "regime"):
        soiled[name] = np.full(soiled[name].nbytes, 0x3F, np.uint8).view(soiled[name].dtype)[0]
    for seed in RANDOM:
        spec_now = random_spec(seed)
        assert same(outcomes(spec_now, [0, 1], clean), outcomes(spec_now, [0, 1], soiled))


@pytest.mark.parametrize("seed", RANDOM)
def test_recording_changes_nothing(seed: int) -> None:
    """A recorded run has the outcome of an unrecorded one."""
    spec_now = random_spec(seed)
    assert same(np.array([run(spec_now).outcome]), outcomes(spec_now, [0]))


def test_specifications_are_not_changed() -> None:
    """Frailty and interventions act on copies of the parameters."""
    for seed in RANDOM:
        spec_now = random_spec(seed)
        before = spec_now.params.copy(), spec_now.border.copy()
        run(spec_now)
        assert same(spec_now.params, before[0])
        assert same(spec_now.border, before[1])


@pytest.fixture(scope="module")
def recorded_runs() -> list[RunResult]:
    """Runs of 40 random configurations."""
    return [run(random_spec(seed)) for seed in range(3100, 3140)]


def test_series_add_up_to_the_outcome(recorded_runs: list[RunResult]) -> None:
    """Every daily count sums to its total; the last day is the end."""
    assert {"attempts", "attacks", "violations", "strikes_by_home"} <= set(DAILY_COUNTS)
    for result in recorded_runs:
        for name in DAILY_COUNTS:
            assert result.series[name].sum() == result.outcome[name], name
        assert result.series.size == result.outcome["end_day"] + result.outcome["collapsed"]
        assert result.series["strength"][-1] == result.outcome["final_strength"]
        assert result.series["belief"][-1] == result.outcome["final_belief"]
        assert result.series["will"][-1] == result.outcome["final_will"]
        assert result.series["will"].mean() == pytest.approx(result.outcome["mean_will"])


#: Which events make up which total.
TOTALS = {
    "attempts": [names.LAUNCH], "crossings": [names.CROSSING],
    "foiled_by_host": [names.FOILED_BY_HOST], "foiled_at_border": [names.FOILED_AT_BORDER],
    "foiled_inside": [names.FOILED_INSIDE], "attacks": [names.BAND_ATTACK],
    "domestic_attacks": [names.DOMESTIC_ATTACK, names.MISATTRIBUTION],
    "false_violations": [names.MISATTRIBUTION], "friction_clashes": [names.FRICTION_CLASH],
    "destroyed": [names.BAND_DESTROYED], "rounds_called": [names.ROUND_CALLED],
    "rounds_succeeded": [names.ROUND_SUCCEEDED], "rounds_failed": [names.ROUND_FAILED],
    "renewals": [names.RENEWAL], "saves": [names.SAVED], "collapsed": [names.COLLAPSE],
}  # fmt: skip


def test_events_add_up_to_the_outcome(recorded_runs: list[RunResult]) -> None:
    """The log holds every launch, incident, strike, round, renewal and the end, each once."""
    for outcome, _, events in recorded_runs:
        counts = np.bincount(events["kind"], minlength=len(names.EVENTS))
        for name, kinds in TOTALS.items():
            assert counts[kinds].sum() == outcome[name], name
        attributed = (events["attributed"] == 1) & (events["kind"] != names.VERIFICATION)
        assert attributed.sum() == outcome["violations"]
        strikes = events[events["kind"] == names.STRIKE_EXECUTED]
        assert (strikes["actor"] == 0).sum() == outcome["strikes_by_home"]
        assert (strikes["actor"] == 1).sum() == outcome["strikes_by_host"]
        assert events["deaths"][events["kind"] == names.BAND_ATTACK].sum() == outcome["deaths"]
        for kind, first in (
            (names.STRIKE_EXECUTED, "first_strike_day"), (names.SUSPENSION, "first_suspension_day"),
        ):  # fmt: skip
            days = events["day"][events["kind"] == kind]
            assert (days[0] if days.size else -1) == outcome[first]
        days = events["day"][attributed]
        assert (days[0] if days.size else -1) == outcome["first_violation_day"]
        assert (np.diff(events["day"]) >= 0).all()


def test_totals_occur(recorded_runs: list[RunResult]) -> None:
    """Each of these totals is above 0 in some run, so that the comparison says something."""
    for name in TOTALS:
        assert any(result.outcome[name] > 0 for result in recorded_runs), name


# ── compiled from the rules as they are ──────────────────────────────────────────────────────

#: Prints the cache folder and what a rule gives that calls `effort`, in another process.
SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from truce_sim.engine import compile, posture
from truce_sim.config.params import PARAMS
from truce_sim.engine.world import make_world
assert compile.__file__.startswith(sys.argv[1])
p, w = np.zeros(1, PARAMS)[0], make_world()
p["border"]["host_depth"], p["border"]["home_depth"] = 5, 10
w["will"] = 1.0
w["sectors"]["ratio"], w["sectors"]["passable"], w["sectors"]["capacity"] = 1.0, 1.0, 1.0
print(compile.CACHE, posture.interception_chance(p, w, 0, 0))
"""


def chance_in_new_process(package: Path, cache: Path) -> tuple[str, float]:
    """(cache folder, chance of interception) in a process that starts now."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(package)], check=True, capture_output=True, text=True,
        env={**os.environ, "TRUCE_SIM_CACHE": str(cache)},
    )  # fmt: skip
    folder, chance = done.stdout.split()
    return folder, float(chance)


def test_an_edited_rule_takes_effect(tmp_path: Path) -> None:
    """`interception_chance` calls `effort`. When `effort` is changed, a process that starts after
    that compiles anew, into another cache folder, and gives another result; changed back, the
    first one's cache is used again. (In separate files too: numba by itself would miss it.)"""
    source = Path(compiling.__file__).parents[1]
    package, cache = tmp_path / "copy", tmp_path / "cache"
    shutil.copytree(source, package / "truce_sim", ignore=_compiled)
    posture = package / "truce_sim" / "engine" / "posture.py"
    original = posture.read_text()
    # `effort`, with the rule after it, moves to a file of its own, which `posture` imports.
    head, rest = original.split("@rule\ndef effort(", 1)
    *body, tail = rest.split("\n\n\n@rule", 2)
    own = "from truce_sim.engine.compile import rule, rule_apart\n"
    moved = own.replace(", rule_apart", "")
    moved += "from truce_sim.engine.codes import IN_FORCE\n"
    moved += "from truce_sim.engine.params import HOME, HOST\n\n\n@rule\ndef effort("
    elsewhere = posture.with_name("effort.py")
    elsewhere.write_text(moved + "\n\n\n@rule".join(body) + "\n")
    assert own in head
    imported = head.replace(own, own + "from truce_sim.engine.effort import effort\n")
    posture.write_text(imported + "@rule" + tail)

    first = chance_in_new_process(package, cache)
    assert first[1] == pytest.approx(1 - np.exp(-0.2))
    again = chance_in_new_process(package, cache)
    assert again == first
    plain = elsewhere.read_text()
    halved = plain.replace("enforcement = at.capacity", "enforcement = 0.5 * at.capacity")
    assert halved != plain
    elsewhere.write_text(halved)
    changed = chance_in_new_process(package, cache)
    assert changed[0] != first[0]
    assert changed[1] == pytest.approx(1 - np.exp(-0.1))
    elsewhere.write_text(plain)
    assert chance_in_new_process(package, cache) == first


def _compiled(folder: str, entries: list[str]) -> list[str]:
    return [name for name in entries if name == "__pycache__"]


def test_the_peak_of_grievance_is_never_below_what_the_series_shows(default: RunSpec) -> None:
    """A host strike adds to the home state's grievance after the day's incidents: also a peak."""
    peaks_by_strike = 0
    for replicate in range(200):
        result = run(replace(default, replicate=replicate))
        peak, shown = result.outcome["peak_grievance"], result.series["grievance_home"].max()
        assert peak >= shown
        peaks_by_strike += peak == shown
    assert peaks_by_strike > 0


# ── one number everywhere ────────────────────────────────────────────────────────────────────

#: Prints a digest of outcome, series and events of each of so many random configurations.
RUNS = """
import hashlib, sys
from theory.configurations import random_spec
from truce_sim.engine.run import run
for seed in range(3000, 3000 + int(sys.argv[1])):
    made = run(random_spec(seed))
    print(hashlib.sha256(b"".join(part.tobytes() for part in made)).hexdigest())
"""


def digests(cpu: str | None, configurations: int = 60) -> list[str]:
    """Digests of runs by code that is compiled for a kind of processor (None: for this one)."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_CPU")}
    environment |= {"PYTHONPATH": str(Path(__file__).parents[1])}
    environment |= {"NUMBA_CPU_NAME": cpu} if cpu else {}
    done = subprocess.run(
        [sys.executable, "-c", RUNS, str(configurations)], env=environment, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.split()


@pytest.mark.slow
def test_a_run_is_the_same_on_every_processor() -> None:
    """Outcome, series and events to the last bit, compiled for this processor, which may have fused
    multiply-add and wide vectors, and for the simplest one, which has neither."""
    here = digests(None)
    assert len(set(here)) > 50
    assert digests("generic") == here


def test_points_run_together_are_those_run_one_by_one() -> None:
    """Neighbours of one border and others, with interventions and without, with seeds of their
    own: in whatever company, each has its own outcomes."""
    specs = [random_spec(seed) for seed in RANDOM]
    specs += [replace(one, seed=one.seed + 1) for one in specs]
    specs.sort(key=lambda one: (one.border.tobytes(), len(one.params)))
    shared = {one.border.tobytes(): one.border for one in specs}
    specs = [replace(one, border=shared[one.border.tobytes()]) for one in specs]
    together = outcomes_of_all(specs, [0, 3], make_world())
    assert together.shape == (len(specs), 2)
    for one, rows in zip(specs, together, strict=True):
        assert same(rows, outcomes(one, [0, 3]))
    assert outcomes_of_all([], [0]).shape == (0, 1)

"""Futures of one run: the same past, other random draws from a day on."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from truce_sim import InputError, futures, load_setup, simulate
from truce_sim.cli.commands import run_command
from truce_sim.engine.run import TURN, outcomes
from truce_sim.engine.world import make_world
from truce_sim.simulation.spec import make_spec

RUN = ["seed=7", "replicate=3", "run.horizon_days=120"]


def test_each_future_is_the_run_with_a_turn_of_luck() -> None:
    """Up to the day, all events are the run's; after it, no two go on alike."""
    day, run = 40, simulate(RUN)
    found = futures(RUN, day, 6)
    world, ends, later = make_world(recorded=True), [], []
    for replicate in range(4, 10):  # those after the run's own
        turn = np.array([(day + 1, replicate)], TURN)
        ends.append(int(outcomes(make_spec(run.setup), [3], world, turn)[0]["end_day"]))
        log = world["events"][1 : world["event_count"] + 1]
        before = log["day"] <= day
        later.append(log[~before].tobytes())
        assert before.sum() == (run.events["day"] <= day).sum()
        assert log["day"][before].tolist() == run.events["day"][run.events["day"] <= day].tolist()
    assert found.each["replicate"].tolist() == list(range(4, 10))
    assert found.each["end_day"].tolist() == ends
    assert len(set(later)) == 6


def test_over_many_pasts_futures_are_runs() -> None:
    """The mean over pasts is the mean of all runs: two samples that differ by more than five
    standard errors by chance less than once in a million."""
    base, pasts = ["seed=5", "run.horizon_days=150"], 120
    ends = np.array([
        futures([*base, f"replicate={1000 * r}"], -1, 10).each["end_day"].mean()
        for r in range(pasts)
    ])  # fmt: skip
    runs = outcomes(make_spec(load_setup(base)), np.arange(1200))["end_day"].astype(float)
    error = math.hypot(ends.std() / math.sqrt(pasts), runs.std() / math.sqrt(runs.size))
    assert abs(ends.mean() - runs.mean()) < 5 * error


def test_what_they_say_and_how_a_fork_differs() -> None:
    """Shares are counts of futures; a comparison is the mean of their differences."""
    found = futures(RUN, 40, 200)
    held = ~found.each["collapsed"]
    assert found.holds.value == held.mean()
    assert found.causes["chance"].sum() == pytest.approx(1.0)
    assert found.survival["day"].tolist() == list(range(41, 120))
    fork = [*RUN, "interventions=[{day: 20, set: {home.threshold: 12.0}}]"]
    other = futures(fork, 40, 200)
    told = found.compare(other)
    days = (other.each["end_day"] - found.each["end_day"]).mean()
    assert told["pairs"] == 200
    assert told["days_more"] == days
    assert told["days_more_low"] < days < told["days_more_high"]
    assert told["holds"] == (~other.each["collapsed"]).mean()
    with pytest.raises(InputError, match="another day"):
        found.compare(futures(RUN, 41, 10))


def test_they_say_how_far_they_are_and_can_be_stopped() -> None:
    shares: list[float] = []
    futures(RUN, 40, 30, threads=1, progress=shares.append)
    assert shares == sorted(shares)
    assert (len(shares), shares[-1]) == (30, 1.0)

    class Enough(Exception):
        pass

    def stop(share: float) -> None:
        raise Enough

    with pytest.raises(Enough):
        futures(RUN, 40, 30, progress=stop)


@pytest.mark.parametrize(
    ("day", "n", "said"),
    [(-2, 5, "before the truce"), (119, 5, "day"), (5000, 5, "day"), ("soon", 5, "not a date"),
     (10, 0, "not a number of futures"), (10, 2.5, "not a number of futures")],
)  # fmt: skip
def test_bad_days_and_numbers_are_refused(day, n, said) -> None:
    with pytest.raises(InputError, match=said):
        futures(RUN, day, n)


def test_a_day_can_be_a_date() -> None:
    assert futures(RUN, "2025-11-20", 3).day == 32


def test_the_command_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["futures", *RUN, "--day", "40", "--futures", "100"]
    assert run_command([*words, "--what-if", "home.threshold=9"]) == 0
    out = capsys.readouterr().out
    assert "up to the end of day 40, 28 November 2025, and 100 futures" in out
    assert "With home.threshold=9 from the next day on" in out
    assert out.splitlines()[-1].endswith("truce-sim view seed=7 replicate=3 "
                                         "run.horizon_days=120 --day 40")  # fmt: skip
    assert run_command([*words, "--format", "json"]) == 0
    said, found = json.loads(capsys.readouterr().out), futures(RUN, 40, 100)
    assert said["survival"][-1]["holds"] == found.holds.value
    assert run_command([*words, "--format", "csv"]) == 0
    assert capsys.readouterr().out.startswith("ahead,day,holds,holds_low,holds_high\n1,41,")
    assert run_command(["futures", *RUN, "--day", "119"]) == 2
    assert "--day" not in capsys.readouterr().out

"""Any two points of a sweep are compared run by run, and points without a partner are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from truce_sim import InputError, sweep
from truce_sim.analysis.compare import compare
from truce_sim.analysis.points import compare_points, find_point
from truce_sim.cli.commands import run_command
from truce_sim.sweeps.sweep import Sweep


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """Three cases, of which the first differs from the others in the reading."""
    factors = {
        "truce": ["literal", "practised", "practised"],
        "mediation": ["none", "none", "qatar_turkiye"],
    }
    return sweep(
        factors, {"run.horizon_days": 60}, design="zip", replicates=8,
        folder=tmp_path_factory.mktemp("zip") / "s", compare="mediation",
    )  # fmt: skip


def test_two_points_are_compared_as_plain_pandas_does(cases: Sweep) -> None:
    found = compare_points(cases, 2, 0)
    runs = cases.runs.pivot_table(index="replicate", columns="point", values="end_day")
    gap = np.minimum(runs[2], 60) - np.minimum(runs[0], 60)
    assert found.table["days"].item() == pytest.approx(gap.mean())
    assert found.table["n"].item() == 8
    same = compare(cases, "mediation").table
    near = compare_points(cases, {"mediation": "qatar_turkiye"}, 1).table
    names = ["n", "days", "days_low", "days_high", "holds", "holds_low", "holds_high"]
    assert near[names].equals(same[names])
    said = found.sentences()[0]
    assert "2 (truce=practised, mediation=qatar_turkiye) rather than 0 (truce=literal" in said
    assert compare_points(cases.path, 0, 2).table["days"].item() == -found.table["days"].item()


@pytest.mark.parametrize(
    ("point", "words"),
    [
        (3, "no such point"),
        (True, "is not a point but a bool"),
        ("2", "is not a point but a str"),
        ({"truce": "practised"}, "2 points have these settings: 1, 2"),
        ({"truce": "tolerant"}, "no run has that level"),
        ({"host": "unable"}, "no such factor"),
    ],
)
def test_a_point_that_is_none_is_refused(cases: Sweep, point: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        find_point(cases, point)  # type: ignore[arg-type]


def test_a_point_is_not_compared_with_itself(cases: Sweep) -> None:
    with pytest.raises(InputError, match="is the same point"):
        compare_points(cases, 1, {"truce": "practised", "mediation": "none"})


def test_points_without_a_partner_are_named(cases: Sweep) -> None:
    found = compare(cases, "mediation")
    alone = "point 0 (truce=literal, mediation=none), because no point differs from it in mediation"
    assert alone in found.left_out
    assert compare(cases, "truce").left_out.startswith("Left out: point 2 (truce=practised, ")


def test_the_command_compares_points_and_names_those_left_out(
    cases: Sweep, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(cases.path)
    assert run_command(["compare", folder]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Left out: point 0 (truce=literal, mediation=none), because" in told
    assert f"truce-sim compare {folder} --point 2 --against 0" in told
    assert run_command(["resume", folder]) == 0
    assert "Left out: point 0" in capsys.readouterr().out
    which = ["--point", "truce=practised,mediation=none", "--against", "0"]
    assert run_command(["compare", folder, *which]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "point=1 (truce=practised, mediation=none) rather than 0 (truce=literal" in told
    for wrong in (["--point", "1"], ["--point", "x", "--against", "0"], [*which, "--pooled"]):
        assert run_command(["compare", folder, *wrong]) == 2


def test_a_zip_without_any_pair_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "z"
    line = (
        "hydra.sweeper.design=zip truce=literal,practised mediation=none,qatar_turkiye "
        f"sweep.compare=mediation sweep.replicates=2 run.horizon_days=20 output.dir={tmp_path}"
    )
    assert run_command(["sweep", *line.split(), "output.name=z", "sweep.workers=1"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Left out: points 0 (truce=literal, mediation=none), 1 (truce=practised" in told
    with pytest.raises(InputError, match="differ in this factor alone") as refused:
        compare(folder)
    assert "--point 1 --against 0" in refused.value.allowed

"""The border in finer cells: the same kilometres, the same truces."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from theory import bounds
from truce_sim import load_setup, simulate_many
from truce_sim.intervals import Floats

#: Days by which mean survival may differ from that of the default grid (docs/model.md, 7.18).
TOLERANCE = 10.0
RUNS = 6_000


def survival(*overrides: str) -> Floats:
    """Days of each run, in order of replicates."""
    setup = load_setup(list(overrides))
    runs = simulate_many({"home.threshold": [setup.config.home.threshold]}, setup, replicates=RUNS)
    return runs.sort_values("replicate")["end_day"].to_numpy(float)


@pytest.mark.parametrize("fold", [2, 4])
def test_finer_cells_across_the_line_make_the_same_truces(fold: int) -> None:
    usual = load_setup([]).config
    finer = survival(
        f"border.cell_km={usual.border.cell_km / fold}",
        f"border.host_depth={usual.border.host_depth * fold}",
        f"border.home_depth={usual.border.home_depth * fold}",
        f"militants.pace_cells_per_day={usual.militants.pace_cells_per_day * fold}",
        f"militants.evasion={1 - (1 - usual.militants.evasion) ** (1 / fold)}",
    )
    differences = finer - survival()
    by_chance = stats.norm.isf(bounds.ALPHA / 2) * differences.std(ddof=1) / math.sqrt(RUNS)
    assert abs(differences.mean()) < TOLERANCE + by_chance


def test_more_cells_of_ten_kilometres_are_another_border() -> None:
    """The test above can fail: the same depth in cells of the usual size moves truces further."""
    bounds.above(survival("border.host_depth=20") - survival(), TOLERANCE)

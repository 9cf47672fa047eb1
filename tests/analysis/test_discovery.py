"""Where it fails: a known region is found, measured honestly, and told in words."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from truce_sim import InputError, open_sweep, sweep
from truce_sim.analysis.discovery import describe_box, prim, tree
from truce_sim.analysis.methods.halves import split
from truce_sim.intervals import NO_ESTIMATE, Estimate
from truce_sim.sweeps.sweep import Sweep


class Made(Sweep):
    """A sampled sweep of made-up runs: they fail with `inside` where x < 0.3 and w is "bad", else
    with `outside`."""

    design, factors, path = "sobol", ("x", "z", "w"), "made"

    def __init__(self, seed: int, points: int = 400, inside=0.9, outside=0.3, replicates=1):
        rng = np.random.default_rng(seed)
        words = np.array(["good", "bad"])[np.arange(points) % 2]
        table = pd.DataFrame({"x": rng.random(points), "z": rng.random(points), "w": words})
        self.folder = type("Folder", (), {"design": table.rename_axis("point")})
        share = np.where((table["x"] < 0.3) & (table["w"] == "bad"), inside, outside)
        self.truth = inside
        point = np.repeat(np.arange(points), replicates)
        replicate = np.tile(np.arange(replicates), points)
        self.made = table.iloc[point].reset_index(drop=True).assign(
            point=point, replicate=replicate, seed=1,
            y=(rng.random(point.size) < share[point]).astype(float),
        )  # fmt: skip

    def outcome(self, name: str) -> pd.DataFrame:
        """The runs, as of Sweep.outcome."""
        return self.made if name == "collapsed" else self.made.assign(y=1 - self.made["y"])


def test_a_known_box_is_found() -> None:
    box = prim(Made(1, 5000))[0]
    limits = box.limits.set_index("factor")
    assert set(limits.index) == {"x", "w"}
    assert limits.loc["w", "levels"] == ["bad"]
    assert limits.loc["x", "high"] == pytest.approx(0.3, abs=0.06)
    assert np.isnan(limits.loc["x", "low"])
    assert box.density.value == pytest.approx(0.87, abs=0.05)
    assert box.mass.value == pytest.approx(0.15, abs=0.04)
    assert box.p < 0.01


def test_measures_are_of_the_half_that_had_no_part_in_finding() -> None:
    """Recomputed by hand from the runs of that half."""
    ours = Made(2)
    box = prim(ours)[0]
    runs = ours.outcome("collapsed")
    unit = runs["point"].to_numpy()
    _, measured = split(unit, unit, runs["y"].to_numpy(), True)
    inside = box.inside(ours.folder.design)[measured.point]
    assert box.density.value == pytest.approx(measured.hits[inside].sum() / inside.sum())
    assert box.coverage.value == pytest.approx(measured.hits[inside].sum() / measured.hits.sum())
    assert box.n == measured.runs.sum() == 200


def test_noise_has_no_box_that_is_called_clear() -> None:
    """In 60 sweeps where nothing matters, a box is rarely found, and seldom thought clear."""
    found = [prim(Made(seed, 200, 0.4, 0.4)) for seed in range(60)]
    clear = sum(bool(boxes) and boxes[0].p < 0.05 for boxes in found)
    assert stats.binomtest(clear, 60, 0.05, "greater").pvalue > 1e-6


@pytest.mark.slow
def test_intervals_of_a_box_cover() -> None:
    """300 sweeps of 300 samples: every measure of the box that was found, against what is true of
    that box in the whole space. Each may fail by chance once in a million runs."""
    hits = []
    for seed in range(300):
        boxes = prim(Made(1000 + seed, 300, 0.8, 0.4))
        if boxes:
            hits.append([low <= true <= high for true, low, high in truths(boxes[0], seed)])
    assert len(hits) > 200
    for count in np.sum(hits, axis=0):
        assert stats.binomtest(int(count), len(hits), 0.95).pvalue > 1e-6, count / len(hits)


def truths(box, seed: int):
    """(true value, low, high) of each measure of a box of such a sweep, from 20,000 new points."""
    rng = np.random.default_rng(seed)
    fresh = pd.DataFrame({"x": rng.random(20_000), "z": rng.random(20_000),
                          "w": rng.choice(["good", "bad"], 20_000)})  # fmt: skip
    share = np.where((fresh["x"] < 0.3) & (fresh["w"] == "bad"), 0.8, 0.4)
    inside = box.inside(fresh)
    true = {
        "mass": inside.mean(), "density": share[inside].mean(), "elsewhere": share[~inside].mean(),
        "coverage": share[inside].sum() / share.sum(), "base": 0.46,
    }  # fmt: skip
    return [(value, *getattr(box, name)[1:]) for name, value in true.items()]


@pytest.mark.slow
def test_intervals_of_a_grid_cover_given_its_points() -> None:
    """400 grids of 12 points and 60 replicates, which share draws: the share of four points among
    the replicates of the measuring half. Each may fail by chance once in a million runs."""
    rng, n, hits = np.random.default_rng(8), 400, 0
    share = np.linspace(0.1, 0.9, 12)
    unit, point = np.divmod(np.arange(60 * 12), 12)
    for _ in range(n):
        common, own = rng.normal(size=60)[unit], rng.normal(size=unit.size)
        y = stats.norm.cdf((common + own) / np.sqrt(2)) < share[point]
        _, half = split(unit, point, y.astype(float), False)
        within = half.point < 4
        found = half.ratio(half.hits * within, half.runs * within)
        hits += found.low <= share[:4].mean() <= found.high
    assert stats.binomtest(hits, n, 0.95).pvalue > 1e-6, hits / n


def test_further_boxes_are_sought_in_what_is_left() -> None:
    boxes = prim(Made(3, 5000), boxes=3)
    assert 1 <= len(boxes) <= 3
    covered = sum(box.coverage.value for box in boxes)
    assert covered <= 1.0 + 1e-9


def test_a_box_in_words() -> None:
    told = describe_box(prim(Made(1, 5000))[0])
    assert told.startswith("In ")
    assert "w bad" in told
    assert "Chance alone" not in told
    held = describe_box(prim(Made(2, 5000, 0.1, 0.7), "holds")[0])
    for sentence, verb in ((told, "collapse"), (held, "hold")):
        assert re.search(r"truces hold in \d+ % \[\d+, \d+\] of runs", sentence)
        assert re.search(r"elsewhere in \d+ % \[\d+, \d+\]", sentence)
        assert re.search(rf"\d+ % \[\d+, \d+\] of all runs that {verb} are there", sentence)
        assert "(n = 2,500 runs)" in sentence
        assert len(re.findall(" %", sentence)) == len(re.findall(r" % \[", sentence)) == 4


def test_a_tree_finds_the_same_region() -> None:
    pytest.importorskip("sklearn")
    found = tree(Made(1, 5000))
    assert "w bad" in found["rule"].iloc[0]
    assert "x at most" in found["rule"].iloc[0]
    assert found["density_low"].iloc[0] <= 0.9 <= found["density_high"].iloc[0]
    assert found["mass"].sum() == pytest.approx(1.0)


def test_a_tree_without_scikit_learn_says_what_to_install(monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "sklearn.tree", None)
    with pytest.raises(InputError) as caught:
        tree(Made(1))
    assert "truce-sim[models]" in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"outcome": "days"}, "yes-or-no outcome"),
        ({"coverage": 2.0}, "is not a share"),
    ],
)
def test_bad_settings_are_named(settings, told) -> None:
    with pytest.raises(InputError, match=told):
        prim(Made(1), **settings)


def test_outcomes_that_are_all_alike_have_no_box() -> None:
    assert prim(Made(1, 100, 1.0, 1.0)) == []


def test_a_grid_is_split_by_replicates(tmp_path) -> None:
    sweep({"truce": ["literal", "practised"], "home.threshold": [3.0, 5.0]}, replicates=40,
          folder=tmp_path / "s")  # fmt: skip
    box = prim(open_sweep(tmp_path / "s"))[0]
    assert box.limits["factor"].tolist()[0] == "truce"
    assert box.mass.low == box.mass.high  # the points are what they are
    sweep({"truce": ["literal", "practised"]}, replicates=2, folder=tmp_path / "few")
    few = open_sweep(tmp_path / "few")
    with pytest.raises(InputError, match="too few replicates"):
        prim(few)


def test_a_share_that_cannot_be_bounded_says_why() -> None:
    """All that collapse do so with the same draws: the coverage has no interval."""
    box = replace(prim(Made(1, 5000))[0], coverage=Estimate(1.0, np.nan, np.nan))
    assert "100 % (too few replicates or samples for an interval) of all runs" in describe_box(box)
    none = replace(box, coverage=NO_ESTIMATE, density=NO_ESTIMATE)
    assert "nan" not in describe_box(none)

"""V5 of the specification: daily counts of attacks are INGARCH(1,1), so their posterior is known.

A fit to events sees counts only through its summaries (numbers a week, Fano factors), which are
not sufficient: its posterior may be wider than the exact one, but must not be elsewhere.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import gammaln

from inference.exact import QUANTILES
from truce_sim import load_setup
from truce_sim.analysis.incidents import Incidents, line_length
from truce_sim.inference import flow
from truce_sim.inference.calibration import calibration
from truce_sim.inference.prior import Prior, load_prior
from truce_sim.inference.task import Task
from truce_sim.inference.violence import Violence

pytest.importorskip("flowjax")

Floats = NDArray[np.float64]

RATE, OWN = "militants.attempts_per_day", "militants.excitation"
YEARS, DAYS, MEMORY = 2, 365, 6.0
DRAWS, TESTS, COMPARED = 3000, 300, 12
#: Every attempt is a lethal attack on its day, and only attacks bring about others.
BASE = {
    "mediation": "none", "frailty": "none", "home.threshold": math.inf,
    "host.threshold": math.inf, "run.warmup_days": 0, "run.horizon_days": DAYS,
    "truce.collapse_strikes": math.inf, "militants.excitation_memory_days": MEMORY,
    "militants.excitation": 0.5,
    "militants.deterrence": 0.0, "militants.band_size": 0.0, "militants.spoiler_strength": 0.0,
    "militants.risk_aversion": 0.0, "militants.evasion": 0.0,
    "militants.pace_cells_per_day": 1000, "militants.staging_days": 0.0,
    "home.capacity": 0.0, "host.capacity": 0.0, "militants.lethal_share": 1.0,
}  # fmt: skip
PRIOR = {"settings": {RATE: {"law": "lognorm", "s": 0.5, "scale": 0.3},
                      OWN: {"law": "beta", "a": 2, "b": 3, "most": 0.9}}}  # fmt: skip


def exact(prior: Prior, counts: Floats, cells: int = 81) -> Floats:
    """The posterior's quantiles (settings, quantiles) of scores, given counts (runs, days)."""
    line = np.linspace(-4.5, 4.5, cells)
    scores = np.stack(np.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)
    values = prior.values(scores)
    rate, own = values[RATE].to_numpy(float), values[OWN].to_numpy(float)
    beta = math.exp(-1 / MEMORY)
    log = -(scores**2).sum(axis=1) / 2
    for run in counts:
        memory = np.zeros(len(scores))
        for n in run:
            mean = rate + own * (1 - beta) * memory
            log += n * np.log(mean) - mean - gammaln(n + 1)
            memory = beta * memory + n
    weight = np.exp(log - log.max())
    found = []
    for i in range(2):
        mass = np.bincount(np.searchsorted(line, scores[:, i]), weight, cells)
        share = np.cumsum(mass) / mass.sum()
        found.append(np.interp(QUANTILES, share, line + (line[1] - line[0]) / 2))
    return np.array(found)


def test_v05_the_posterior_of_counts_is_where_the_exact_one_is() -> None:
    """Over 12 data sets, medians are off by 0.7 exact deviations on average at most.

    They were off by 0.41 and 0.44, and 95 % intervals 1.15 and 1.08 times as wide as the exact
    ones; training ends elsewhere on other processors. A posterior that ignored the data would be
    off by more than 1. On 300 data sets, a 95 % interval that covers 95 % is below 86 % by chance
    once in 10^9.
    """
    setup = load_setup(BASE)
    template = Incidents(None, np.full(YEARS, DAYS), np.zeros(YEARS, np.int64), line_length(setup))  # type: ignore[arg-type]
    violence = Violence(template, setup, {})
    prior = load_prior(PRIOR).for_base(setup, [RATE, OWN])
    scores = prior.draw_scores(DRAWS + TESTS, 1)
    values = prior.values(scores).assign(seed=np.arange(len(scores)))
    summaries = violence.simulate(values)
    task = Task(setup, prior, (), 1, violence)
    fitted = summaries[:, task.fitted]
    found = flow.train(scores[:-TESTS], fitted[:-TESTS], 1)
    drawn = found.sample(fitted[-TESTS:], 999, 2)
    table = calibration(prior.settings, scores[-TESTS:], drawn)
    assert (table["cover95"] > 0.86).all()
    model, _ = violence.violence_of(values.iloc[-TESTS:].head(COMPARED))
    cell = model.frame["run"].to_numpy() * DAYS + model.frame["day"].to_numpy()
    counts = np.bincount(cell, minlength=COMPARED * YEARS * DAYS).reshape(COMPARED, YEARS, DAYS)
    known = np.array([exact(prior, run.astype(float)) for run in counts])
    ours = np.quantile(drawn[:, :COMPARED], QUANTILES, axis=0).transpose(1, 2, 0)
    spread = (known[..., 3] - known[..., 1]) / 1.349
    off = np.abs(ours[..., 2] - known[..., 2]) / spread
    wider = (ours[..., 4] - ours[..., 0]) / (known[..., 4] - known[..., 0])
    print("median off", off.mean(axis=0), "ratio of widths", wider.mean(axis=0))
    assert (off.mean(axis=0) < 0.7).all()
    assert ((wider.mean(axis=0) > 0.8) & (wider.mean(axis=0) < 2.0)).all()

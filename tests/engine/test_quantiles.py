"""Quantiles of the gamma and beta laws against scipy's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import betaincinv, betaln, gammaincinv, gammaln

from truce_sim.engine.quantiles import beta_quantile, gamma_quantile, log_beta, log_gamma

RNG = np.random.default_rng(20251019)

#: Uniforms as draws are: the middle, and far into both tails.
U = [0.5, 2.0**-53, 1 - 2.0**-53, *RNG.random(40), *10.0 ** -RNG.uniform(1, 15, 10)]
U += [1 - u for u in U[-10:]]

SHAPES = [1 / 9, 0.5, 1.0, 6.25, 11.1, 100.0, 3e3, 9e4, 9.9e5, 1.1e6, 1e9, 1e14]


@pytest.mark.parametrize("shape", SHAPES)
def test_gamma(shape: float) -> None:
    """To 1e-11 of the quantile, from a coefficient of variation of 3 to one of 1e-7; in the far
    tails of narrow laws, where scipy's own errors show, to some of a standard deviation."""
    for u in U:
        ours, theirs = gamma_quantile(u, shape), float(gammaincinv(shape, u))
        if shape < 1e5 or 1e-3 < u < 1 - 1e-3:
            assert ours == pytest.approx(theirs, rel=1e-11, abs=0)
        else:
            assert abs(ours - theirs) < 0.5 * math.sqrt(shape)


BETAS = [
    (1.2, 2.8), (0.04, 0.06), (0.5, 0.5), (1.0, 1.0), (1e-3, 0.1), (30.0, 2.0), (400.0, 600.0),
    (2e4, 7e4), (12.0, 15.9), (16.0, 16.0), (1.0, 1e-3), (50.0, 9e5), (0.01, 3.0), (1.0, 9e4),
]  # fmt: skip

#: Some that nobody needs, but which must end.
NARROW = [(9e5, 8e5), (2e6, 3e6), (1e9, 1e12), (1.5, 1e12), (3e12, 0.2), (7.0, 1e15), (2e5, 1e6)]


@pytest.mark.parametrize(("a", "b"), BETAS)
def test_beta(a: float, b: float) -> None:
    """To 1e-11 of the quantile, or of what is left of it to 1."""
    for u in U:
        ours, theirs = beta_quantile(u, a, b), float(betaincinv(a, b, u))
        assert ours == pytest.approx(theirs, rel=1e-11, abs=1e-300)


@pytest.mark.parametrize(("a", "b"), NARROW)
def test_a_narrow_beta(a: float, b: float) -> None:
    """To 1e-8 of the quantile, but in the far tails, where scipy's own errors show."""
    for u in U:
        ours, theirs = beta_quantile(u, a, b), float(betaincinv(a, b, u))
        assert 0.0 <= ours <= 1.0
        if 1e-3 < u < 1 - 1e-3:
            assert ours == pytest.approx(theirs, rel=1e-8, abs=1e-300)


@pytest.mark.parametrize(("a", "b"), [(1e-300, 1.0), (5e-324, 3.0), (1e-5, 4.0), (4.0, 1e-300)])
def test_a_mean_next_to_nothing_or_all(a: float, b: float) -> None:
    """What lies below the smallest number is 0."""
    for u in (0.001, 0.5, 0.999):
        assert beta_quantile(u, a, b) == pytest.approx(float(a > b), rel=0, abs=1e-40)


def test_they_rise_with_the_uniform() -> None:
    """But for the last digits of what they are rounded to."""
    u = np.sort(RNG.random(2000))
    for law in ((6.25,), (0.2,), (1.2, 2.8), (0.1, 0.3)):
        x = np.array([(gamma_quantile if len(law) == 1 else beta_quantile)(v, *law) for v in u])
        assert (np.diff(x) > -1e-14 * x[1:]).all()


def test_log_gamma_and_log_beta() -> None:
    for x in [1e-300, 1e-5, 0.3, 1.0, 2.0, 15.99, 16.0, 1e3, 1e9]:
        assert log_gamma(x) == pytest.approx(gammaln(x), rel=1e-14, abs=1e-14)
    for a, b in BETAS:
        assert log_beta(a, b) == log_beta(b, a)
        assert log_beta(a, b) == pytest.approx(betaln(a, b), rel=1e-11, abs=1e-14)
    small = log_beta(2.0, 1e15)  # B(2, b) = 1 / (b (b+1))
    assert small == pytest.approx(-math.log(1e15) - math.log(1e15 + 1), rel=1e-15)

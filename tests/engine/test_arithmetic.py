"""exp, log and log1p against `decimal`, which rounds correctly; and one number on every machine."""

from __future__ import annotations

import math
from decimal import Context, Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from truce_sim.engine import arithmetic
from truce_sim.engine.arithmetic import exact_exp, exp, log, log1p
from truce_sim.engine.compile import rule

#: Errors that the module states, in units in the last place.
BOUND, BOUND_SUBNORMAL = 0.52, 1.0

SMALLEST = 2.0**-1074


@rule
def apply(which, x, out):
    """One of the functions, of every element."""
    for i in range(x.size):
        if which == 0:
            out[i] = exp(x[i])
        elif which == 1:
            out[i] = log(x[i])
        else:
            out[i] = log1p(x[i])


FUNCTIONS = {"exp": 0, "log": 1, "log1p": 2}


def values(name: str, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the rules' function gives for each argument."""
    out = np.empty_like(x)
    apply(FUNCTIONS[name], x, out)
    return out


def exact(name: str, x: float) -> Decimal:
    """The same to 40 digits or more."""
    if name == "exp":
        return Decimal(x).exp()
    if name == "log":
        return Decimal(x).ln()
    if abs(x) < 1e-18:
        return Decimal(x) * (1 - Decimal(x) / 2)
    with localcontext(Context(prec=80)):
        return (1 + Decimal(x)).ln()


def error(name: str, x: float, y: float) -> float:
    """How far y is from the function at x, in units of its last place."""
    with localcontext(Context(prec=40)):
        near = exact(name, x)
        return float(abs(near - Decimal(y)) / Decimal(math.ulp(y)))


def spread(name: str) -> NDArray[np.float64]:
    """Arguments over all magnitudes, and many where a run needs them."""
    rng = np.random.default_rng([20251019, FUNCTIONS[name]])
    magnitudes = 10.0 ** rng.uniform(-300, 2.8, 1500)
    near_0 = 10.0 ** rng.uniform(-16, -1, 1500) * rng.choice([-1, 1], 1500)
    if name == "exp":
        return np.concatenate([
            rng.uniform(-746, 709.7, 2500), rng.uniform(-10, 1, 2500), rng.uniform(-746, -700, 500),
            -magnitudes, magnitudes[magnitudes < 700], near_0,
            np.arange(-99.5, 99) * math.log(2) / 128,
        ])  # fmt: skip
    if name == "log":
        edges = 0.5 * (1 + np.arange(48, 176) / 128)
        return np.concatenate([
            10.0 ** rng.uniform(-323, 308, 2000), rng.uniform(0, 2, 2500), 1.0 + near_0, edges,
            np.nextafter(edges, 0), SMALLEST * rng.integers(1, 2**40, 300),
        ])  # fmt: skip
    return np.concatenate([
        -rng.random(3000), rng.uniform(0, 5, 500), near_0, np.abs(near_0) - 1.0,
        10.0 ** rng.uniform(-300, 300, 500), -(10.0 ** rng.uniform(-300, 0, 1000)),
        2.0**-27 * rng.uniform(0.9, 1.1, 200), -(2.0**-27) * rng.uniform(0.9, 1.1, 200),
    ])  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_is_within_the_stated_error(name: str) -> None:
    x = spread(name)
    y = values(name, x)
    normal = np.abs(y) >= 2.0**-1022
    errors = np.array([error(name, *pair) for pair in zip(x.tolist(), y.tolist(), strict=True)])
    assert errors[normal].max() < BOUND
    assert errors[~normal].max(initial=0) <= BOUND_SUBNORMAL
    assert (errors[normal] > 0.5).mean() < 0.01


@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_differs_from_the_c_library_by_a_last_bit_at_most(name: str) -> None:
    """So folders made by earlier rules hold the same numbers, but for last digits."""
    x = spread(name)
    theirs = np.array([getattr(math, name)(v) for v in x.tolist()])
    ours = values(name, x)
    assert (np.abs(ours - theirs) <= np.spacing(np.abs(theirs))).all()
    assert (ours != theirs).mean() < 0.2


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("exp", 0.0, 1.0), ("exp", -0.0, 1.0), ("exp", math.inf, math.inf), ("exp", -math.inf, 0.0),
        ("exp", 709.782712893384, 1.7976931348622732e308), ("exp", 709.7827128933841, math.inf),
        ("exp", 1e300, math.inf), ("exp", -745.13321910194110, SMALLEST), ("exp", -745.14, 0.0),
        ("exp", -1e300, 0.0), ("exp", SMALLEST, 1.0),
        ("log", 1.0, 0.0), ("log", 0.0, -math.inf), ("log", -0.0, -math.inf),
        ("log", math.inf, math.inf), ("log", SMALLEST, -744.4400719213812),
        ("log", 1.7976931348623157e308, 709.782712893384),
        ("log1p", 0.0, 0.0), ("log1p", -1.0, -math.inf), ("log1p", math.inf, math.inf),
        ("log1p", SMALLEST, SMALLEST), ("log1p", -SMALLEST, -SMALLEST),
    ],
)  # fmt: skip
def test_ends_and_exact_values(name: str, x: float, y: float) -> None:
    assert getattr(arithmetic, name)(x) == y


@pytest.mark.parametrize(
    ("name", "x"),
    [("exp", math.nan), ("log", math.nan), ("log1p", math.nan), ("log", -1.0), ("log", -SMALLEST),
     ("log", -math.inf), ("log1p", -1.5), ("log1p", -math.inf)],
)  # fmt: skip
def test_what_is_no_number(name: str, x: float) -> None:
    assert math.isnan(getattr(arithmetic, name)(x))


def test_the_sign_of_zero_is_kept() -> None:
    assert math.copysign(1.0, log1p(-0.0)) == -1.0
    assert math.copysign(1.0, log1p(0.0)) == 1.0
    assert math.copysign(1.0, log(1.0)) == 1.0


def test_tables_are_what_they_say() -> None:
    """Short numbers whose products are exact, logarithms of which high and low make 80 bits."""
    with localcontext(Context(prec=50)):
        for i in range(128):
            inverse = arithmetic._INVERSE[i]
            assert inverse * 4096 == int(inverse * 4096)
            parts = Decimal(arithmetic._LOG_HIGH[i]) + Decimal(arithmetic._LOG_LOW[i])
            assert abs(parts + Decimal(inverse).ln()) < Decimal(2) ** -95
            assert Fraction(arithmetic._LOG_HIGH[i]).denominator <= 2**42


def test_the_exact_exponential_is_right_to_the_last_bit() -> None:
    x = -np.concatenate([np.linspace(0.0, 36.0, 2001), np.logspace(-300, 1, 1001)])
    assert exact_exp(x).tolist() == [float(Decimal(v).exp()) for v in x.tolist()]

"""The rules' own exp, log and log1p, so that a run gives the same numbers on every machine.

Those of C libraries differ in the last bit, between libraries and, within one, between processors
with and without fused multiply-add. These use only operations that IEEE 754 defines to the bit,
which the compiler neither reorders nor fuses. The tables are computed with `decimal`, which is
exact everywhere.

Errors are below 0.52 units in the last place (of exp below 2^-1022: 1), so results are the
correctly rounded ones for all but about one argument in a hundred.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

import numpy as np
from numpy.typing import NDArray

from truce_sim.engine.compile import rule, rule_apart

#: Parts of an octave, in the tables.
_PARTS = 128

#: Digits to which the tables are computed before they are rounded to floats.
_DIGITS = Context(prec=50, rounding=ROUND_HALF_EVEN)


# ── tables ───────────────────────────────────────────────────────────────────────────────────


def _on_grid(x: Decimal, places: int) -> float:
    """The nearest multiple of 2^-places, a float exactly: a short number, whose products are exact
    too."""
    return float(int((x * 2**places).to_integral_value())) / 2**places


def _powers() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """2^(i/128) as the bits of the nearest float, and the relative remainder."""
    exact, root = [Decimal(1)], Decimal(2) ** (Decimal(1) / _PARTS)
    while len(exact) < _PARTS:
        exact.append(exact[-1] * root)
    near = np.array([float(x) for x in exact])
    lacks = [float((x - Decimal(y)) / x) for x, y in zip(exact, near.tolist(), strict=True)]
    return near.view(np.int64), np.array(lacks)


def _logarithms() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """For each 128th of an octave from `_LEAST` on: a short number near 1 / middle, 1 itself next
    to 1; minus its logarithm, on a grid of 2^-42; and the remainder."""
    inverse = np.empty(_PARTS)
    for i in range(_PARTS):
        place = 48 + i  # in 128ths, of [0.5, 1) and from 128 on of [1, 2)
        middle = (1 + (place % _PARTS + 0.5) / _PARTS) * (0.5 if place < _PARTS else 1.0)
        inverse[i] = 1.0 if place in (127, 128) else round(4096 / middle) / 4096
    exact = [-Decimal(x).ln() for x in inverse.tolist()]
    high = [_on_grid(x, 42) for x in exact]
    low = [float(x - Decimal(y)) for x, y in zip(exact, high, strict=True)]
    return inverse, np.array(high), np.array(low)


with localcontext(_DIGITS):
    _LN2 = Decimal(2).ln()
    _STEP_HIGH = _on_grid(_LN2 / _PARTS, 42)
    _STEP_LOW = float(_LN2 / _PARTS - Decimal(_STEP_HIGH))
    _STEPS_PER_UNIT = float(_PARTS / _LN2)
    _LN2_HIGH = _on_grid(_LN2, 42)
    _LN2_LOW = float(_LN2 - Decimal(_LN2_HIGH))
    _POWER_BITS, _POWER_LACKS = _powers()
    _INVERSE, _LOG_HIGH, _LOG_LOW = _logarithms()

#: Adding and then subtracting it rounds to the nearest whole number.
_ROUNDER = 1.5 * 2.0**52

#: Bits of 0.6875, where the octave of the table of logarithms begins, so that 1 is inside.
_LEAST = 0x3FE6 << 48

_SMALLEST_NORMAL = 2.0**-1022
_UPPER_HALF = ~((1 << 27) - 1)


# ── exp ──────────────────────────────────────────────────────────────────────────────────────


@rule_apart
def exp(x):
    """e^x."""
    if abs(x) < 700.0:
        return _exp(x, 0)
    return _extreme_exp(x)


@rule
def _exp(x, octaves):
    """e^x / 2^octaves = 2^(k/128 - octaves) e^r, with |r| <= ln 2 / 256."""
    steps = (x * _STEPS_PER_UNIT + _ROUNDER) - _ROUNDER
    k = int(steps)
    r = (x - steps * _STEP_HIGH) - steps * _STEP_LOW
    i, square = k & (_PARTS - 1), r * r
    power = (_POWER_BITS[i] + (((k >> 7) - octaves) << 52)).view(np.float64)
    series = square * (0.5 + r * (1.0 / 6.0)) + square * square * (1.0 / 24.0 + r * (1.0 / 120.0))
    return power + power * ((_POWER_LACKS[i] + r) + series)


@rule_apart
def _extreme_exp(x):
    """e^x where it, or 2^(k/128), may not be a normal number."""
    if x > 710.0:
        return math.inf
    if x < -746.0:
        return 0.0
    if x > 0.0:
        return _exp(x, 512) * 2.0**512
    if x < 0.0:
        return _exp(x, -512) * 2.0**-512
    return x  # NaN


def exact_exp(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return e^x for x from -700 to 0, correctly rounded, for what is computed once for all runs.

    From the tables, whose error is below a fiftieth of the last place before it is rounded; where
    it might be rounded either way, by `decimal`.
    """
    steps = np.rint(x * _STEPS_PER_UNIT)
    k = steps.astype(np.int64)
    r = (x - steps * _STEP_HIGH) - steps * _STEP_LOW
    i, square = k % _PARTS, r * r
    power = (_POWER_BITS[i] + (k // _PARTS << 52)).view(np.float64)
    series = square * (0.5 + r / 6.0) + square * square * (1.0 / 24.0 + r / 120.0)
    rest, margin = power * ((_POWER_LACKS[i] + r) + series), power * 2.0**-57
    result: NDArray[np.float64] = power + (rest - margin)
    for at in np.flatnonzero(result != power + (rest + margin)):
        result[at] = float(Decimal(x[at]).exp())
    return result


# ── log and log1p ────────────────────────────────────────────────────────────────────────────


@rule_apart
def log(x):
    """Natural logarithm."""
    if _SMALLEST_NORMAL <= x < math.inf:
        high, low = _log(x)
        return high + low
    return _extreme_log(x)


@rule_apart
def log1p(x):
    """log(1 + x), exact where 1 + x is not."""
    if abs(x) < 2.0**-27:
        return x - x * x * (0.5 - x * (1.0 / 3.0))
    y = 1.0 + x
    if _SMALLEST_NORMAL <= y < math.inf:
        lost = x - (y - 1.0) if x <= 1.0 else 1.0 - (y - x)
        high, low = _log(y)
        return high + (low + lost / y)
    return _extreme_log(y)


@rule
def _log(x):
    """log x as a sum of two: k ln 2 - log c + log(1 + r), with x = 2^k m, c m = 1 + r, |r| < 2^-7.

    c is so short a number that both halves of c m are exact.
    """
    bits = x.view(np.int64)
    place = bits - _LEAST
    i, k = (place >> 45) & (_PARTS - 1), place >> 52
    m_bits = bits - (k << 52)
    m, upper = m_bits.view(np.float64), (m_bits & _UPPER_HALF).view(np.float64)
    a, b = upper * _INVERSE[i] - 1.0, (m - upper) * _INVERSE[i]
    r = a + b
    known = k * _LN2_HIGH + _LOG_HIGH[i]  # exact
    high = known + r
    low = ((known - high) + r) + ((k * _LN2_LOW + _LOG_LOW[i]) + (b - (r - a)))
    square = r * r
    odd = 1.0 / 3.0 + square * (1.0 / 5.0 + square * (1.0 / 7.0))
    even = 0.25 + square * (1.0 / 6.0 + square * 0.125)
    return high, low + square * (r * (odd - r * even) - 0.5)


@rule_apart
def _extreme_log(x):
    """log x where x is not a normal number above 0."""
    if x > 0.0 and x < math.inf:
        high, low = _log(x * 2.0**54)
        return (high - 54.0 * _LN2_HIGH) + (low - 54.0 * _LN2_LOW)
    if x == 0.0:
        return -math.inf
    return x if x > 0.0 else math.nan  # infinite, negative or NaN

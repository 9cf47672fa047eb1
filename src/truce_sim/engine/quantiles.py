"""Quantiles of the gamma and beta laws, by the rules' own arithmetic (`arithmetic.py`).

Both are found as log x and log(x / (1-x)), of which the log of either tail is concave. So Newton's
method, on the log of the smaller tail and from a bound on that tail's side, goes straight to the
quantile. A tail is known as a multiple of the density, which cannot underflow: of a gamma by its
series or its continued fraction (DLMF 8.7.1, 8.9.2), of a beta by its continued fraction
(DLMF 8.17.22).
"""

from __future__ import annotations

import math

from truce_sim.engine.arithmetic import exp, log, log1p
from truce_sim.engine.compile import rule, rule_apart
from truce_sim.engine.draws import logistic, normal

#: From this shape on, distributions are nearly normal, and quantiles follow from cumulants.
NEARLY_NORMAL = 1e6

#: Newton's method stops at steps this small: the next one would be about its square.
_CLOSE = 1e-9

#: A bound on steps; none takes as many.
_MOST = 100

#: A beta distribution is nearly a gamma one where one parameter is this many times the other (and
#: 1).
_MUCH_LARGER = 1e5

#: A parameter below this puts practically all of the probability at one end of (0, 1).
_NOTHING = 1e-10

#: From here on Stirling's series is exact to the last digit.
_LARGE = 16.0

_EPSILON = 2.0**-53


@rule_apart
def gamma_quantile(u, shape):
    """x with P(shape, x) = u, for u in (0, 1) and shape > 0; to 1e-11 of it."""
    if shape > NEARLY_NORMAL:
        skew = 2.0 / math.sqrt(shape)
        return shape + math.sqrt(shape) * _cornish_fisher(u, skew, 6.0 / shape)
    scale, upper = log_gamma(shape), u >= 0.5
    goal = log1p(-u) if upper else log(u)
    if upper:  # Boucheron, Lugosi and Massart (2013), section 2.4: the tail beyond is at most 1 - u
        x = log(shape + math.sqrt(-2.0 * shape * goal) - goal)
    else:  # P(shape, x) <= x^shape / Γ(shape + 1)
        x = (goal + scale + log(shape)) / shape
    for _ in range(_MOST):
        density = shape * x - exp(x) - scale  # its log
        tail = _gamma_tail(shape, exp(x), density, upper)
        step = (goal - density - log(tail)) * tail
        x += -step if upper else step
        if abs(step) < _CLOSE:
            break
    return exp(x)


@rule_apart
def beta_quantile(u, a, b):
    """x with I_x(a, b) = u, for u in (0, 1) and a, b > 0; to 1e-11 of it."""
    if min(a, b) > NEARLY_NORMAL:
        return _nearly_normal_beta(u, a / (a + b), b / (a + b), a + b)
    if min(a, b) < _NOTHING:
        return 0.0 if a < b else 1.0
    if b > _MUCH_LARGER * max(a, 1.0):
        return _nearly_gamma_beta(u, a, b)
    if a > _MUCH_LARGER * max(b, 1.0):
        return 1.0 - _nearly_gamma_beta(1.0 - u, b, a)
    if u >= 0.5:
        return logistic(-_beta_log_odds(log1p(-u), b, a))
    return logistic(_beta_log_odds(log(u), a, b))


@rule_apart
def _beta_log_odds(goal, a, b):
    """log(x / (1-x)) with log I_x(a, b) = goal <= log 1/2."""
    if a < 1e-4:
        return -math.inf  # at most 2^(-1/a)
    scale = log_beta(a, b)
    x = (goal + scale + log(a)) / a  # I_x <= (x / (1-x))^a / (a B)
    if x < -745.0:
        return x
    for _ in range(_MOST):
        density = a * _log_logistic(x) + b * _log_logistic(-x) - scale  # its log
        tail = _beta_tail(a, b, x, density)
        step = (goal - density - log(tail)) * tail
        x += step
        if abs(step) < _CLOSE:
            break
    return x


@rule
def _log_logistic(x):
    """log(1 / (1 + exp(-x)))."""
    return -log1p(exp(-x)) if x > 0.0 else x - log1p(exp(x))


@rule
def _gamma_tail(shape, x, density, upper):
    """The tail over the density of log x, whose log is given."""
    if x >= shape + 1.0:
        ratio, other = _gamma_fraction(shape, x), not upper
    else:
        ratio, other = _gamma_series(shape, x), upper
    return exp(-density) - ratio if other else ratio


@rule
def _gamma_series(shape, x):
    """The lower tail: Σ x^n / (shape (shape+1) … (shape+n))."""
    term = total = 1.0 / shape
    n = shape
    while term > _EPSILON * total:
        n += 1.0
        term *= x / n
        total += term
    return total


@rule
def _gamma_fraction(shape, x):
    """The upper tail: 1/(x+1-shape - 1(1-shape)/(x+3-shape - …)), by Lentz's method."""
    b = x + 1.0 - shape
    c, d = math.inf, 1.0 / b
    ratio, n, factor = d, 0.0, 0.0
    while abs(factor - 1.0) > 4.0 * _EPSILON:
        n += 1.0
        numerator = n * (shape - n)
        b += 2.0
        d = 1.0 / (b + numerator * d)
        c = b + numerator / c
        factor = c * d
        ratio *= factor
    return ratio


@rule
def _beta_tail(a, b, x, density):
    """The lower tail over the density of x, the log of the odds, whose own log is given."""
    lower, upper = logistic(x), logistic(-x)
    if lower * (a + b + 2.0) <= a + 1.0:
        return _beta_fraction(a, b, lower)
    return exp(-density) - _beta_fraction(b, a, upper)


@rule
def _beta_fraction(a, b, x):
    """The lower tail: 1/a · 1/(1 + d1/(1 + d2/(1 + …))), by Lentz's method."""
    c, d = 1.0, 1.0 / (1.0 - (a + b) * x / (a + 1.0))
    ratio, m, factor = d, 0.0, 0.0
    while abs(factor - 1.0) > 4.0 * _EPSILON:
        m += 1.0
        even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        d = 1.0 / (1.0 + even * d)
        c = 1.0 + even / c
        ratio *= c * d
        d = 1.0 / (1.0 + odd * d)
        c = 1.0 + odd / c
        factor = c * d
        ratio *= factor
    return ratio / a


@rule
def _nearly_normal_beta(u, p, q, n):
    """The quantile of Beta(p n, q n), where p + q = 1."""
    skew = 2.0 * (q - p) / math.sqrt(p * q) * math.sqrt(n + 1.0) / (n + 2.0)
    excess = 6.0 * ((q - p) * (q - p) / (p * q) * ((n + 1.0) / (n + 2.0)) - 1.0) / (n + 3.0)
    return p + math.sqrt(p * q / (n + 1.0)) * _cornish_fisher(u, skew, excess)


@rule
def _nearly_gamma_beta(u, a, b):
    """The quantile of Beta(a, b) where b is much larger: -log(1-x) (b + (a-1)/2) is gamma, up to
    order (a/b)^2."""
    z = gamma_quantile(u, a) / (b + 0.5 * (a - 1.0))
    return z * (1.0 - z * (0.5 - z * (1.0 / 6.0 - z * (1.0 / 24.0))))


@rule
def _cornish_fisher(u, skew, excess):
    """The quantile in standard deviations from the mean, from the normal one."""
    z = normal(u)
    square = z * z
    bent = (square - 1.0) * skew / 6.0 + z * (square - 3.0) * excess / 24.0
    return z + bent - z * (2.0 * square - 5.0) * skew * skew / 36.0


@rule_apart
def log_beta(a, b):
    """log B(a, b), accurate also where one of them is so large that a difference of log Γ is too
    coarse."""
    small, large = min(a, b), max(a, b)
    total = small + large
    if large < _LARGE:
        return log_gamma(small) + log_gamma(large) - log_gamma(total)
    ratio = (0.5 - large) * log1p(small / large) - small * (log(total) - 1.0)
    return log_gamma(small) + (ratio + _stirling(large) - _stirling(total))


@rule_apart
def log_gamma(x):
    """log Γ(x) for x > 0."""
    product = 1.0
    while x < _LARGE:
        product *= x
        x += 1.0
    return (x - 0.5) * log(x) - x + (0.5 * log(2.0 * math.pi) + _stirling(x)) - log(product)


@rule
def _stirling(x):
    """The remainder of Stirling's formula for log Γ, for x >= 16."""
    r = 1.0 / (x * x)
    series = 1.0 / 360.0 - r * (1.0 / 1260.0 - r * (1.0 / 1680.0 - r * (1.0 / 1188.0)))
    return (1.0 / 12.0 - r * series) / x

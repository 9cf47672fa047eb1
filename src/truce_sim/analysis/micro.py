"""The fine grain of violence, in the model and in event data, with one ruler.

Every measure follows from sums over independent pieces: runs that share no draws or, in a single
data set, quarters of a year. Intervals are the middle 95 % of resamples of those pieces (Efron and
Tibshirani 1993; for one series the block bootstrap, Künsch 1989), or Wilson's for shares.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from truce_sim.errors import InputError

from .groups import done_of
from .incidents import BY_BANDS, DOMESTIC, Incidents
from .inference import CONFIDENCE, Estimate, clusters, mean_interval, named, share_interval
from .sweep import Sweep

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Days of the pieces that one data set is cut into for its intervals.
BLOCK_DAYS = 91
#: Incidents that one Gini coefficient of the model is made of: as many as the reference data have.
AT_A_TIME = 541
_RESAMPLES = 1000
_PIECES = 2000
_DEPTHS = (
    ("within 20 km", 0.0, 20.0),
    ("20 to 60 km", 20.0, 60.0),
    ("beyond 60 km", 60.0, math.inf),
)


def micro_table(incidents: Incidents) -> pd.DataFrame:
    """All measures that need days, places and deaths alone, a row each.

    Columns: measure, unit, value and its interval, n (incidents).
    """
    n = len(incidents.frame)
    rows = [
        ("weekly Fano factor", "", fano(incidents)),
        ("Gini over 100 km", "", gini(incidents)),
        ("near-repeat ratio, 50 km and 14 days", "", near_repeat(incidents)),
        ("median deaths", "deaths", deaths_quantile(incidents, 0.5)),
        ("90th percentile of deaths", "deaths", deaths_quantile(incidents, 0.9)),
        ("share with at least 11 deaths", "share", share_of(incidents, "deaths", 11.0)),
        *((f"share {name}", "share", share_of(incidents, "km_depth", low, high))
          for name, low, high in _DEPTHS),
    ]  # fmt: skip
    return pd.DataFrame([
        {"measure": name, "unit": unit} | named("value", found) | {"n": n}
        for name, unit, found in rows
    ])  # fmt: skip


# ── clustering in time and space ─────────────────────────────────────────────────────────────


def fano(incidents: Incidents, window: int = 7) -> Estimate:
    """Variance over mean of the counts in windows of so many days, within runs; 1 if they are
    independent (Fano 1947). Windows that are not watched whole are left out."""
    whole = incidents.days // window
    frame = incidents.frame
    run, week = frame["run"].to_numpy(), frame["day"].to_numpy() // window
    start = np.concatenate([[0], whole.cumsum()])
    inside = week < whole[run]
    counts = np.bincount(start[run[inside]] + week[inside], minlength=start[-1]).astype(float)
    of_run = np.repeat(np.arange(incidents.runs), whole)
    if incidents.runs == 1:
        piece = np.arange(counts.size) * window // BLOCK_DAYS
        return _bootstrap(_sums(piece, np.ones_like(counts), counts, counts**2), _fano_of_sums)
    weeks = np.bincount(of_run, minlength=incidents.runs)
    total = np.bincount(of_run, counts, incidents.runs)
    squares = np.bincount(of_run, counts**2, incidents.runs)
    spread = squares - total**2 / np.maximum(weeks, 1)
    sums = _sums(incidents.draws, np.maximum(weeks - 1.0, 0.0), spread, total, weeks.astype(float))
    return _bootstrap(sums, lambda s: s[..., 1] / s[..., 0] / (s[..., 2] / s[..., 3]))


def _fano_of_sums(sums: Floats) -> Floats:
    """The factor, from how many windows there are, the sum of their counts and of the squares."""
    n, total, squares = (sums[..., i] for i in range(3))
    return np.asarray((squares - total**2 / n) / (n - 1) / (total / n))


def gini(incidents: Incidents, width: float = 100.0, at_a_time: int = AT_A_TIME) -> Estimate:
    """Gini coefficient of incidents over bins along the line, 0 if all have as many.

    It grows as incidents get fewer, so that of the model is the mean over sets of `at_a_time`
    incidents, with a t interval; a data set is one set, with resampled quarters.
    """
    bins = int(incidents.line_km // width) + 1
    place = (incidents.frame["km_along"].to_numpy(float) // width).astype(np.int64)
    if incidents.runs == 1:
        piece = incidents.frame["day"].to_numpy() // BLOCK_DAYS
        table = np.zeros((int(piece.max(initial=-1)) + 1, bins))
        np.add.at(table, (piece, place), 1.0)
        return _bootstrap(table, gini_of)
    sets = max(place.size // at_a_time, 1)
    table = np.zeros((sets, bins))
    np.add.at(table, (np.minimum(np.arange(place.size) // at_a_time, sets - 1), place), 1.0)
    return mean_interval(gini_of(table), np.arange(sets)) if place.size else _NOTHING


def gini_of(counts: Floats) -> Floats:
    """Gini coefficients of counts (..., bins)."""
    x = np.sort(counts, axis=-1)
    n = x.shape[-1]
    rank = np.arange(1, n + 1)
    return np.asarray(2 * (rank * x).sum(-1) / (n * x.sum(-1)) - (n + 1) / n)


def near_repeat(incidents: Incidents, width: float = 50.0, days: int = 14) -> Estimate:
    """Pairs of incidents in the same stretch of the line within so many days, over what chance
    would give were days and places independent (Knox 1964), within runs."""
    frame = incidents.frame.sort_values(["run", "day"], kind="stable")
    run, day = frame["run"].to_numpy(np.int64), frame["day"].to_numpy(np.int64)
    place = (frame["km_along"].to_numpy(float) // width).astype(np.int64)
    bins = int(incidents.line_km // width) + 1
    longest = int(incidents.days.max()) + days + 1
    close = _followers(run * longest + day, days)
    order = np.lexsort((day, place, run))
    both = np.zeros(run.size)
    both[order] = _followers(((run * bins + place) * longest + day)[order], days)
    if incidents.runs == 1:
        table = np.zeros((int(day.max(initial=-1)) // BLOCK_DAYS + 1, bins))
        np.add.at(table, (day // BLOCK_DAYS, place), 1.0)
        pairs = _sums(day // BLOCK_DAYS, both, close)
        return _bootstrap(np.hstack([pairs, table]), _knox)
    n = np.bincount(run, minlength=incidents.runs)
    cell = np.bincount(run * bins + place, minlength=incidents.runs * bins)
    same = _pairs(cell).reshape(incidents.runs, bins).sum(axis=1)
    in_time = np.bincount(run, close, incidents.runs)
    expected = same * in_time / np.maximum(_pairs(n), 1)
    sums = _sums(incidents.draws, np.bincount(run, both, incidents.runs), expected)
    return _bootstrap(sums, lambda s: s[..., 0] / s[..., 1])


def _knox(sums: Floats) -> Floats:
    counts = sums[..., 2:]
    expected = sums[..., 1] * _pairs(counts).sum(-1) / _pairs(counts.sum(-1))
    return np.asarray(sums[..., 0] / expected)


def _followers(key: Ints, days: int) -> Floats:
    """How many of the later entries of sorted keys lie within so many days."""
    last = np.searchsorted(key, key + days, side="right")
    return (last - np.arange(key.size) - 1).astype(float)


def _pairs(n: NDArray[np.generic]) -> Floats:
    return np.asarray(n * (n - 1) / 2)  # type: ignore[operator]


def near_repeat_p(
    incidents: Incidents, width: float = 50.0, days: int = 14, permutations: int = 999
) -> float:
    """How often days dealt out anew among the incidents of a data set give a near-repeat ratio at
    least as high as its own (Monte-Carlo test, Besag and Diggle 1977).

    Raises InputError for more than one run: their interval says the same.
    """
    if incidents.runs > 1:
        raise InputError("is made for one data set", setting="incidents", value=incidents.runs,
                         allowed="read_incidents(...)")  # fmt: skip
    rng, frame = np.random.default_rng(1), incidents.frame
    place = (frame["km_along"].to_numpy(float) // width).astype(np.int64)
    day = frame["day"].to_numpy(np.int64)
    longest = int(incidents.days[0]) + days + 1

    def pairs(when: Ints) -> float:
        return float(_followers(np.sort(place * longest + when), days).sum())

    own = pairs(day)
    hits = sum(pairs(rng.permutation(day)) >= own for _ in range(permutations))
    return (hits + 1) / (permutations + 1)


# ── how bad, how deep ────────────────────────────────────────────────────────────────────────


def share_of(incidents: Incidents, column: str, low: float, high: float = math.inf) -> Estimate:
    """The share of incidents with low ≤ column < high, with Wilson's interval by pieces."""
    values = incidents.frame[column].to_numpy(float)
    return share_interval((values >= low) & (values < high), _piece_of(incidents))


def deaths_quantile(incidents: Incidents, q: float) -> Estimate:
    """A quantile of deaths; its interval are the quantiles at the ends of the interval of the share
    below it (Woodruff 1952)."""
    return quantile(incidents.frame["deaths"].to_numpy(float), _piece_of(incidents), q)


def quantile(values: Floats, pieces: Ints, q: float) -> Estimate:
    """A quantile of values with Woodruff's interval, by pieces."""
    if not values.size:
        return _NOTHING
    x = np.sort(values)
    at = float(x[max(math.ceil(q * x.size) - 1, 0)])
    rank = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    found = share_interval(rank < math.ceil(q * x.size), pieces)
    if math.isnan(found.low):
        return Estimate(at, math.nan, math.nan)
    low, high = (min(max(math.ceil(p * x.size) - 1, 0), x.size - 1) for p in found[1:])
    return Estimate(at, float(x[low]), float(x[high]))


# ── what only the model knows ────────────────────────────────────────────────────────────────


def attribution_table(sweep: Sweep) -> pd.DataFrame:
    """How well the home state attributes lethal attacks: `precision`, the share of those attributed
    to the host's soil that came from there, and `recall`, the share of those that did that are
    attributed."""
    kinds = {"kind": [*BY_BANDS, *DOMESTIC]}
    lethal = sweep.load(["deaths", "attributed", "cross_border"], "events", where=kinds)
    lethal = lethal[lethal["deaths"] > 0].merge(_draws(sweep), on=["point", "replicate"])
    truly, said = (
        lethal[name].fillna(False).to_numpy(bool) for name in ("cross_border", "attributed")
    )
    rows = []
    for name, of, hit in (("precision", said, truly), ("recall", truly, said)):
        pieces = np.unique(lethal["draws"].to_numpy()[of], return_inverse=True)[1]
        found = share_interval(hit[of], pieces)
        rows.append(
            {"measure": name, "unit": "share"} | named("value", found) | {"n": int(of.sum())}
        )
    return pd.DataFrame(rows)


def response_lags(sweep: Sweep) -> pd.DataFrame:
    """Days from what provoked a strike to the strike: for the home state the last incident held
    against the host, for the host the last strike by the home state.

    Rows: the days within which a tenth, a half and nine tenths of the strikes come; columns as in
    micro_table.
    """
    strikes = sweep.load(["day", "actor"], "events", where={"kind": ["strike"]})
    strikes = strikes.merge(_draws(sweep), on=["point", "replicate"])
    provoking = {
        "home": sweep.load(["day"], "events", where={"attributed": [True]}),
        "host": strikes[strikes["actor"] == "home"],
    }
    rows = []
    for actor, before in provoking.items():
        after = strikes[strikes["actor"] == actor]
        lag, draws = _last_before(before, after)
        pieces = np.unique(draws, return_inverse=True)[1]
        for q in (0.1, 0.5, 0.9):
            row = {"measure": f"{100 * q:.0f} % of {actor}'s strikes come within", "unit": "days"}
            found = quantile(lag, pieces, q)
            rows.append(row | named("value", found) | {"n": lag.size})
    return pd.DataFrame(rows)


def _last_before(before: pd.DataFrame, after: pd.DataFrame) -> tuple[Floats, Ints]:
    """Days since the last event of the same run, of those that have one; and their draws."""
    key = ["point", "replicate"]
    found = pd.merge_asof(
        after[[*key, "day", "draws"]].sort_values("day", kind="stable"),
        before[[*key, "day"]].assign(then=before["day"]).sort_values("day", kind="stable"),
        on="day", by=key,
    ).dropna(subset="then")  # fmt: skip
    return (found["day"] - found["then"]).to_numpy(float), found["draws"].to_numpy(np.int64)


def exchange_lengths(sweep: Sweep, window: int = 14) -> pd.DataFrame:
    """Strikes in a row, none more than `window` days after the one before: how many there are.

    Columns: measure ("mean strikes in an exchange"), value and its interval, n (exchanges). An
    exchange that the end of its run may have cut short counts as it stands.
    """
    strikes = sweep.load(["day"], "events", where={"kind": ["strike"]})
    strikes = strikes.merge(_draws(sweep), on=["point", "replicate"])
    strikes = strikes.sort_values(["point", "replicate", "day"], kind="stable")
    gap = strikes.groupby(["point", "replicate"])["day"].diff()
    number = (gap.isna() | (gap > window)).cumsum()
    lengths = strikes.groupby(number).agg(n=("day", "size"), draws=("draws", "first"))
    pieces = np.unique(lengths["draws"], return_inverse=True)[1]
    found = mean_interval(lengths["n"].to_numpy(float), pieces)
    row = {"measure": "mean strikes in an exchange", "unit": "strikes"} | named("value", found)
    return pd.DataFrame([row | {"n": len(lengths)}])


def displacement(
    incidents: Incidents, treated: tuple[float, float], day: int, buffer: float = 100.0
) -> pd.DataFrame:
    """What more effort on a stretch of the line from some day on did: to it, and to its neighbours.

    treated: its km along the line. buffer: km on either side that may take up what it sheds.
    Rows: the share of incidents in `treated` and in `neighbours` before and after, their change,
    and the weighted displacement quotient (Bowers and Johnson 2003): the change of the neighbours
    over that of the treated, both against the rest; below 0 is displacement, above 0 a spread of
    benefit.
    """
    along = incidents.frame["km_along"].to_numpy(float)
    low, high = treated
    zone = np.where((along >= low) & (along < high), 0,
                    np.where((along >= low - buffer) & (along < high + buffer), 1, 2))  # fmt: skip
    after = (incidents.frame["day"].to_numpy() >= day).astype(int)
    pieces = _piece_of(incidents)
    if not pieces.size:
        raise InputError("no incidents to compare", setting="incidents", value=0)
    counts = np.bincount(pieces * 6 + after * 3 + zone, minlength=(int(pieces.max()) + 1) * 6)
    sums = counts.reshape(-1, 6).astype(float)
    measures: dict[str, Callable[[Floats], Floats]] = {
        "treated, before": lambda s: _zone_share(s, 0, 0),
        "treated, after": lambda s: _zone_share(s, 1, 0),
        "treated, change": lambda s: _zone_share(s, 1, 0) - _zone_share(s, 0, 0),
        "neighbours, change": lambda s: _zone_share(s, 1, 1) - _zone_share(s, 0, 1),
        "displacement quotient": _quotient,
    }
    return pd.DataFrame([
        {"measure": name, "unit": "share" if "," in name else ""}
        | named("value", _bootstrap(sums, measure)) | {"n": along.size}
        for name, measure in measures.items()
    ])  # fmt: skip


def _zone_share(sums: Floats, after: int, zone: int) -> Floats:
    part = sums[..., 3 * after : 3 * after + 3]
    return np.asarray(part[..., zone] / part.sum(-1))


def _quotient(sums: Floats) -> Floats:
    ratio = sums[..., [0, 1, 3, 4]] / sums[..., [2, 2, 5, 5]]
    return np.asarray((ratio[..., 3] - ratio[..., 1]) / (ratio[..., 2] - ratio[..., 0]))


# ── pieces ───────────────────────────────────────────────────────────────────────────────────

_NOTHING = Estimate(math.nan, math.nan, math.nan)


def _draws(sweep: Sweep) -> pd.DataFrame:
    """Which draws each run that did not fail has: point, replicate, draws."""
    runs = done_of(sweep.load(["end_day"]))
    return runs[["point", "replicate"]].assign(draws=clusters(runs))


def _piece_of(incidents: Incidents) -> Ints:
    """The independent piece that each incident belongs to, as codes from 0."""
    if incidents.runs == 1:
        piece = incidents.frame["day"].to_numpy(np.int64) // BLOCK_DAYS
    else:
        piece = incidents.draws[incidents.frame["run"].to_numpy(np.int64)]
    return np.unique(piece, return_inverse=True)[1]


def _sums(piece: Ints, *columns: Floats) -> Floats:
    """(pieces, columns) sums by piece."""
    n = int(piece.max(initial=-1)) + 1
    return np.stack([np.bincount(piece, column, n) for column in columns], axis=1)


def _bootstrap(sums: Floats, measure: Callable[[Floats], Floats]) -> Estimate:
    """A measure of sums (pieces, columns), with the middle of that of resampled pieces: 95 %, and
    more where they are few, as a t interval is wider (Hesterberg 2015)."""
    if not len(sums):
        return _NOTHING
    if len(sums) > _PIECES:  # so many pieces that sets of them do as well
        sums = _sums(np.arange(len(sums)) % _PIECES, *sums.T)
    n = len(sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(measure(sums.sum(axis=0)))
        if n < 2:
            return Estimate(value, math.nan, math.nan)
        weights = np.random.default_rng(1).multinomial(n, np.full(n, 1 / n), _RESAMPLES)
        drawn = measure(weights @ sums)
    drawn = drawn[np.isfinite(drawn)]
    if not drawn.size or not math.isfinite(value):
        return Estimate(value, math.nan, math.nan)
    wider = math.sqrt(n / (n - 1)) * float(special.stdtrit(n - 1, 0.5 + CONFIDENCE / 2))
    tail = float(special.ndtr(-wider))
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Estimate(value, float(low), float(high))

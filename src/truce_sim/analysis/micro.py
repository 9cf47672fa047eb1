"""Fine-grained patterns of violence, with the same measures for the model and for event data.

Every measure is computed from sums over pieces that are practically independent: sets of runs that
share draws or, in a single data set, quarters of a year. Intervals are t intervals from leaving
out one piece at a time (the jackknife, Tukey 1958; for blocks of a series, Künsch 1989), or
Wilson's for shares.

Counts and pairs are compared within years: a run of the model is rarely longer, and changes from
year to year in a long data set are neither bursts nor repeats.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.analysis.groups import finished_runs
from truce_sim.analysis.incidents import BY_BANDS, DOMESTIC, Incidents, measured
from truce_sim.analysis.opened import opened
from truce_sim.errors import InputError
from truce_sim.intervals import (
    NO_ESTIMATE,
    Estimate,
    clusters,
    fieller_interval,
    jackknife,
    mean_interval,
    named,
    quantile_interval,
    share_interval,
)
from truce_sim.sweeps.sweep import Sweep

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Length, in days, of the pieces into which a data set is cut for its intervals.
BLOCK_DAYS = 91
_YEAR = 365
#: The shortest last stretch of a line that counts separately, in widths.
_SHORTEST = 0.25
#: Number of incidents in one Gini coefficient of the model: as many as in the reference data.
AT_A_TIME = 541
_DEPTHS = (
    ("within 20 km", 0.0, 20.0),
    ("20 to 60 km", 20.0, 60.0),
    ("beyond 60 km", 60.0, math.inf),
)


@measured
def micro_table(incidents: Incidents) -> pd.DataFrame:
    """Return all measures that need only days, places and deaths.

    Returns:
        A row for each measure: measure, unit, value with its interval, n (incidents).
    """
    n = len(incidents.frame)
    rows = [
        ("weekly Fano factor", "", fano(incidents)),
        ("Gini over 100 km", "", gini(incidents)),
        ("near-repeat ratio, 50 km and 14 days", "", near_repeat(incidents)),
        ("median deaths", "deaths", deaths_quantile(incidents, 0.5)),
        ("90th percentile of deaths", "deaths", deaths_quantile(incidents, 0.9)),
        ("share with at least 11 deaths", "share", incident_share(incidents, "deaths", 11.0)),
        *((f"share {name}", "share", incident_share(incidents, "km_depth", low, high))
          for name, low, high in _DEPTHS),
    ]  # fmt: skip
    return pd.DataFrame([
        {"measure": name, "unit": unit} | named("value", found) | {"n": n}
        for name, unit, found in rows
    ])  # fmt: skip


# ── clustering in time and space ─────────────────────────────────────────────────────────────


@measured
def fano(incidents: Incidents, window: int = 7) -> Estimate:
    """Return the Fano factor: variance over mean of counts in windows, within years of runs.

    It is 1 if incidents are independent (Fano 1947). Windows that were observed only in part are
    left out.

    Args:
        incidents: the incidents to measure.
        window: days of a window.
    """
    return jackknife(fano_sums(incidents, window), fano_of, log=True)


def fano_sums(incidents: Incidents, window: int = 7) -> Floats:
    """Return (pieces, 4) sums from which `fano_of` computes the Fano factor."""
    whole = incidents.days // window
    frame = incidents.frame
    run, number = frame["run"].to_numpy(np.int64), frame["day"].to_numpy(np.int64) // window
    start = np.concatenate([[0], whole.cumsum()])
    inside = number < whole[run]
    counts = np.bincount(start[run[inside]] + number[inside], minlength=start[-1]).astype(float)
    of_run = np.repeat(np.arange(incidents.runs), whole)
    day = (np.arange(start[-1]) - start[of_run]) * window
    year = _years(incidents, of_run, day)
    windows = np.bincount(year)
    gap = counts - (np.bincount(year, counts) / np.maximum(windows, 1))[year]
    piece = _piece(incidents, of_run, day)
    return _sums(piece, gap**2, 1 - 1 / windows[year], counts, np.ones_like(counts))


def fano_of(sums: Floats) -> Floats:
    """Return variance over mean from the sums of `fano_sums` (..., 4)."""
    return np.asarray(sums[..., 0] / sums[..., 1] / (sums[..., 2] / sums[..., 3]))


@measured
def gini(incidents: Incidents, width: float = 100.0, at_a_time: int = AT_A_TIME) -> Estimate:
    """Return the Gini coefficient of incidents over bins along the line; 0 if all are equal.

    The coefficient grows as incidents become fewer. For the model it is therefore the mean over
    sets of `at_a_time` incidents, with a t interval; a data set is a single set.

    Args:
        incidents: the incidents to measure.
        width: km of a bin.
        at_a_time: incidents of a set.
    """
    place, bins = stretches(incidents, width)
    if incidents.runs == 1:
        return jackknife(gini_sums(incidents, width), gini_by_row)
    chosen, block = _sets(incidents, at_a_time)
    if not block.size:  # too few incidents for a single set
        counts = np.bincount(place, minlength=bins).astype(float)
        return (
            Estimate(float(gini_by_row(counts)), math.nan, math.nan) if place.size else NO_ESTIMATE
        )
    cell = np.arange(block.size)[:, None] * bins + place[chosen]
    counts = np.bincount(cell.ravel(), minlength=block.size * bins).astype(float)
    return mean_interval(gini_by_row(counts.reshape(-1, bins)), block)


def gini_sums(incidents: Incidents, width: float = 100.0) -> Floats:
    """Return (quarters, bins) incidents of a data set, from which `gini_by_row` computes its
    Gini."""
    place, bins = stretches(incidents, width)
    piece = incidents.frame["day"].to_numpy(np.int64) // BLOCK_DAYS
    table = np.zeros((int(piece.max(initial=-1)) + 1, bins))
    np.add.at(table, (piece, place), 1.0)
    return table


def _sets(incidents: Incidents, size: int) -> tuple[Ints, Ints]:
    """Deal incidents into sets (sets, size), and return the block of each set (sets,).

    Runs that share their draws are in one block, so blocks are independent. The surplus of a block,
    spread over its runs, is left out.
    """
    run = incidents.frame["run"].to_numpy(np.int64)
    draws = incidents.draws[run]
    order = np.lexsort((run, draws))
    ends = np.bincount(draws).cumsum()
    starts = [0]
    while starts[-1] + size <= run.size:
        starts.append(int(ends[np.searchsorted(ends, starts[-1] + size)]))
    sizes = np.diff(starts)
    kept = sizes // size * size
    block = np.repeat(np.arange(sizes.size), kept)
    within = np.arange(block.size) - (kept.cumsum() - kept)[block]
    chosen = order[np.array(starts)[block] + within * sizes[block] // kept[block]]
    return chosen.reshape(-1, size), block[::size]


def gini_by_row(counts: Floats) -> Floats:
    """Return the Gini coefficients of counts (..., bins); NaN where all counts are 0."""
    x = np.sort(counts, axis=-1)
    n = x.shape[-1]
    rank = np.arange(1, n + 1)
    with np.errstate(invalid="ignore"):
        return np.asarray(2 * (rank * x).sum(-1) / (n * x.sum(-1)) - (n + 1) / n)


@measured
def near_repeat(incidents: Incidents, width: float = 50.0, days: int = 14) -> Estimate:
    """Return the near-repeat ratio (Knox 1964), within years of runs.

    This is the number of pairs of incidents in the same stretch of the line within some days of
    each other, over the number expected if the days were shuffled among the incidents.

    Args:
        incidents: the incidents to measure.
        width: km of a stretch.
        days: largest number of days between the two incidents of a pair.
    """
    sums = near_repeat_sums(incidents, width, days)
    return jackknife(sums, lambda s: s[..., 0] / s[..., 1], log=True)


def near_repeat_sums(incidents: Incidents, width: float = 50.0, days: int = 14) -> Floats:
    """Return (pieces, 2): pairs close in space and time, and those expected (`near_repeat`)."""
    day, year, cell = _cells(incidents, width)
    close, both = _followers(year, day, days), _followers(cell, day, days)
    _, at, n_cell = np.unique(cell, return_inverse=True, return_counts=True)
    n, in_time = np.bincount(year), np.bincount(year, close)
    own = (n_cell[at] - 1) / np.maximum(n[year] - 1, 1)  # share of the others that lie near it
    same = (np.bincount(year, own) / np.maximum(n, 1))[year]
    # The second term sums to 0: what each incident adds to `same`, to first order (Hoeffding 1948).
    expected = close * same + in_time[year] * 2 * (own - same) / n[year]
    run = incidents.frame["run"].to_numpy(np.int64)
    return _sums(_piece(incidents, run, day), both, expected)


@measured
def near_repeat_p(
    incidents: Incidents, width: float = 50.0, days: int = 14, permutations: int = 999
) -> float:
    """Return the p-value of the near-repeat ratio of a data set.

    This is how often shuffling the days among the incidents of each year gives a ratio at least as
    high as the observed one (Monte Carlo test, Besag and Diggle 1977).

    Args:
        incidents: a single data set; for many runs, use the interval of `near_repeat`.
        width: km of a stretch.
        days: largest number of days between the two incidents of a pair.
        permutations: number of shuffles.

    Raises:
        InputError: there is more than one run.
    """
    if incidents.runs > 1:
        raise InputError("is for a single data set", setting="incidents", value=incidents.runs,
                         allowed="read_incidents(...)")  # fmt: skip
    rng = np.random.default_rng(1)
    day, year, cell = _cells(incidents, width)
    place, own = np.argsort(year, kind="stable"), _followers(cell, day, days).sum()
    hits, dealt = 0, np.empty_like(day)
    for _ in range(permutations):
        dealt[place] = day[np.lexsort((rng.random(day.size), year))]
        hits += int(_followers(cell, dealt, days).sum() >= own)
    return (hits + 1) / (permutations + 1)


def _cells(incidents: Incidents, width: float) -> tuple[Ints, Ints, Ints]:
    """The day, the year, and the combination of year and stretch of each incident, as codes."""
    frame = incidents.frame
    day = frame["day"].to_numpy(np.int64)
    year = _years(incidents, frame["run"].to_numpy(np.int64), day)
    place, bins = stretches(incidents, width)
    return day, year, year * bins + place


def _followers(group: Ints, day: Ints, days: int) -> Floats:
    """Number of incidents of the same group that follow each within some days."""
    order = np.lexsort((day, group))
    key = (group * (int(day.max(initial=0)) + days + 1) + day)[order]
    found = np.empty(day.size)
    found[order] = np.searchsorted(key, key + days, side="right") - np.arange(day.size) - 1
    return found


def stretches(incidents: Incidents, width: float) -> tuple[Ints, int]:
    """Return the stretch of the line of each incident, and the number of stretches.

    The last is shorter; one of less than a quarter of the width joins the stretch before it,
    because it would otherwise count as much as the others.
    """
    bins = max(math.ceil(incidents.line_km / width - _SHORTEST), 1)
    place = incidents.frame["km_along"].to_numpy(float) // width
    return np.clip(place, 0, bins - 1).astype(np.int64), bins


def _years(incidents: Incidents, run: Ints, day: Ints) -> Ints:
    """The year of its run in which each day lies, as codes; years are equal parts of a run."""
    parts = np.maximum(np.rint(incidents.days / _YEAR), 1).astype(np.int64)
    first = np.cumsum(parts) - parts
    return np.asarray(first[run] + day * parts[run] // np.maximum(incidents.days[run], 1))


# ── how bad, how deep ────────────────────────────────────────────────────────────────────────


@measured
def incident_share(
    incidents: Incidents, column: str, low: float, high: float = math.inf
) -> Estimate:
    """Return the share of incidents with low ≤ column < high, with Wilson's interval by pieces."""
    values = incidents.frame[column].to_numpy(float)
    return share_interval((values >= low) & (values < high), _piece_codes(incidents))


@measured
def deaths_quantile(incidents: Incidents, q: float) -> Estimate:
    """Return a quantile of deaths with Woodruff's (1952) interval.

    The interval consists of the quantiles at the ends of the interval of the share below it.
    """
    return quantile_interval(incidents.frame["deaths"].to_numpy(float), _piece_codes(incidents), q)


# ── what only the model knows ────────────────────────────────────────────────────────────────


@opened
def attribution_table(sweep: Sweep) -> pd.DataFrame:
    """Return how well the home state attributes lethal attacks.

    Returns:
        Two rows with columns as in `micro_table`: precision, the share of attacks attributed to
        the host's soil that came from there; recall, the share of attacks from there that are
        attributed to it.
    """
    kinds = {"kind": [*BY_BANDS, *DOMESTIC]}
    lethal = sweep.load(["deaths", "attributed", "cross_border"], "events", where=kinds)
    lethal = lethal[lethal["deaths"] > 0].merge(_draws(sweep), on=["point", "replicate"])
    true, attributed = (
        lethal[name].fillna(False).to_numpy(bool) for name in ("cross_border", "attributed")
    )
    rows = []
    for name, of, hit in (("precision", attributed, true), ("recall", true, attributed)):
        pieces = np.unique(lethal["draws"].to_numpy()[of], return_inverse=True)[1]
        found = share_interval(hit[of], pieces)
        rows.append(
            {"measure": name, "unit": "share"} | named("value", found) | {"n": int(of.sum())}
        )
    return pd.DataFrame(rows)


@opened
def response_lags(sweep: Sweep) -> pd.DataFrame:
    """Return the days from a provocation to the strike that answers it.

    The provocation of the home state is the last incident attributed to the host before it chose to
    strike; that of the host is the last strike by the home state before it chose to. Strikes
    without such a provocation (for instance after friction alone) are left out.

    Returns:
        For each state, the days within which a tenth, a half and nine tenths of its strikes come;
        columns as in `micro_table`.
    """
    strikes, chosen = _of_kind(sweep, "strike"), _of_kind(sweep, "strike_chosen")
    provoking = {
        "home": sweep.load(["day"], "events", where={"attributed": [True]}),
        # A strike adds to the next day's grievance, so none answers a strike of the same day.
        "host": strikes[strikes["actor"] == "home"].assign(day=lambda frame: frame["day"] + 1),
    }
    rows = []
    for actor, before in provoking.items():
        after = strikes[strikes["actor"] == actor].assign(executed=lambda frame: frame["day"])
        after = _last_before(chosen[chosen["actor"] == actor], after)
        after = _last_before(before, after.assign(day=after["then"]))
        lag = (after["executed"] - after["then"] + (actor == "host")).to_numpy(float)
        pieces = np.unique(after["draws"], return_inverse=True)[1]
        for q in (0.1, 0.5, 0.9):
            row = {"measure": f"{100 * q:.0f} % of {actor}'s strikes come within", "unit": "days"}
            rows.append(row | named("value", quantile_interval(lag, pieces, q)) | {"n": lag.size})
    return pd.DataFrame(rows)


def _last_before(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Events preceded by another in their run, on that day or earlier; `then` is its day."""
    key = ["point", "replicate"]
    return pd.merge_asof(
        after.drop(columns="then", errors="ignore").sort_values("day", kind="stable"),
        before[[*key, "day"]].assign(then=before["day"]).sort_values("day", kind="stable"),
        on="day", by=key,
    ).dropna(subset="then")  # fmt: skip


@opened
def exchange_lengths(sweep: Sweep, window: int = 14) -> pd.DataFrame:
    """Return the lengths of exchanges: series of strikes, each within some days of the last.

    An exchange that the end of its run may have cut short counts as observed.

    Args:
        sweep: a sweep that kept events.
        window: largest number of days between two strikes of an exchange.

    Returns:
        Four rows with columns as in `micro_table`, where n is the number of exchanges: the mean
        number of strikes and, for exchanges begun by the home state, the mean number of its own
        strikes, the share with only one, and what that share would be if the number were geometric
        (as it is if every strike is answered with the same probability).
    """
    return exchange_table(_of_kind(sweep, "strike"), window)


def exchange_table(strikes: pd.DataFrame, window: int) -> pd.DataFrame:
    """Return the table of `exchange_lengths` from a table of strikes.

    Args:
        strikes: a row for each strike: point, replicate, day, actor, draws.
        window: largest number of days between two strikes of an exchange.
    """
    run = ["point", "replicate"]
    strikes = strikes.sort_values([*run, "day"], kind="stable")
    gap = strikes.groupby(run)["day"].diff()
    number = (gap.isna() | (gap > window)).cumsum()
    table = strikes.assign(home=strikes["actor"].eq("home")).groupby(number)
    found = table.agg(all=("day", "size"), home=("home", "sum"), draws=("draws", "first"))
    begun = found[table["home"].first()] if len(found) else found
    pieces, of_begun = (
        np.unique(frame["draws"].to_numpy(np.int64), return_inverse=True)[1]
        for frame in (found, begun)
    )
    mean = mean_interval(begun["home"].to_numpy(float), of_begun)
    single = share_interval(begun["home"].to_numpy() == 1, of_begun)
    once = Estimate(*(1 / max(x, 1.0) for x in (mean.value, mean.high, mean.low)))
    rows = (
        ("mean strikes in an exchange", "strikes",
         mean_interval(found["all"].to_numpy(float), pieces), len(found)),
        ("mean strikes by home, once it began", "strikes", mean, len(begun)),
        ("share with one strike by home", "share", single, len(begun)),
        ("share with one, were they geometric", "share", once, len(begun)),
    )  # fmt: skip
    return pd.DataFrame([
        {"measure": name, "unit": unit} | named("value", value) | {"n": n}
        for name, unit, value, n in rows
    ])  # fmt: skip


@measured
def displacement(
    incidents: Incidents, treated: tuple[float, float], day: int, buffer: float = 100.0
) -> pd.DataFrame:
    """Measure how incidents shift when effort on one stretch of the line increases.

    Args:
        incidents: the incidents to measure.
        treated: start and end of the treated stretch, km along the line.
        day: the day from which effort is higher.
        buffer: km on either side to which incidents may move.

    Returns:
        A row for each measure, with columns as in `micro_table`: the share of incidents in the
        treated stretch before and after, its change, that of the neighbours, and the weighted
        displacement quotient (Bowers and Johnson 2003). The quotient is the change in the
        neighbours over that in the treated stretch, both relative to the rest of the line. If the
        treated stretch has fewer incidents, a negative quotient means displacement and a positive
        one diffusion of benefits. It has no interval if the change in the treated stretch may be
        zero.

    Raises:
        InputError: there is no incident before that day, or none after it.
    """
    along = incidents.frame["km_along"].to_numpy(float)
    low, high = treated
    zone = np.where((along >= low) & (along < high), 0,
                    np.where((along >= low - buffer) & (along < high + buffer), 1, 2))  # fmt: skip
    after = (incidents.frame["day"].to_numpy() >= day).astype(int)
    if not 0 < after.sum() < after.size:
        raise InputError("has no incidents before or after it", setting="day", value=day,
                         allowed="a day with incidents before and after")  # fmt: skip
    pieces = _piece_codes(incidents)
    counts = np.bincount(pieces * 6 + after * 3 + zone, minlength=(int(pieces.max()) + 1) * 6)
    sums = counts.reshape(-1, 6).astype(float)
    rows = {
        "treated, before": jackknife(sums, lambda s: _zone_share(s, 0, 0)),
        "treated, after": jackknife(sums, lambda s: _zone_share(s, 1, 0)),
        "treated, change": jackknife(sums, lambda s: _change(s, 0)),
        "neighbours, change": jackknife(sums, lambda s: _change(s, 1)),
        "displacement quotient": _quotient(sums),
    }
    return pd.DataFrame([
        {"measure": name, "unit": "share" if "," in name else ""}
        | named("value", found) | {"n": along.size}
        for name, found in rows.items()
    ])  # fmt: skip


def _zone_share(sums: Floats, after: int, zone: int) -> Floats:
    part = sums[..., 3 * after : 3 * after + 3]
    return np.asarray(part[..., zone] / part.sum(-1))


def _change(sums: Floats, zone: int) -> Floats:
    return _zone_share(sums, 1, zone) - _zone_share(sums, 0, zone)


def _quotient(sums: Floats) -> Estimate:
    """The displacement quotient, with its interval."""
    total = sums.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        pair, without = _against_rest(total), _against_rest(total - sums)
    return fieller_interval(pair, without)


def _against_rest(sums: Floats) -> Floats:
    """(..., 2) change in the ratio of the treated, and of the neighbours, to the rest."""
    return np.asarray(sums[..., 3:5] / sums[..., 5:6] - sums[..., :2] / sums[..., 2:3])


# ── pieces ───────────────────────────────────────────────────────────────────────────────────


def _of_kind(sweep: Sweep, kind: str) -> pd.DataFrame:
    """Load the events of a kind in runs that did not fail: point, replicate, day, actor, draws."""
    events = sweep.load(["day", "actor"], "events", where={"kind": [kind]})
    return events.merge(_draws(sweep), on=["point", "replicate"])


def _draws(sweep: Sweep) -> pd.DataFrame:
    """The codes of shared draws of runs that did not fail: point, replicate, draws."""
    runs = finished_runs(sweep.load(["end_day"]))
    return runs[["point", "replicate"]].assign(draws=clusters(runs))


def _piece(incidents: Incidents, run: Ints, day: Ints) -> Ints:
    """The piece of each day of a run: the code of its draws, or the quarter in a data set."""
    return day // BLOCK_DAYS if incidents.runs == 1 else incidents.draws[run]


def _piece_codes(incidents: Incidents) -> Ints:
    """The piece of each incident, as codes from 0."""
    run, day = (incidents.frame[name].to_numpy(np.int64) for name in ("run", "day"))
    return np.unique(_piece(incidents, run, day), return_inverse=True)[1]


def _sums(piece: Ints, *columns: Floats) -> Floats:
    """(pieces, columns) sums by piece."""
    n = int(piece.max(initial=-1)) + 1
    return np.stack([np.bincount(piece, column, n) for column in columns], axis=1)


share_of = incident_share  #: Its name in 0.1.

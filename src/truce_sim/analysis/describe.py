"""What a border's events say about the settings tagged C: estimates with intervals, next to
defaults.

Deaths and depth are fitted by the model's distributions (docs/model.md, 7.5 and 7.7),
self-excitation by its process (`methods/excitation.py`); clustering is measured as for the patterns
of validation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import ndtr

from truce_sim.analysis.incidents import Incidents, read_incidents
from truce_sim.analysis.methods import excitation as process
from truce_sim.analysis.micro import BLOCK_DAYS, fano, gini, near_repeat
from truce_sim.config.branching import effective_branching, passing_with_host
from truce_sim.config.load import load_setup
from truce_sim.config.setup import Setup
from truce_sim.errors import InputError
from truce_sim.events import WITHIN_KM
from truce_sim.files import shipped_borders
from truce_sim.intervals import Estimate, central, count_interval, named, percentile_interval
from truce_sim.results.store import write_whole

Floats = NDArray[np.float64]

#: With fewer events, or events on fewer days, only their number is reported.
LEAST_EVENTS, LEAST_DAYS = 30, 10
#: Days of a stretch with its own rate, where rates may drift.
STRETCH_DAYS = 365
_RATES = {"constant": "rate constant", "by year": "rate free in each year"}
#: Resamples of blocks of days for an interval, their seed, and the fewest blocks that give one.
_RESAMPLES, _SEED, _LEAST_BLOCKS = 400, 1, 4
#: Nearer events count as this far from the line; the model counts in cells anyway.
_LEAST_KM = 1.0
_BIN_KM = 100.0


@dataclass(frozen=True)
class Fit:
    """The excitation, under one assumption about the rate of attacks not triggered by others.

    Attributes:
        rate: "constant" or "by year".
        found: the fitted process.
        branching: attacks that an attack triggers, with its interval.
        memory: in days, with its interval.
        goodness: how well it describes the series.
    """

    rate: str
    found: process.Excitation
    branching: Estimate
    memory: Estimate
    goodness: process.Goodness

    @property
    def aic(self) -> float:
        """Akaike's criterion; the smaller, the better."""
        return 2.0 * (self.found.rates.size + 2 - self.found.log_likelihood)


@dataclass(frozen=True)
class Description:
    """What events say about a border.

    Attributes:
        table: a row for each quantity: quantity, unit, setting ("" if it is not one), default (of
        the setting, or as implied by the default settings), value with its interval, n (events),
        and `agrees`, whether the interval contains the default.
        places: a row for each 100 km of the line: km_from, km_to, events, share with its interval,
            and weight, that of the border there.
        fits: the excitation with a constant rate, and with one for each year of two or more.
        events: number of events.
        days: days observed.
        passing: share of bands that get past both states when the host's will is at its mean.
        account: how many rows of the file count, and why others do not.
    """

    table: pd.DataFrame
    places: pd.DataFrame
    fits: tuple[Fit, ...]
    events: int
    days: int
    passing: float
    account: tuple[str, ...] = ()

    @property
    def chosen(self) -> Fit:
        """The fit with the smaller criterion of Akaike."""
        return min(self.fits, key=lambda one: one.aic)


def describe(
    incidents: Incidents, setup: Setup | None = None, *, delays: bool = False, draws: int = 99
) -> Description:
    """Estimate from a border's events the settings that the specification tags C.

    Intervals cover 95 %: by profile likelihood for the excitation, otherwise by resampling quarters
    of a year.

    Args:
        incidents: lethal events near the line, with `km_along` and `km_depth`.
        setup: the configuration whose settings are compared with the events; by default the
            defaults.
        delays: whether attacks follow their launch with the model's delay instead of on the same
        day.
        draws: simulated series of each test of fit.

    Raises:
        InputError: too few events, or on too few days.
    """
    setup = load_setup() if setup is None else setup
    frame = incidents.frame
    days = frame["day"].to_numpy(np.int64)
    _check_enough(days)
    lag = attack_delays(setup) if delays else np.ones(1)
    length = int(incidents.days[0])
    fits = tuple(_fits(days, length, lag, draws))
    passing = passing_with_host(setup.config, setup.border)
    rows = [*_laws(frame, setup), *_excitation(fits, setup, passing), *_clusters(incidents)]
    agrees = pd.Series([_agrees(row) for row in rows], dtype="boolean")
    table = pd.DataFrame(rows).assign(n=len(frame), agrees=agrees)
    return Description(table, _places(incidents, setup), fits, len(frame), length, passing)


def _check_enough(days: NDArray[np.int64]) -> None:
    distinct = np.unique(days).size
    if days.size < LEAST_EVENTS or distinct < LEAST_DAYS:
        raise InputError(
            f"{days.size} events on {distinct} days are too few to estimate anything from",
            setting="events",
            allowed=f"at least {LEAST_EVENTS} events on {LEAST_DAYS} days: a longer period, a "
            "wider band along the line, or other actors",
        )


def _row(
    quantity: str, unit: str, found: Estimate, setting: str = "", default: float | None = None
) -> dict[str, Any]:
    named_value = named("value", found)
    return {"quantity": quantity, "unit": unit, "setting": setting,
            "default": math.nan if default is None else default} | named_value  # fmt: skip


def _agrees(row: dict[str, Any]) -> object:
    if math.isnan(row["default"]) or math.isnan(row["value_low"]):
        return pd.NA
    return bool(row["value_low"] <= row["default"] <= row["value_high"])


# ── the laws of deaths and of depth ──────────────────────────────────────────────────────────


def _laws(frame: pd.DataFrame, setup: Setup) -> Iterator[dict[str, Any]]:
    block = _blocks(frame)
    militants = setup.config.militants
    deaths = frame["deaths"].to_numpy(float)
    depth = np.maximum(frame["km_depth"].to_numpy(float), _LEAST_KM)
    mu, sigma = _resampled(deaths, block, deaths_law)
    yield _row("deaths of an attack: mean of log, as the model rounds", "", mu,
               "militants.deaths_mu", militants.deaths_mu)  # fmt: skip
    yield _row("deaths of an attack: deviation of log, as the model rounds", "", sigma,
               "militants.deaths_sigma", militants.deaths_sigma)  # fmt: skip
    for name, values in (("deaths", deaths), ("depth", depth)):
        mu, sigma = _resampled(values, block, _log_moments)
        setting = "" if name == "deaths" else "militants.depth_{}"
        words = "logarithm of deaths" if name == "deaths" else "logarithm of depth in km"
        pairs = (("mu", "mean", mu), ("sigma", "deviation", sigma))
        for parameter, moment, found in pairs:
            default = getattr(militants, f"{name}_{parameter}")
            yield _row(f"{words}: {moment}", "", found, setting.format(parameter), default)


def _blocks(frame: pd.DataFrame) -> NDArray[np.int64]:
    """The quarter of a year of each event."""
    return frame["day"].to_numpy(np.int64) // BLOCK_DAYS


def deaths_law(deaths: Floats) -> tuple[float, float]:
    """Fit max(1, ⌊lognormal(mu, sigma)⌋), the model's deaths of an attack, by likelihood."""
    counts, times = np.unique(deaths, return_counts=True)
    low = np.where(counts <= 1, -math.inf, np.log(counts))
    high = np.log(counts + 1.0)

    def loss(x: Floats) -> float:
        scale = math.exp(x[1])
        share = ndtr((high - x[0]) / scale) - ndtr((low - x[0]) / scale)
        return -float((times * np.log(np.maximum(share, 1e-300))).sum())

    start = [float(np.log(deaths + 0.5).mean()), math.log(max(float(np.log(deaths).std()), 0.1))]
    found = minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-6})
    return float(found.x[0]), math.exp(float(found.x[1]))


def _log_moments(values: Floats) -> tuple[float, float]:
    logs = np.log(values)
    return float(logs.mean()), float(logs.std())


def _resampled(
    values: Floats, block: NDArray[np.int64], law: Callable[[Floats], tuple[float, float]]
) -> tuple[Estimate, Estimate]:
    """Both parameters of a law, with intervals from resampled blocks."""
    rng = np.random.default_rng(_SEED)
    pieces = [values[block == one] for one in np.unique(block)]
    if len(pieces) < _LEAST_BLOCKS:
        mu, sigma = law(values)
        return Estimate(mu, math.nan, math.nan), Estimate(sigma, math.nan, math.nan)
    drawn = [
        law(np.concatenate([pieces[i] for i in rng.integers(len(pieces), size=len(pieces))]))
        for _ in range(_RESAMPLES)
    ]
    ends = [percentile_interval(np.sort(column), len(pieces)) for column in np.array(drawn).T]
    one, other = (Estimate(v, *end) for v, end in zip(law(values), ends, strict=True))
    return one, other


# ── self-excitation ──────────────────────────────────────────────────────────────────────────


def _fits(days: NDArray[np.int64], length: int, lag: Floats, draws: int) -> Iterator[Fit]:
    for rate, stretch in (("constant", 0), ("by year", STRETCH_DAYS)):
        if stretch and length < 2 * stretch:
            continue
        found = process.fit(process.daily(days, length, stretch, lag))
        yield Fit(
            rate, found, process.branching_interval(found), process.memory_interval(found),
            process.goodness(found, draws),
        )  # fmt: skip


def _excitation(fits: Sequence[Fit], setup: Setup, passing: float) -> Iterator[dict[str, Any]]:
    militants = setup.config.militants
    for one in fits:
        words = _RATES[one.rate]
        yield _row(f"attacks that an attack brings about, {words}", "", one.branching, "",
                   militants.excitation * passing)  # fmt: skip
        bands = Estimate(*(part / passing for part in one.branching))
        yield _row(f"bands that an attack brings about, {words}", "", bands,
                   "militants.excitation", militants.excitation)  # fmt: skip
        default = militants.excitation_memory_days
        yield _row(f"memory of attacks, {words}", "d", one.memory,
                   "militants.excitation_memory_days", default)  # fmt: skip


def attack_delays(setup: Setup) -> Floats:
    """Return the probabilities that an attack follows its launch after 0, 1, … days (7.6).

    Bands walk `pace_cells_per_day` to cells at depths drawn from their law, then wait. That deeper
    bands are stopped a little more often is ignored.
    """
    from truce_sim.config.branching import target_shares

    militants, border = setup.config.militants, setup.config.border
    shares = target_shares(
        militants.depth_mu, militants.depth_sigma, border.cell_km, border.home_depth
    )
    steps = border.host_depth + 1 + np.arange(border.home_depth)
    arrival = -(-steps // militants.pace_cells_per_day) - 1
    walk = np.bincount(arrival, shares)
    mean = militants.staging_days
    if mean == 0:
        return walk
    waits = np.arange(1, max(int(8 * mean), 2))
    wait = np.concatenate([[0.0], (1.0 - 1.0 / mean) ** (waits - 1) / mean])
    whole = np.convolve(walk, wait)
    return np.asarray(whole / whole.sum())


# ── in time and space ────────────────────────────────────────────────────────────────────────


def _clusters(incidents: Incidents) -> Iterator[dict[str, Any]]:
    yield _row("weekly Fano factor", "", fano(incidents))
    yield _row("Gini over 100 km", "", gini(incidents))
    yield _row("near-repeat ratio, 50 km and 14 days", "", near_repeat(incidents))


def _places(incidents: Incidents, setup: Setup) -> pd.DataFrame:
    """The share of events in each 100 km, next to the border's weight there.

    Intervals are from resampled quarters, and no narrower than for independent events.
    """
    border, length = setup.border, incidents.line_km
    edges = np.append(np.arange(0.0, max(length - _BIN_KM / 4, 1.0), _BIN_KM), length)
    frame = incidents.frame
    place = np.clip(np.searchsorted(edges, frame["km_along"], "right") - 1, 0, edges.size - 2)
    block = _blocks(frame)
    sums = np.zeros((int(block.max()) + 1, edges.size - 1))
    np.add.at(sums, (block, place), 1.0)
    rng = np.random.default_rng(_SEED)
    drawn = sums[rng.integers(len(sums), size=(_RESAMPLES, len(sums)))].sum(axis=1)
    shares = drawn / drawn.sum(axis=1, keepdims=True)
    counts = sums.sum(axis=0)
    alone = np.array([count_interval(int(k), len(frame))[1:] for k in counts])
    low, high = np.quantile(shares, central(), axis=0)
    low, high = np.minimum(low, alone[:, 0]), np.maximum(high, alone[:, 1])
    if len(sums) < _LEAST_BLOCKS:
        low, high = np.full((2, counts.size), math.nan)
    total = np.interp(edges, np.append(border.km_from, border.km_to[-1]) - border.km_from[0],
                      np.append(0.0, np.cumsum(border.sectors["weight"])))  # fmt: skip
    return pd.DataFrame({
        "km_from": edges[:-1], "km_to": edges[1:], "events": counts.astype(int),
        "share": counts / counts.sum(), "share_low": low, "share_high": high,
        "weight": np.diff(total),
    })  # fmt: skip


# ── as an option of the group ────────────────────────────────────────────────────────────────


def write_option(found: Description, name: str, folder: str | Path, sources: Sequence[str]) -> Path:
    """Write the estimates as `militants=NAME`, for `--config-dir FOLDER`.

    Args:
        found: the estimates.
        name: of the option.
        folder: a folder with options, made if missing.
        sources: lines about the events: file, filters, period.

    Returns:
        The file.

    Raises:
        InputError: it is not a valid name, or the file exists.
    """
    if not name.replace("_", "").replace("-", "").isalnum() or not name.isascii():
        raise InputError("is not the name of an option", setting="--name", value=name,
                         allowed="letters, digits, - and _")  # fmt: skip
    file = Path(folder).expanduser() / "militants" / f"{name}.yaml"
    if file.exists():
        raise InputError("exists; nothing is overwritten", setting="--write", value=str(file),
                         allowed="another name or folder")  # fmt: skip
    text = "\n".join([*_head(found, sources), *_lines(found)]) + "\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, lambda path: path.write_text(text, encoding="utf-8"))
    return file


def _head(found: Description, sources: Sequence[str]) -> Iterator[str]:
    yield "# Estimated from events with truce-sim border describe. [C] computed from event data."
    yield from (f"# {' '.join(line.split())}" for line in sources)
    yield f"# {found.events} events in {found.days} days; 95 % intervals."
    yield from ("defaults:", "  - ttp  # all that is not estimated", "  - _self_", "")


def _lines(found: Description) -> Iterator[str]:
    setup = load_setup()
    rows = found.table[found.table["setting"] != ""]
    rate = _RATES[found.chosen.rate]
    for row in rows.to_dict("records"):
        excited = row["setting"].startswith("militants.excitation")
        if excited and rate not in row["quantity"]:
            continue
        name = row["setting"].partition(".")[2]
        said = f"# [C] {row['quantity']} [{row['value_low']:.2f}, {row['value_high']:.2f}]"
        yield f"{name}: {row['value']:.3g}  {said}"
    bands = found.chosen.branching.value / found.passing
    idle = effective_branching(setup.config, setup.border) / setup.config.militants.excitation
    yield f"# excitation is {found.chosen.branching.value:.2f} attacks for each attack, divided by"
    yield f"# {found.passing:.2f}, the share of bands that get through with the default settings."
    if bands * idle >= 1:
        yield "# With an idle host attacks would multiply without end: such a run is refused."


# ── a border's events ────────────────────────────────────────────────────────────────────────


def describe_border(
    border: str | Path, events: str | Path, *, since: str = "", until: str = "", actor: str = "",
    country: str = "", within_km: float = WITHIN_KM, side: str = "home", delays: bool = False,
    draws: int = 99, coarse: str = "first",
) -> Description:  # fmt: skip
    """Read the events of a border and describe them.

    Args:
        border: the name of a border that comes with the program, or the path of a border folder.
        events: an event file, in the layout of UCDP GED or ACLED.
        since: first date, YYYY-MM-DD; by default that of the first event.
        until: last date, YYYY-MM-DD; by default that of the last event.
        actor: keep only events in which a side's name contains this text.
        country: keep only events in this country.
        within_km: keep only events this near the line.
        side: keep only events on this side of the line, "home" or "host"; "" keeps both.
        delays: as in `describe`.
        draws: as in `describe`.
        coarse: what to do with events that span several days, as in `read_incidents`.

    Returns:
        The estimates, with the account of the file's rows.

    Raises:
        InputError: there is no such border, the file is bad, or has too few events.
    """
    incidents = read_incidents(events, since, until, within_km, actor, country, border=border,
                               side=side, coarse=coarse)  # fmt: skip
    shipped = str(border) in shipped_borders()
    setting = {"scenario": str(border)} if shipped else {"scenario.path": str(border)}
    found = describe(incidents, load_setup(setting), delays=delays, draws=draws)
    return replace(found, account=incidents.account)

"""What a posterior adds to its prior, and whether it reproduces what was and was not fitted."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.inference.measures import MEASURES
from truce_sim.inference.predictive import QUANTILES, predictive
from truce_sim.intervals import count_interval, z_quantile

if TYPE_CHECKING:
    from truce_sim.inference.task import Task

Floats = NDArray[np.float64]

#: Contraction below the first is reported as none, from the second on as much.
NONE_BELOW, MUCH_FROM = 0.1, 0.5
#: Correlations are reported from this size on, if the data moved them by at least _MOVED.
TOLD_FROM, _MOVED = 0.3, 0.15
#: Draws of a predictive check, each run twice.
CHECKS = 400
PAIR_COLUMNS = ["one", "other", "r", "r_low", "r_high", "before"]
_ENDS = {"median": 0.5, "low": QUANTILES[0], "high": QUANTILES[-1]}


def check(
    task: Task, posterior: Floats, values: pd.DataFrame, scores: Floats, summaries: Floats,
    threads: int = 0,
) -> dict[str, Any]:  # fmt: skip
    """Return all checks of a posterior as plain values.

    Args:
        task: the fit.
        posterior: (draws, settings) normal scores of its draws.
        values: the same draws as settings.
        scores: (draws, settings) normal scores of draws from the prior.
        summaries: (draws, summaries) of their simulations.
        threads: as in `simulate_many`.
    """
    settings = settings_table(task, posterior, values, scores)
    pairs = pairs_table(task, posterior, scores)
    again = task.simulate(posterior[:CHECKS], len(scores) + 1, threads)
    table = fitted_table(task, summaries, again)
    fitted, held_out = table[task.fitted], table[~task.fitted]
    return {
        "settings": settings.to_dict("records"), "pairs": pairs.to_dict("records"),
        "fitted": fitted.to_dict("records"), "held_out": held_out.to_dict("records"),
        "unfitted": unfitted_table(task, values, scores, threads).to_dict("records"),
        "sentences": [*said(settings), *tied(pairs), *strange(fitted), *missed(held_out)],
    }  # fmt: skip


def settings_table(
    task: Task, posterior: Floats, values: pd.DataFrame, scores: Floats
) -> pd.DataFrame:
    """Return a row for each setting: prior and posterior, contraction with its interval.

    Contraction is 1 - posterior over prior variance of the normal scores: 0 if the data say nothing
    about the setting, 1 if they determine it. Its interval covers the finite number of draws.
    """
    before = task.prior.values(scores)
    error = z_quantile() * math.sqrt(2 / len(posterior) + 2 / len(scores))
    rows = []
    for i, path in enumerate(task.prior.settings):
        ratio = float(posterior[:, i].var() / scores[:, i].var())
        row: dict[str, Any] = {"setting": path}
        for name, frame in (("prior", before), ("posterior", values)):
            row |= {f"{name}_{end}": float(np.quantile(frame[path], q)) for end, q in _ENDS.items()}
        low, high = (1 - ratio * math.exp(sign * error) for sign in (1, -1))
        moved = float(posterior[:, i].mean() - scores[:, i].mean()) / float(scores[:, i].std())
        rows.append(row | {"contraction": 1 - ratio, "contraction_low": low,
                           "contraction_high": high, "moved": moved})  # fmt: skip
    return pd.DataFrame(rows)


def pairs_table(task: Task, posterior: Floats, scores: Floats) -> pd.DataFrame:
    """Return the pairs of settings that the data tie together, strongest first."""
    names = task.prior.settings
    rows = []
    if len(names) > 1:
        after, before = (np.asarray(np.corrcoef(x.T), float) for x in (posterior, scores))
        error = z_quantile() / math.sqrt(len(posterior) - 3)
        for i, j in combinations(range(len(names)), 2):
            r = float(after[i, j])
            if abs(r) >= TOLD_FROM and abs(r - before[i, j]) >= _MOVED:
                ends = np.tanh(np.arctanh(r) + np.array([-error, error]))
                rows.append((names[i], names[j], r, *map(float, ends), float(before[i, j])))
    found = pd.DataFrame(rows, columns=PAIR_COLUMNS)
    return found.reindex(found["r"].abs().sort_values(ascending=False).index).reset_index(drop=True)


def fitted_table(task: Task, before: Floats, after: Floats) -> pd.DataFrame:
    """Return a row for each summary: the observed value, what prior and posterior yield, how
    extreme it is.

    `outside` is the share of prior simulations at least as extreme, doubled: near 0 where the model
    hardly ever yields what was observed.
    """
    rows = []
    for i, (summary, seen) in enumerate(zip(task.summaries, task.observed, strict=True)):
        row: dict[str, Any] = {"summary": summary.name, "why": summary.why, "observed": float(seen)}
        for name, sample in (("prior", before[:, i]), ("posterior", after[:, i])):
            good = sample[np.isfinite(sample)]
            ends = np.quantile(good, list(_ENDS.values()))
            row |= {f"{name}_{end}": float(x) for end, x in zip(_ENDS, ends, strict=True)}
            below, above = float((good <= seen).mean()), float((good >= seen).mean())
            row[f"{name}_p"] = min(1.0, 2 * min(below, above))
        rows.append(row)
    return pd.DataFrame(rows)


def unfitted_table(
    task: Task, values: pd.DataFrame, scores: Floats, threads: int = 0
) -> pd.DataFrame:
    """Return a row for each measure that was not fitted: what prior and posterior yield."""
    fitted = {summary.name for summary in task.summaries if summary.fitted}
    names = [name for name in MEASURES if name not in fitted]
    tables = [predictive(frame.head(CHECKS), task.setup, measures=names, threads=threads)
              for frame in (task.prior.values(scores[:CHECKS]), values)]  # fmt: skip
    kept = ["mean", "mean_low", "mean_high", "q2.5", "q50", "q97.5", "due_to_settings",
            "due_to_settings_low", "due_to_settings_high"]  # fmt: skip
    before, after = (table.set_index("measure")[kept] for table in tables)
    about = tables[0].set_index("measure")[["words", "unit"]]
    return (
        about.join(before.add_prefix("prior_")).join(after.add_prefix("posterior_")).reset_index()
    )


def said(settings: pd.DataFrame) -> list[str]:
    """What the data say of each setting, in words."""
    much = settings["contraction"] >= MUCH_FROM
    none = settings["contraction"] < NONE_BELOW
    kinds = (
        (much, "The data say much about"),
        (~much & ~none, "The data say something about"),
        (none, "The data say nothing (so the prior stays) about"),
    )
    found = []
    for chosen, words in kinds:
        names = [f"{row.setting} ({_contraction(row)})" for row in settings[chosen].itertuples()]
        if names:
            found.append(f"{words} {', '.join(names)}.")
    return found


def _contraction(row: Any) -> str:
    return (f"contraction {row.contraction:.2f} [{row.contraction_low:.2f}, "
            f"{row.contraction_high:.2f}]")  # fmt: skip


def tied(pairs: pd.DataFrame) -> list[str]:
    """Which settings trade off, in words."""
    listed = [f"{row.one} and {row.other} (r = {row.r:.2f} [{row.r_low:.2f}, {row.r_high:.2f}])"
              for row in pairs.head(5).itertuples()]  # fmt: skip
    return [f"They trade off, so that neither is known alone: {'; '.join(listed)}."] * bool(listed)


def strange(fitted: pd.DataFrame) -> list[str]:
    """What the model does not reproduce, in words."""
    found = []
    never = fitted[fitted["prior_p"] < 0.002]["summary"].tolist()
    if never:
        listed = ", ".join(never)
        found.append(f"The model hardly ever yields what was observed of: {listed}. Where it has "
                     "not been, the posterior is a guess.")  # fmt: skip
    still = fitted[fitted["posterior_p"] < 0.02]["summary"].tolist()
    if still:
        found.append(f"After the fit the model still misses: {', '.join(still)}.")
    return found


def missed(held_out: pd.DataFrame) -> list[str]:
    """Which patterns of the data that were not fitted the model reproduces, in words."""
    if held_out.empty:
        return []
    off = held_out[held_out["posterior_p"] < 0.02]["summary"].tolist()
    which = f"misses: {', '.join(off)}" if off else "misses none"
    return [f"Of {len(held_out)} patterns of the data that were not fitted, the model {which}."]


def coverage_sentence(calibration: pd.DataFrame) -> str:
    """How often intervals cover on simulated data sets, over all settings, in words."""
    n = int(calibration["n"].iloc[0])
    parts = []
    for level in (50, 95):
        shares = calibration[f"cover{level}"]
        ends = count_interval(round(n * float(shares.min())), n)
        parts.append(f"{level} % intervals cover {100 * shares.min():.0f} "
                     f"[{100 * ends.low:.0f}, {100 * ends.high:.0f}] to "
                     f"{100 * shares.max():.0f} %")  # fmt: skip
    return f"On {n:,} simulated data sets, {' and '.join(parts)} of the time, by setting."

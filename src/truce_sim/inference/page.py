"""The page of a fit: what the data say, how far to trust it, what the model does not reproduce."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from truce_sim.analysis.plots.style import CMAP_DIVERGING, COLOURS, GREY, with_style
from truce_sim.analysis.report.parts import Figure, Section, figure, make_table
from truce_sim.analysis.report.write import render_page
from truce_sim.errors import command
from truce_sim.inference.calibration import BINS
from truce_sim.inference.checks import coverage_sentence
from truce_sim.inference.laws import Law, law_of_words
from truce_sim.inference.sensitivity import NOTHING
from truce_sim.results.store import write_whole
from truce_sim.settings.fields import declared

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from truce_sim.inference.fit import Fit

CAVEAT = (
    "All of this is inside the model: the posterior says which settings would make the model yield "
    "such data, given the prior. It does not say that the model is right, and it is not a forecast."
)
_COLUMNS = 4
_PAIRS = 6


def write_page(found: Fit) -> Path:
    """Write `report.html` into the folder of a fit, and return its path."""
    makers = (_data, _settings, _trade_offs, _fitted, _unfitted, _leaving_out, _trust, _provenance)
    sections = [make(found) for make in makers]
    title = f"What the data say about the settings: {found.folder.name}"
    account = " ".join(found.manifest["account"])
    answer = [*found.sentences, coverage_sentence(found.calibration)]
    text = render_page(title, account, answer, CAVEAT, sections)
    path = found.folder / "report.html"
    write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    return path


def _data(found: Fit) -> Section:
    table = pd.DataFrame(found.manifest["summaries"]).rename(
        columns={"name": "summary", "why": "what it tells"}
    )
    text = ("Data and simulations are compared by these numbers only. What they leave out cannot "
            "speak for or against a setting.")  # fmt: skip
    return Section("data", "The data", [*found.manifest["account"], text],
                   tables=[make_table(table, f"{len(table)} summaries", folded=True)])  # fmt: skip


def _settings(found: Fit) -> Section:
    text = ("Grey: the prior. Colour: the posterior. Contraction is 1 minus the ratio of variances "
            "of normal scores, with the interval of a finite number of draws: near 0, the data say "
            "nothing about the setting; below 0, they widen it.")  # fmt: skip
    settings = found.settings
    table = pd.DataFrame({
        "setting": settings["setting"],
        "prior": [_span(row, "prior") for row in settings.to_dict("records")],
        "posterior": [_span(row, "posterior") for row in settings.to_dict("records")],
        "contraction": [_estimate(row, "contraction") for row in settings.to_dict("records")],
    })  # fmt: skip
    return Section("settings", "Prior against posterior", [text], figures=[_densities(found)],
                   tables=[make_table(table, "Medians and central 95 %")])  # fmt: skip


def _trade_offs(found: Fit) -> Section:
    pairs = found.pairs
    if pairs.empty:
        return Section("pairs", "What trades off", ["No pair of settings is tied by the data more "
                       "than by the prior."])  # fmt: skip
    text = "For such pairs, the data determine a combination better than either setting."
    return Section("pairs", "What trades off", [text], figures=[_clouds(found)])


def _compared(rows: pd.DataFrame) -> pd.DataFrame:
    """What was observed, next to what prior and posterior yield."""
    return pd.DataFrame([{
        "summary": row["summary"], "observed": f"{row['observed']:.3g}",
        "prior": _span(row, "prior"), "posterior": _span(row, "posterior"),
        "as extreme, prior": f"{row['prior_p']:.3f}",
        "as extreme, posterior": f"{row['posterior_p']:.3f}",
    } for row in rows.to_dict("records")])  # fmt: skip


def _fitted(found: Fit) -> Section:
    table = _compared(found.fitted)
    text = ("The last columns are shares of simulations as extreme as the data, doubled. "
            "Near 0 under the prior, the model hardly ever yields this, and the posterior "
            "rests on the nearest that it yields. Near 0 under the posterior, the "
            "fit misses it.")  # fmt: skip
    return Section("fitted", "What was fitted", [text],
                   tables=[make_table(table, "Medians, central 95 % of simulations")])  # fmt: skip


def _unfitted(found: Fit) -> Section:
    rows = [{
        "measure": f"{row['words']}{', ' + row['unit'] if row['unit'] else ''}",
        "prior, mean": _estimate(row, "prior_mean"),
        "posterior, mean": _estimate(row, "posterior_mean"),
        "posterior, central 95 % of runs": f"{row['posterior_q2.5']:.3g} to "
                                           f"{row['posterior_q97.5']:.3g}",
        "due to settings": _estimate(row, "posterior_due_to_settings"),
    } for row in found.unfitted.to_dict("records")]  # fmt: skip
    text = ("What the fit implies of things that it was not shown. The last column of the last "
            "table is the share of the variance of runs that is still due to not knowing the "
            "settings.")  # fmt: skip
    tables = [make_table(pd.DataFrame(rows), "Predictive checks of runs, without data")]
    if not found.held_out.empty:
        caption = "Patterns of the data that were not fitted: medians, central 95 % of simulations"
        tables.insert(0, make_table(_compared(found.held_out), caption))
    return Section("unfitted", "What was not fitted", [text], tables=tables)


def _leaving_out(found: Fit) -> Section:
    table = found.sensitivity
    text = ("Each row is a flow that was trained on without a summary, on the same simulations: by "
            f"how many of its deviations the median of a setting moves. The row “{NOTHING}” "
            "left nothing out: it shows training alone. What one summary carries is only as good "
            "as its measurement, and as the model's way of reproducing it.")  # fmt: skip
    shown = table.assign(moved=[_estimate(row, "moved") for row in table.to_dict("records")],
                         wider=table["wider"].map("{:.2f}".format))  # fmt: skip
    shown = shown[["left_out", "setting", "moved", "wider"]]
    columns = {"left_out": "left out", "wider": "deviation, ratio"}
    return Section("sensitivity", "What the posterior hangs on", [text], figures=[_moved(found)],
                   tables=[make_table(shown.rename(columns=columns), "Each summary left out",
                                      folded=True)])  # fmt: skip


def _trust(found: Fit) -> Section:
    table = pd.DataFrame([{
        "setting": row["setting"], "50 % cover": _estimate(row, "cover50"),
        "95 % cover": _estimate(row, "cover95"), "ranks uneven, p": f"{row['p']:.2g}",
        "contraction, on average": f"{row['contraction']:.2f}",
    } for row in found.calibration.to_dict("records")])  # fmt: skip
    n = int(found.calibration["n"].iloc[0])
    text = (f"The same posterior was asked about {n:,} data sets simulated from the prior, of "
            "which the truth is known. If it is right on average, its 50 % intervals contain the "
            "truth half of the time, its 95 % intervals 95 times in a hundred, and the rank of the "
            "truth among its draws is even. Grey bands: what chance alone allows for 99 % of "
            "bins.")  # fmt: skip
    return Section("trust", "Whether to trust it", [coverage_sentence(found.calibration), text],
                   figures=[_ranks(found)], tables=[make_table(table, "Calibration")])  # fmt: skip


def _provenance(found: Fit) -> Section:
    manifest, training = found.manifest, found.diagnostics["training"]
    texts = [
        f"{manifest['draws']:,} draws from prior={manifest['prior']}, seed {manifest['seed']}; the "
        f"flow was trained on {training['draws']:,} of them for {training['epochs']} epochs.",
        f"truce_sim {manifest['truce_sim']}, rules {manifest['rules'][:12]}.",
    ]
    over = command("sweep", f"+posterior={found.folder}", "mediation=none,qatar_turkiye",
                   "sweep.compare=mediation")  # fmt: skip
    return Section("provenance", "Provenance, and what to do next", texts,
                   commands=[manifest["command"], over])  # fmt: skip


def _span(row: dict[Any, Any], name: str) -> str:
    return f"{row[f'{name}_median']:.3g} ({row[f'{name}_low']:.3g} to {row[f'{name}_high']:.3g})"


def _estimate(row: dict[Any, Any], name: str) -> str:
    value, low, high = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
    if value is None or np.isnan(value):
        return "–"
    return f"{value:.3g}" if np.isnan(low) else f"{value:.3g} [{low:.3g}, {high:.3g}]"


# ── figures ──────────────────────────────────────────────────────────────────────────────────


def _panels(number: int, height: float) -> list[Axes]:
    from matplotlib import pyplot as plt

    columns = min(_COLUMNS, number)
    rows = -(-number // columns)
    found = plt.subplots(rows, columns, figsize=(2.4 * columns, height * rows), squeeze=False,
                         layout="constrained")[1].ravel()  # fmt: skip
    for ax in found[number:]:
        ax.set_axis_off()
    return list(found[:number])


@with_style
def _densities(found: Fit) -> Figure:
    axes = _panels(found.draws.shape[1], 1.7)
    laws = _laws(found)
    for ax, path in zip(axes, map(str, found.draws), strict=True):
        after = found.draws[path].to_numpy(float)
        before = laws[path].values((np.arange(4000) + 0.5) / 4000)
        low, high = np.quantile(np.concatenate([before, after]), [0.002, 0.998])
        bins = np.linspace(float(low), float(high), 30).tolist()
        ax.hist(before, bins, density=True, color=GREY, alpha=0.35)
        ax.hist(after, bins, density=True, histtype="step", color=COLOURS[0], linewidth=1.4)
        ax.set_title(str(path), fontsize="xx-small")
        ax.set_yticks([])
        ax.tick_params(labelsize="xx-small")
    return figure(axes[0], "Histograms of each setting under prior and posterior",
                  f"{len(found.draws):,} posterior draws; the priors before rules between "
                  "settings.")  # fmt: skip


def _laws(found: Fit) -> dict[str, Law]:
    """The prior law of each setting, as the manifest has it."""
    written = found.manifest["task"]["prior"]
    paths = map(str, found.draws)
    return {path: law_of_words(declared(path), *written[path]) for path in paths}


@with_style
def _clouds(found: Fit) -> Figure:
    pairs = found.pairs.head(_PAIRS)
    axes = _panels(len(pairs), 2.1)
    for ax, row in zip(axes, pairs.to_dict("records"), strict=True):
        one, other = row["one"], row["other"]
        ax.scatter(found.draws[one][:1000], found.draws[other][:1000], s=2, alpha=0.3,
                   color=COLOURS[0], linewidths=0)  # fmt: skip
        ax.set_xlabel(one, fontsize="xx-small")
        ax.set_ylabel(other, fontsize="xx-small")
        ax.set_title(f"r = {row['r']:.2f} [{row['r_low']:.2f}, {row['r_high']:.2f}]",
                     fontsize="xx-small")  # fmt: skip
        ax.tick_params(labelsize="xx-small")
    return figure(axes[0], "Clouds of posterior draws of pairs of settings",
                  "1,000 posterior draws. r is of normal scores.")  # fmt: skip


@with_style
def _moved(found: Fit) -> Figure:
    from matplotlib import pyplot as plt

    table = found.sensitivity.pivot_table("moved", "left_out", "setting", sort=False)
    rows, columns = table.shape
    ax = plt.subplots(figsize=(2.6 + 0.75 * columns, 1.6 + 0.24 * rows), layout="constrained")[1]
    most = max(1.0, float(table.abs().to_numpy().max()))
    ax.imshow(table, cmap=CMAP_DIVERGING, vmin=-most, vmax=most, aspect="auto")
    for (i, j), value in np.ndenumerate(table.to_numpy(float)):
        colour = "white" if abs(value) > 0.6 * most else "black"
        ax.text(j, i, f"{value:+.1f}", ha="center", va="center", fontsize="xx-small", color=colour)
    ax.set_xticks(range(columns), [*map(str, table)], rotation=35, ha="right", fontsize="xx-small")
    ax.set_yticks(range(rows), [*map(str, table.index)], fontsize="xx-small")
    ax.grid(visible=False)
    return figure(ax, "How far the median of each setting moves without each summary",
                  "In deviations of the posterior; rows: what is left out.")  # fmt: skip


@with_style
def _ranks(found: Fit) -> Figure:
    from scipy.stats import binom

    rows = found.calibration.to_dict("records")
    axes = _panels(len(rows), 1.5)
    for ax, row in zip(axes, rows, strict=True):
        low, high = (float(binom.ppf(q, row["n"], 1 / BINS)) for q in (0.005, 0.995))
        ax.axhspan(low, high, color=GREY, alpha=0.25, linewidth=0)
        ax.bar(np.arange(BINS), row["ranks"], color=COLOURS[0], width=0.9)
        ax.set_title(row["setting"], fontsize="xx-small")
        ax.set_xticks([])
        ax.tick_params(labelsize="xx-small")
    return figure(axes[0], "Rank histograms of each setting",
                  f"Ranks of the truth among draws, {rows[0]['n']:,} data sets.")  # fmt: skip

"""E5: does more effort at the line produce more violations, and does it end the truce?

python experiments/e05_enforcement_violations/analysis.py [FOLDER] [--to FOLDER]
"""

import math

import numpy as np
from matplotlib import pyplot as plt
from scipy import stats

from truce_sim import load_config
from truce_sim.analysis.measures import DAYS_LIVED, change, measure
from truce_sim.analysis.plots.measures import plot_measure
from truce_sim.analysis.plots.style import COLOURS, state_n, with_style
from truce_sim.analysis.study import Study, study
from truce_sim.analysis.words import amount, percent

EFFORT, WEIGHT, BEGET = "home.capacity", "attribution.foiled_weight", "militants.excitation"
FALSE, FOILED, RULE = (
    "attribution.false_positive", "attribution.foiled", "truce.collapse_strikes"
)  # fmt: skip
DEFAULT = {FALSE: 0.08, FOILED: 0.9, "frailty": "default"}
ENDLESS = {RULE: math.inf}
WORLDS = {0.0: "attacks beget no attempts", 0.8: "0.8 attempts an attack",
          1.6: "1.6 attempts an attack (default)"}  # fmt: skip
KINDS = ("foiled bands", "attacks from across the line", "domestic attacks, misattributed")
X_LABEL = "effort at the line (default 0.85)"


@with_style
def rates(s: Study) -> plt.Figure:
    """Plot violations and deaths per day, a column for each world."""
    figure, axes = plt.subplots(2, 3, figsize=(9.6, 5.4), sharey="row", layout="constrained")
    names = ("violations", "false_violations", "foiled_at_border", "foiled_inside", "deaths")
    for (world, title), (top, bottom) in zip(WORLDS.items(), axes.T, strict=True):
        total, false, border, inside, deaths = (
            measure(s.sweep, name, DAYS_LIVED, EFFORT, DEFAULT | ENDLESS | {BEGET: world})
            for name in names
        )
        stopped = DEFAULT[FOILED] * (border["value"] + inside["value"])
        attacks = total["value"] - stopped - false["value"]
        top.stackplot(range(len(total)), stopped, attacks, false["value"], labels=KINDS,
                      colors=("#a6cee3", COLOURS[5], "#888888"))  # fmt: skip
        plot_measure(total, EFFORT, label="", ax=top)
        plot_measure(deaths, EFFORT, label="", ax=bottom)
        top.set(title=title, xlabel="")
        bottom.set(xlabel=X_LABEL)
    axes[0, 0].set(ylabel="violations a day", ylim=(0, None))
    axes[1, 0].set(ylabel="deaths a day, attacks of bands", ylim=(0, None))
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    state_n(
        axes[1, 0], f"n = {int(total['runs'].min()):,} runs a point; lines: all, whiskers: 95 %"
    )
    return figure


@with_style
def lengths(s: Study) -> plt.Figure:
    """Plot mean survival by effort and weight of a foiled band."""
    figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.6), sharey=True, layout="constrained")
    for (world, title), ax in zip(WORLDS.items(), axes, strict=True):
        where = DEFAULT | {RULE: 3, BEGET: world}
        days = measure(s.sweep, "end_day", "", [WEIGHT, EFFORT], where)
        plot_measure(days, EFFORT, WEIGHT, "", ax)
        ax.set(title=title, xlabel=X_LABEL)
    axes[0].set(ylabel="mean survival, days", ylim=(0, s.sweep.horizon + 5))
    axes[2].legend(title="weight of a\nfoiled band", loc="upper left", bbox_to_anchor=(1, 1),
                   title_fontsize="small")  # fmt: skip
    state_n(axes[0], f"n = {int(days['runs'].min()):,} runs a point; whiskers: 95 %")
    return figure


def break_even() -> float:
    """Return the weight of a foiled band at which interception adds as much grievance as an attack.

    This is an average that ignores belief and the further attempts that attacks trigger.
    """
    config, n = load_config(), np.arange(1, 100_000)
    a, m = config.attribution, config.militants
    depth = stats.lognorm(m.depth_sigma, scale=math.exp(m.depth_mu))
    deaths = stats.lognorm(m.deaths_sigma, scale=math.exp(m.deaths_mu))
    chance = deaths.cdf(n + 1) - np.where(n == 1, 0, deaths.cdf(n))  # at least one
    weight = float(chance @ np.minimum(n / a.deaths_scale, a.max_weight))
    near = depth.expect(lambda km: np.exp(-km / a.attack_decay_km))
    return m.lethal_share * a.attack * near * weight / a.foiled


def main(s: Study) -> None:
    """Report rates by kind where no run is cut short, then where effort shortens the truce."""
    s.draw(rates(s), "rates")
    s.draw(lengths(s), "survival")
    for world, title in WORLDS.items():
        note_rates(s, world, title)
    s.note("", "What more effort than 0.85 changes in mean survival (simultaneous intervals):")
    by = [BEGET, FALSE, FOILED, "frailty", WEIGHT]
    days = change(s.sweep, EFFORT, "end_day", "", 0.85, by, {RULE: 3})
    usual = (days[FALSE] == DEFAULT[FALSE]) & (days[FOILED] == DEFAULT[FOILED])
    kept = days[EFFORT].isin([1.7, 3.4]) & (usual | (days[WEIGHT] == 0.25))
    for row in days[kept].to_dict("records"):
        s.note(f"  begets {row[BEGET]:g}, misattributed {row[FALSE]:g}, foiled attributed "
               f"{row[FOILED]:g}, frailty {row['frailty']}, weight {row[WEIGHT]:g}, effort "
               f"{row[EFFORT]:g}: {amount(row, 'value', 'days')}")  # fmt: skip
    s.note("", "Weight of a foiled band at which stopping it adds as much grievance as its attack "
           f"would have, computed from the defaults: {break_even():.2f}")  # fmt: skip


def note_rates(s: Study, world: float, title: str) -> None:
    """Note daily rates and the share of false violations, a line for each effort."""
    s.note("", f"Where {title}, no run cut short, by effort:")
    where = DEFAULT | ENDLESS | {BEGET: world}
    kinds = (("violations", DAYS_LIVED), ("violations", "attempts"), ("attempts", DAYS_LIVED),
             ("deaths", DAYS_LIVED), ("false_violations", "violations"),
             ("foiled_at_border", "crossings"))  # fmt: skip
    tables = [measure(s.sweep, *kind, EFFORT, where).to_dict("records") for kind in kinds]
    for all_, each, attempts, deaths, false, stopped in zip(*tables, strict=True):
        s.note(f"  {all_[EFFORT]:g}: violations {amount(all_, 'value', 'a day', 3)}, "
               f"{amount(each, 'value', 'an attempt', 3)}; attempts "
               f"{amount(attempts, 'value', 'a day', 3)}; deaths "
               f"{amount(deaths, 'value', 'a day', 2)}; false: {percent(false, 'value')}; "
               f"stopped at the line: {percent(stopped, 'value')}")  # fmt: skip
    for name in ("violations", "deaths"):
        found = change(s.sweep, EFFORT, name, DAYS_LIVED, 0.85, where=where)
        row = found[found[EFFORT] == 3.4].iloc[0]
        s.note(f"  3.4 instead of 0.85 changes {name} by {amount(row, 'value', 'a day', 3)}")


if __name__ == "__main__":
    with study(__file__) as s:
        main(s)

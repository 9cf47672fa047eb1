# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# # From a sweep to an answer
#
# One sweep, and every analysis of `docs/analysis.md` on it. Open this file as a notebook with
# Jupytext or any editor that knows `# %%` cells, or run it: `python experiments/tour.py`.
# Figures go to `outputs/tour`. It takes a minute or two; with fewer replicates
# (`python experiments/tour.py 20`) some seconds, and intervals too wide to say much.

# %%
from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt

from truce_sim import open_sweep, sweep
from truce_sim.analysis import (
    compare,
    discovery,
    incidence,
    incidents,
    micro,
    sensitivity,
    spells,
    survival,
    tipping,
)
from truce_sim.analysis.plots import compare as compare_plots
from truce_sim.analysis.plots import discovery as discovery_plots
from truce_sim.analysis.plots import micro as micro_plots
from truce_sim.analysis.plots import sensitivity as sensitivity_plots
from truce_sim.analysis.plots import survival as survival_plots
from truce_sim.analysis.plots import tipping as tipping_plots
from truce_sim.analysis.report.write import write_report

replicates = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdecimal() else 400
out = Path("outputs/tour")
out.mkdir(parents=True, exist_ok=True)


def save(ax, name: str) -> None:
    """Keep a figure, and go on with an empty one."""
    ax.figure.savefig(out / f"{name}.png")
    plt.close(ax.figure)


# %% [markdown]
# ## The sweep
#
# Does mediation hold the truce, and does that hang on the home state's threshold and memory?

# %%
folder = Path(f"outputs/tour-{replicates}")
if not folder.exists():
    sweep(
        {
            "mediation": ["none", "qatar_turkiye", "monitored"],
            "home.threshold": [3.0, 4.0, 5.0, 6.0],
            "home.grievance_memory_days": [10.0, 30.0, 90.0],
        },
        {"sweep.events": True, "sweep.series_every_days": 7},
        replicates=replicates,
        compare="mediation",
        folder=folder,
    )
runs = open_sweep(folder)
print(runs)
print(runs.runs.head())
print(runs.columns_help.loc[[*runs.factors, "end_day", "cause"]])

# %% [markdown]
# ## How long it lasts

# %%
print(survival.survival_summary(runs, by="mediation"))
print(survival.logrank(runs, by="mediation"))
save(
    survival_plots.plot_survival(survival.kaplan_meier(runs, "mediation"), "mediation"), "survival"
)
save(survival_plots.plot_incidence(incidence.cumulative_incidence(runs)), "causes")
save(survival_plots.plot_hazard(incidence.hazard(runs, "mediation"), "mediation"), "hazard")
save(survival_plots.plot_states(incidence.state_shares(runs, "mediation")), "states")
save(survival_plots.plot_spells(spells.spell_survival(runs)), "spells")

# %% [markdown]
# ## What mediation buys, run by run

# %%
found = compare.compare(runs, "mediation")
print(*found.sentences(pooled=True), sep="\n")
print(found.regret)
save(compare_plots.plot_comparison(found), "comparison")
save(compare_plots.plot_regret(found), "regret")

# %% [markdown]
# ## What matters, and where it fails

# %%
drivers = sensitivity.drivers(runs)
print(sensitivity.rank_factors(drivers))
save(sensitivity_plots.plot_drivers(drivers), "drivers")
for box in discovery.prim(runs):
    print(discovery.describe_box(box))
    save(discovery_plots.plot_box(box, runs), "box")
    save(discovery_plots.plot_peeling(box), "peeling")

# %% [markdown]
# ## Where it tips

# %%
line = tipping.boundary(runs, "home.grievance_memory_days", "home.threshold")
print(*tipping.describe_line(line), sep="\n")
phase = tipping.phase_map(runs, "home.grievance_memory_days", "home.threshold")
save(tipping_plots.plot_phase(phase, line), "phase")

# %% [markdown]
# ## The fine grain of violence, model and data with one ruler
#
# The same functions read an event file in UCDP GED or ACLED layout:
# `micro.micro_table(incidents.read_incidents("events.csv"))`.

# %%
table = micro.micro_table(incidents.sweep_incidents(runs))
print(table)
save(micro_plots.plot_micro({"model": table})[0], "micro")

# %% [markdown]
# ## The report

# %%
print(write_report(runs))

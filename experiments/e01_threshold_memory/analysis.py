"""E1: from the literal to the tolerant clause, and what forgetting is worth.

python experiments/e01_threshold_memory/analysis.py [FOLDER] [--to FOLDER]
"""

from truce_sim.analysis import tipping
from truce_sim.analysis.measures import change
from truce_sim.analysis.plots.tipping import plot_phase
from truce_sim.analysis.study import Study, study
from truce_sim.analysis.survival import survival_summary
from truce_sim.analysis.words import amount, percent

MEMORY, THRESHOLD = tipping.THRESHOLD_MEMORY


def main(s: Study) -> None:
    """Report the map, its tipping line, and what each of the two factors is worth."""
    line = tipping.boundary(s.sweep, MEMORY, THRESHOLD)
    s.draw(plot_phase(tipping.phase_map(s.sweep, MEMORY, THRESHOLD), line), "map")
    s.note("", "Where half of the truces hold for a year:", *tipping.describe_line(line))
    s.note("", "By threshold, at the default memory of 30 days:")
    for row in survival_summary(s.sweep, THRESHOLD, where={MEMORY: 30}).to_dict("records"):
        days = f"mean {amount(row, 'mean', 'days')}, median {amount(row, 'median', 'days')}"
        s.note(f"  {row[THRESHOLD]:g}: holds {percent(row, 'holds')}, {days}")
    s.note("", "What memory changes in mean survival at a threshold of 4.5, against 30 days")
    s.note("(simultaneous intervals):")
    days = change(s.sweep, MEMORY, "end_day", baseline=30, where={THRESHOLD: 4.5})
    for row in days.to_dict("records"):
        s.note(f"  {row[MEMORY]:g} days: {amount(row, 'value', 'days')}")


if __name__ == "__main__":
    with study(__file__) as s:
        main(s)

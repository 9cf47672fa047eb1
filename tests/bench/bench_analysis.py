"""Analysis of a million runs: seconds and peak memory, each in a process of its own.

python tests/bench/bench_analysis.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from bench_sweeps import show

MEASURE = """
import resource, sys, time
from truce_sim import open_sweep
begun = time.perf_counter()
sweep = open_sweep(sys.argv[1])
exec(sys.argv[2])
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(time.perf_counter() - begun, memory)
"""

MILLION = {
    "open and summarise": ("sweep.points", "3 s"),
    "survival by a factor of ten levels": (
        "from truce_sim.analysis.survival import kaplan_meier;"
        "kaplan_meier(sweep, 'home.threshold')",
        "2 s",
    ),
    "log-rank test of ten levels": (
        "from truce_sim.analysis.survival import logrank; logrank(sweep, 'home.threshold')", "",
    ),
    "paired comparison, all of it": (
        "from truce_sim.analysis.compare import compare; c = compare(sweep); c.table, c.regret", "",
    ),
    "tipping line with its intervals": (
        "from truce_sim.analysis.tipping import boundary;"
        "boundary(sweep, 'host.capacity', 'home.threshold')", "",
    ),
    "the report": (
        "from pathlib import Path; from truce_sim.analysis.report import write_report;"
        "write_report(sweep, Path(sys.argv[1], 'report.html'))", "20 s",
    ),
}  # fmt: skip
TEN_THOUSAND = {
    "read series and events": ("sweep.series, sweep.events", "5 s"),
    "all micro patterns": (
        "from truce_sim.analysis import incidents, micro;"
        "micro.micro_table(incidents.incidents_of(sweep)); micro.response_lags(sweep)", "",
    ),
}  # fmt: skip


def main() -> None:
    """Print every figure, with its aim."""
    from truce_sim import sweep

    with tempfile.TemporaryDirectory() as folder:
        thresholds = [2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 7]
        factors = {"home.threshold": thresholds, "mediation": ["none", "qatar_turkiye"],
                   "host.capacity": [0.4, 0.6, 0.8, 1.2, 1.6]}  # fmt: skip
        million = Path(folder) / "million"
        sweep(factors, replicates=10_000, compare="mediation", folder=million)
        print("Analysis of 1,000,000 runs (aim for all: 1,000 MB)")
        for name, (code, aim) in MILLION.items():
            measure(name, million, code, aim)
        days = Path(folder) / "days"
        settings = {"sweep.events": True, "sweep.series_every_days": 1}
        sweep({"truce": ["practised"]}, settings, replicates=10_000, folder=days)
        print("Analysis of 10,000 runs with daily series and events")
        for name, (code, aim) in TEN_THOUSAND.items():
            measure(name, days, code, aim)


def measure(name: str, folder: Path, code: str, aim: str) -> None:
    """One line: seconds from opening the sweep, peak memory of the process."""
    arguments = [sys.executable, "-c", MEASURE, str(folder), code]
    seconds, memory = map(float, subprocess.check_output(arguments, text=True).split())
    show(name, f"{seconds:.1f} s, {memory:.0f} MB", aim)


if __name__ == "__main__":
    main()

"""A sweep as one HTML file that anyone can read."""

from truce_sim.analysis.report.write import write_report

__all__ = ["write_report"]

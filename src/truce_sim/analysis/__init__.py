"""Analyse a sweep: survival, comparisons, what matters, where it tips, a report.

Everything takes a sweep opened with `open_sweep` and returns tidy pandas objects, in which an
estimate `x` comes with its 95 % interval `x_low`, `x_high`. See docs/analysis.md.
"""

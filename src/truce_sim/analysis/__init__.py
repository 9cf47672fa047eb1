"""From a folder of runs to an answer: survival, comparison, what matters, where it tips, a report.

Everything takes a sweep as `open_sweep` gives it and returns tidy pandas objects, in which an
estimate `x` comes with its 95 % interval `x_low`, `x_high`. docs/analysis.md shows each.
"""

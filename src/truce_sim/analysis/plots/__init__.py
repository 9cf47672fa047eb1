"""Figures: one function for each result, which returns its axes. docs/analysis.md shows them."""

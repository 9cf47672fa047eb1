"""Figures: one function for each result, which returns its axes (see docs/analysis.md)."""

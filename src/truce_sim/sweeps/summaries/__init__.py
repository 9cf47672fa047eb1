"""Summarize the runs of a sweep from its folder."""

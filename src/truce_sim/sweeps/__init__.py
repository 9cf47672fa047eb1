"""Sweeps: which points, how they are run, where results go, what they come to."""

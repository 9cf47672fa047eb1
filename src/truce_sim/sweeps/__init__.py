"""Sweeps: designs, their folders on disk, execution and summaries."""

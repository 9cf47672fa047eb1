"""The folder of a sweep: its files, and how to read them."""

from truce_sim.sweeps.folder.folder import (
    EVENTS,
    PARTS,
    RERUNS,
    SERIES,
    SweepFolder,
    read_folder,
    read_manifest,
)

__all__ = ["EVENTS", "PARTS", "RERUNS", "SERIES", "SweepFolder", "read_folder", "read_manifest"]

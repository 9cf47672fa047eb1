"""The folder of a sweep: what is in it, and how it is read."""

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

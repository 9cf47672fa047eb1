"""The folder of a sweep: its files, and how to read them."""

from truce_sim.sweeps.folder.files import EVENTS, PARTS, RERUNS, SERIES
from truce_sim.sweeps.folder.folder import SweepFolder, read_folder
from truce_sim.sweeps.folder.manifest import read_manifest

__all__ = ["EVENTS", "PARTS", "RERUNS", "SERIES", "SweepFolder", "read_folder", "read_manifest"]

"""Imported by a process that forks viewers: what takes long to import, and starts no threads."""

import os
import threading

from truce_sim.viewer.serve import _ENVIRONMENT

os.environ.update(_ENVIRONMENT)

from truce_sim.model.rules import rules
from truce_sim.viewer.pages import live, sweep_page  # noqa: F401
from truce_sim.viewer.state import presets

rules()
presets.warm()
assert threading.active_count() == 1, threading.enumerate()  # a fork has no others

"""What this server opens for its visitors; `serve` sets it before the first visit."""

from __future__ import annotations

import threading

from truce_sim.viewer.state.opening import Opening

opening = Opening()

#: Set once everything that a page needs has been imported.
loaded = threading.Event()

"""What this server opens for its visitors; `serve` sets it before the first visit."""

from __future__ import annotations

from truce_sim.viewer.state.opening import Opening

opening = Opening()

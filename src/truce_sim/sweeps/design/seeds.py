"""Seeds for points that do not share their draws with all others."""

from __future__ import annotations

import hashlib

from truce_sim.config.layout import identities
from truce_sim.engine.run import RunSpec


def seed_of_row(seed: int, row: int) -> int:
    """Return the seed that the points of one row of a design share, in [0, 2^52)."""
    return _seed(f"row {row} of {seed}".encode())


def seed_of_point(spec: RunSpec) -> int:
    """Return a seed of the point's own, in [0, 2^52).

    It depends on the point's values, not on its number, so a larger design keeps it.
    """
    what = identities([spec.params])[0] + b"\0" + spec.border.tobytes()
    return _seed(f"point of {spec.seed} ".encode() + what)


def _seed(what: bytes) -> int:
    return int.from_bytes(hashlib.sha256(what).digest()[:8], "big") >> 12

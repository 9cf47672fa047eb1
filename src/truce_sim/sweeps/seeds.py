"""Seeds of their own for points that do not share their draws with all others."""

from __future__ import annotations

from truce_sim.engine.draws import Key, uniform

#: A stream that no decision of the model uses.
_SEEDS = 1000


def seed_of_point(seed: int, point: int) -> int:
    """A seed of the point's own, in [0, 2^52), drawn from the sweep's."""
    u: float = uniform(Key(seed, 0), _SEEDS, point, 0)  # type: ignore[no-untyped-call]
    return int(u * 2**52)

"""Settings that were removed, and the values that the rules keep in their place.

Files of an earlier version may still have them. Where one has the value that the rules keep,
nothing has changed and it is ignored; any other value is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from truce_sim.errors import InputError


@dataclass(frozen=True)
class Gone:
    """A setting of an earlier version.

    Attributes:
        value: what the rules keep in its place, its default then.
        version: the last version that had it.
        why: the reason.
        instead: what to use.
    """

    value: float
    version: str
    why: str
    instead: str


_FLOOR = Gone(
    0.05, "0.2.0", "thresholds came near it only with beliefs far from the defaults",
    "belief.threshold_effect, which says how far belief lowers a threshold",
)  # fmt: skip

GONE: Mapping[str, Gone] = {"home.threshold_floor": _FLOOR, "host.threshold_floor": _FLOOR}


def without_gone(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return a nested configuration of an earlier version without the removed settings.

    Raises:
        InputError: one has a value other than the one the rules keep.
    """
    kept = dict(plain)
    for path, gone in GONE.items():
        part, name = path.split(".")
        if name not in kept.get(part, ()):
            continue
        kept[part] = dict(kept[part])
        value = kept[part].pop(name)
        if value != gone.value:
            raise taken_out(path, value)
    return kept


def taken_out(path: str, value: object = None) -> InputError:
    """Return the error for a setting of `GONE` that was given a value."""
    gone = GONE[path]
    problem = f"was taken out after truce-sim {gone.version}: {gone.why}"
    return InputError(
        f"{problem}; the rules keep to {gone.value:g}", setting=path, value=value,
        allowed=gone.instead,
    )  # fmt: skip

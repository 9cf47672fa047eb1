"""One number that data and simulations are compared by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """One number that data and runs are compared by.

    Attributes:
        name: short.
        why: what it tells.
        group: the summaries that are left out with it; by default it stands alone.
        fitted: whether the posterior is made from it; else it is only checked.
    """

    name: str
    why: str
    group: str = ""
    fitted: bool = True

    @property
    def called(self) -> str:
        """The name of its group."""
        return self.group or self.name

"""One number that data and simulations are compared by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """One number that data and runs are compared by.

    Attributes:
        name: short.
        why: what it tells.
        group: names the summaries that are left out together; by default its own.
        fitted: whether the posterior is made from it; if not, it is only checked.
    """

    name: str
    why: str
    group: str = ""
    fitted: bool = True

    @property
    def called(self) -> str:
        """The name of its group."""
        return self.group or self.name

"""Long work that a visitor asks for: it runs beside the page, shows how far it is, and stops."""

from __future__ import annotations

import threading

import solara


class Stopped(Exception):
    """The visitor has cancelled the work."""


class Work:
    """How far a piece of work is; called with the share done, which stops it once it is cancelled.

    Attributes:
        share: The share done, in whole percents of 1.
    """

    def __init__(self) -> None:
        self.share = solara.reactive(0.0)
        self._cancelled = threading.Event()

    def __call__(self, share: float) -> None:
        """Note the share done.

        Raises:
            Stopped: The visitor has cancelled the work.
        """
        if self._cancelled.is_set():
            raise Stopped
        self.share.value = int(100 * share) / 100

    def cancel(self) -> None:
        """Stop the work when it next says how far it is."""
        self._cancelled.set()


@solara.component
def Progress(work: Work, what: str) -> None:
    """Show how far a piece of work is, and a button to cancel it."""
    with solara.Row(style={"align-items": "center"}):
        solara.ProgressLinear(100 * work.share.value)
        solara.Text(f"{what}: {100 * work.share.value:.0f} %", style={"white-space": "nowrap"})
        solara.Button("Cancel", on_click=work.cancel, small=True, outlined=True)

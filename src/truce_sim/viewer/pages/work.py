"""Long work that a visitor asks for: it runs in the background, shows progress, and can be
cancelled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import solara

from truce_sim.settings.written import duration

Made = TypeVar("Made")


class Stopped(Exception):
    """The visitor has cancelled the work."""


class Work:
    """The progress of a piece of work. The work calls it with the share done, and is stopped by
    that once it is cancelled.

    Attributes:
        share: The share done, in whole percents of 1.
    """

    def __init__(self) -> None:
        self.share = solara.reactive(0.0)
        self._cancelled = threading.Event()
        self._began = time.monotonic()

    def __call__(self, share: float) -> None:
        """Note the share done.

        Raises:
            Stopped: The visitor has cancelled the work.
        """
        if self._cancelled.is_set():
            raise Stopped
        self.share.value = int(100 * share) / 100

    @property
    def left(self) -> str:
        """The time left, in words, extrapolated from the time elapsed; "" if it is too early to
        tell."""
        share, seconds = self.share.value, time.monotonic() - self._began
        if not 0.0 < share < 1.0 or seconds < 1.0:
            return ""
        return f"{duration(seconds * (1.0 - share) / share)} left"

    def cancel(self) -> None:
        """Stop the work when it next reports progress."""
        self._cancelled.set()


def use_work(
    make: Callable[[Work], Made], wanted: bool, dependencies: list[Any]
) -> tuple[Work, solara.lab.Task[..., Made | None]]:
    """Make something in the background, anew when a dependency changes; a hook of a component.

    Args:
        make: Makes it, and reports progress.
        wanted: Whether to make it now.
        dependencies: What it depends on. Work that is no longer wanted is stopped.

    Returns:
        The work, and its task, whose value is None if it was cancelled.
    """
    work = solara.use_memo(Work, dependencies)

    def run() -> Made | None:
        if wanted:
            with suppress(Stopped):
                return make(work)
        return None

    solara.use_effect(lambda: work.cancel, dependencies)
    return work, solara.lab.use_task(run, dependencies=dependencies)


@solara.component
def Progress(work: Work, what: str, on_cancel: Callable[[], object] = lambda: None) -> None:
    """Show the progress of a piece of work and the time left, and a button to cancel it."""

    def cancel() -> None:
        work.cancel()
        on_cancel()

    left = f", {work.left}" if work.left else ""
    with solara.Row(style={"align-items": "center"}):
        solara.ProgressLinear(100 * work.share.value)
        solara.Text(
            f"{what}: {100 * work.share.value:.0f} %{left}", style={"white-space": "nowrap"}
        )
        solara.Button("Cancel", on_click=cancel, small=True, outlined=True)

"""The progress of a sweep, without a terminal: a line every ten seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from truce_sim import terminal


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


def test_what_comes_before_the_first_chunk_does_not_count(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twenty seconds of compiling, then 1,000 runs every two seconds."""
    clock = Clock()
    monkeypatch.setattr(terminal, "time", clock)
    monkeypatch.setattr(terminal, "warn_of_compiling", lambda: None)
    bar = terminal.SweepBar()
    bar.start(24_000, 0, Path("s"))
    clock.now += 20
    for _ in range(7):
        bar.advance(1000)
        clock.now += 2
    bar.finish()
    assert capsys.readouterr().err.splitlines() == [
        "24,000 runs → s",
        "1,000 of 24,000 runs",
        "7,000 of 24,000 runs, 500 runs/s, 34 s left",
    ]

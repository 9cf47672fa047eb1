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


@pytest.mark.parametrize(("runs", "left"), [(24_000, "34 s"), (240_000, "7.8 min")])
def test_what_comes_before_the_first_chunk_does_not_count(
    runs: int, left: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twenty seconds of compiling, then 1,000 runs every two seconds."""
    clock = Clock()
    monkeypatch.setattr(terminal, "time", clock)
    monkeypatch.setattr(terminal, "warn_of_compiling", lambda: None)
    bar = terminal.SweepBar()
    bar.start(runs, 0, Path("s"))
    clock.now += 20
    for _ in range(7):
        bar.advance(1000)
        clock.now += 2
    bar.finish()
    assert capsys.readouterr().err.splitlines() == [
        f"{runs:,} runs → s",
        f"1,000 of {runs:,} runs",
        f"7,000 of {runs:,} runs, 500 runs/s, {left} left",
    ]

"""A sweep that is run in every way there is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from truce_sim.sweeps.folder.folder import read_folder

PROGRAM = Path(sys.executable).with_name("truce-sim")
POINTS, REPLICATES = 6, 3000
SETTINGS = ("truce=literal,practised,tolerant", "home.capacity=0.8,0.85")


@dataclass(frozen=True)
class Sweep:
    """The sweep in a folder of its own, as a user runs it, in the environment of a cluster."""

    folder: Path
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    replicates: int = REPLICATES

    def command(self, *more: str) -> list[str]:
        words = [*SETTINGS, f"sweep.replicates={self.replicates}", *more]
        where = [f"output.dir={self.folder.parent}", f"output.name={self.folder.name}"]
        return [str(PROGRAM), "sweep", *words, *where]

    def start(self, *more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*more), env=self.environment, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *words: str | Path) -> str:
        """A command that must succeed; what it printed."""
        done = subprocess.run(words, env=self.environment, text=True, capture_output=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def parts(self) -> list[Path]:
        return list((self.folder / "parts").glob("p*.parquet"))

    def await_parts(self, number: int) -> None:
        until(lambda: len(self.parts()) >= number, f"{number} parts in {self.folder}")

    def rows(self) -> pd.DataFrame:
        frame = read_folder(self.folder).runs()
        return frame.sort_values(["point", "replicate"], ignore_index=True)


def until(true: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
    """Wait for something that must come about."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds:g} s for {what}"
        time.sleep(0.05)

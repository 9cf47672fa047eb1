"""Imported by a process that forks commands: what they import and look up is then there.

A run and a sweep are made. Their forks find Hydra's files read and bases composed; all else they
do as ever.
"""

from __future__ import annotations

import contextlib
import io
import tempfile

import matplotlib.pyplot as plt  # noqa: F401

from truce_sim.analysis import study  # noqa: F401
from truce_sim.analysis.report import sections, write  # noqa: F401
from truce_sim.cli.commands import run_command

with (
    tempfile.TemporaryDirectory() as folder,
    contextlib.redirect_stdout(io.StringIO()),
    contextlib.redirect_stderr(io.StringIO()),
):
    where = [f"output.dir={folder}", "output.name=s", "run.horizon_days=30"]
    sweep = ["sweep", "truce=literal,practised", "sweep.replicates=4", "sweep.compare=truce"]
    for words in (["run", where[0], where[2]], [*sweep, *where], ["resume", f"{folder}/s"]):
        assert run_command(words) == 0

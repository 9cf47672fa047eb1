"""A sweep's work as jobs of a Hydra launcher: joblib, SLURM through submitit, or Dask.

What is missing is dealt out into lists of chunks, one for each job, in `jobs/` of the sweep's
folder. A job needs its list and the folder, runs a crew of its own and writes its parts there. What
it returns may get lost with it; what came of the jobs is read off the folder.
"""

from __future__ import annotations

import os
import secrets
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.plugins import Plugins
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf

from truce_sim.config import launchers
from truce_sim.config.tokens import as_tokens
from truce_sim.sweeps.execution.crew import count_workers
from truce_sim.sweeps.execution.progress import Silence
from truce_sim.sweeps.execution.share import work_on
from truce_sim.sweeps.execution.worker import Done
from truce_sim.sweeps.folder.folder import SweepFolder
from truce_sim.sweeps.folder.plan import Chunk

_FOLDER = "jobs"


@dataclass(frozen=True)
class Jobs:
    """How a sweep is run through the launcher that its configuration names."""

    context: HydraContext
    config: DictConfig

    @property
    def _target(self) -> str:
        return str(self.config.hydra.launcher["_target_"])

    def run(
        self, folder: SweepFolder, chunks: Sequence[Chunk], count: Callable[[Done], None]
    ) -> list[str]:
        """Run chunks as jobs and wait for all of them; `count` is told of parts as they appear.

        Returns what went wrong, in words; the folder says what was done all the same.
        """
        number = min(folder.settings.jobs or self._places(), len(chunks))
        lists = _write_lists(folder, [chunks[job::number] for job in range(number)])
        config = self._config(lists)
        with _watching(folder, count):
            try:
                launcher = Plugins.instance().instantiate_launcher(self.context, do_job, config)
                returned = launcher.launch(self._overrides(folder, lists, number), 0)
                told = [str(job.return_value) for job in returned]
            except Exception as error:  # of a job, a scheduler or a network: whatever it is
                told = [str(error).strip() or type(error).__name__]
        return [f"{_short(words)} (see {lists})" for words in told if words]

    def _places(self) -> int:
        """Jobs that run at once."""
        launcher = self.config.hydra.launcher
        if self._target == launchers.SLURM:
            return int(launcher.array_parallelism)
        if self._target == launchers.DASK:
            from truce_sim.sweeps.execution.dask_jobs import places

            return places()
        return count_workers(max(launcher.n_jobs, 0))

    def _config(self, lists: Path) -> DictConfig:
        """The configuration, with what a launcher writes beside the lists of its jobs. The name of
        that folder cannot be guessed: submitit unpickles what it finds there."""
        os.environ["PYTHONSAFEPATH"] = "1"  # a job imports nothing from where it was started
        config = deepcopy(self.config)
        OmegaConf.update(config, "hydra.sweep.dir", str(lists), force_add=True)
        if self._target == launchers.SLURM:
            logs = str(lists / "%j")
            OmegaConf.update(config, "hydra.launcher.submitit_folder", logs, force_add=True)
        return config

    def _overrides(self, folder: SweepFolder, lists: Path, number: int) -> list[list[str]]:
        one_each = self._target != launchers.SLURM  # a job of SLURM has cores of its own
        shared: dict[str, Any] = {
            "hydra.sweep.dir": lists,
            "hydra.sweep.subdir": ".",
            "output.dir": lists,
            "sweep.workers": folder.settings.workers or int(one_each),
        }
        return [as_tokens({**shared, "output.name": _name(job)}) for job in range(number)]


def make_jobs(context: HydraContext, config: DictConfig) -> Jobs | None:
    """The jobs of a configuration; None for Hydra's basic launcher, whose place the crew takes."""
    jobs = Jobs(context, config)
    return None if jobs._target == launchers.BASIC else jobs


def do_job(config: DictConfig) -> str:
    """A job: the chunks of its list. Returns why it could not do them all, or "".

    What it needs stands in its configuration: output.dir/output.name is its list.
    """
    lists = Path(config.output.dir)
    names = (lists / config.output.name).read_text(encoding="utf-8").split()
    chunks = [chunk for chunk in map(Chunk.named, names) if chunk is not None]
    try:
        work_on(lists.parent.parent, chunks, Silence(), config.sweep.workers)
    except (RuntimeError, ValueError) as error:  # Stopped, InputError
        return f"job {config.output.name}: {error}"
    return ""


def _short(words: str) -> str:
    """On one line, without the logs that launchers add."""
    return textwrap.shorten(words, 240, placeholder=" …")


def _name(job: int) -> str:
    return f"chunks-{job:05d}.txt"


def _write_lists(folder: SweepFolder, lists: Sequence[Sequence[Chunk]]) -> Path:
    stamp = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}"
    place = folder.path.resolve() / _FOLDER / stamp
    place.mkdir(parents=True, mode=0o700)
    for job, chunks in enumerate(lists):
        names = "".join(f"{chunk.name}\n" for chunk in chunks)
        (place / _name(job)).write_text(names, encoding="utf-8")
    return place


@contextmanager
def _watching(folder: SweepFolder, count: Callable[[Done], None]) -> Iterator[None]:
    """Tell of parts as they appear, by looking into the folder: jobs report to nobody."""
    seen = set(folder.chunks())
    over = threading.Event()

    def look() -> None:
        for chunk in folder.chunks():
            if chunk not in seen:
                seen.add(chunk)
                count(Done(chunk.name, chunk.runs, 0, 0.0))

    def watch() -> None:
        pause = 0.5
        while not over.wait(pause):
            begun = time.monotonic()
            look()
            pause = max(0.5, 20 * (time.monotonic() - begun))  # gentle to a shared file system

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        look()

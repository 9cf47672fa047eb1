"""Run a sweep as jobs of a Hydra launcher: joblib, SLURM through submitit, or Dask.

The missing chunks are divided into lists, one per job, in `jobs/` of the sweep's folder. A job
needs only its list and the folder; it runs its own crew and writes its parts there. A job's return
value may be lost if it dies, so the results are read from the folder.
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
    """Runs a sweep through the launcher that its configuration names.

    Attributes:
        context: Hydra's loader and callbacks.
        config: the whole configuration, including Hydra's own part.
    """

    context: HydraContext
    config: DictConfig

    @property
    def _target(self) -> str:
        return str(self.config.hydra.launcher["_target_"])

    def run(
        self, folder: SweepFolder, chunks: Sequence[Chunk], count: Callable[[Done], None]
    ) -> list[str]:
        """Run chunks as jobs and wait for all of them.

        Args:
            folder: the sweep.
            chunks: what to run.
            count: called for each part as it appears.

        Returns:
            One message per problem. The folder shows what was done.
        """
        number = min(folder.settings.jobs or self._slots(), len(chunks))
        lists = _write_lists(folder, [chunks[job::number] for job in range(number)])
        config = self._config(lists)
        with _watching(folder, count):
            try:
                launcher = Plugins.instance().instantiate_launcher(self.context, do_job, config)
                returned = launcher.launch(self._overrides(folder, lists, number), 0)
                messages = [str(job.return_value) for job in returned]
            except Exception as error:  # anything from a job, a scheduler or the network
                messages = [str(error).strip() or type(error).__name__]
        return [f"{_shorten(message)} (see {lists})" for message in messages if message]

    def _slots(self) -> int:
        """Return the number of jobs that can run at once."""
        launcher = self.config.hydra.launcher
        if self._target == launchers.SLURM:
            return int(launcher.array_parallelism)
        if self._target == launchers.DASK:
            from truce_sim.sweeps.execution.dask_jobs import places

            return places()
        return count_workers(max(launcher.n_jobs, 0))

    def _config(self, lists: Path) -> DictConfig:
        """Return the configuration, with the launcher's files next to the lists of its jobs.

        That folder's name cannot be guessed, because submitit unpickles what it finds there.
        """
        os.environ["PYTHONSAFEPATH"] = "1"  # a job imports nothing from where it starts
        config = deepcopy(self.config)
        OmegaConf.update(config, "hydra.sweep.dir", str(lists), force_add=True)
        if self._target == launchers.SLURM:
            logs = str(lists / "%j")
            OmegaConf.update(config, "hydra.launcher.submitit_folder", logs, force_add=True)
        return config

    def _overrides(self, folder: SweepFolder, lists: Path, number: int) -> list[list[str]]:
        one_each = self._target != launchers.SLURM  # a SLURM job has its own cores
        shared: dict[str, Any] = {
            "hydra.sweep.dir": lists,
            "hydra.sweep.subdir": ".",
            "output.dir": lists,
            "sweep.workers": folder.settings.workers or int(one_each),
        }
        return [as_tokens({**shared, "output.name": _name(job)}) for job in range(number)]


def make_jobs(context: HydraContext, config: DictConfig) -> Jobs | None:
    """Return the jobs of a configuration; None for Hydra's basic launcher (a crew replaces it)."""
    jobs = Jobs(context, config)
    return None if jobs._target == launchers.BASIC else jobs


def do_job(config: DictConfig) -> str:
    """Run one job: the chunks listed in the file output.dir/output.name.

    Returns:
        Why it could not finish, or "" if it did.
    """
    lists = Path(config.output.dir)
    names = (lists / config.output.name).read_text(encoding="utf-8").split()
    chunks = [chunk for chunk in map(Chunk.from_name, names) if chunk is not None]
    try:
        work_on(lists.parent.parent, chunks, Silence(), config.sweep.workers)
    except (RuntimeError, ValueError) as error:  # Stopped, InputError
        return f"job {config.output.name}: {error}"
    return ""


def _shorten(words: str) -> str:
    """Shorten a message to one line, without the logs that launchers add."""
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
    """Count parts as they appear in the folder, because jobs report nothing themselves."""
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
            pause = max(0.5, 20 * (time.monotonic() - begun))  # spares a shared file system

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        look()

"""Read the status of a sweep from its folder, which holds everything known about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from truce_sim.errors import InputError
from truce_sim.sweeps.execution.lock import is_locked
from truce_sim.sweeps.folder.files import PARTS
from truce_sim.sweeps.folder.folder import SweepFolder, read_folder
from truce_sim.sweeps.folder.plan import missing
from truce_sim.sweeps.summaries.results import damaged_results
from truce_sim.sweeps.summaries.targets import target_replicates

#: Number of latest parts from which the speed is measured.
_LATEST = 200


@dataclass(frozen=True)
class Status:
    """The status of a sweep.

    Attributes:
        path: the folder.
        started: when the sweep was created, in ISO 8601.
        points: number of design points.
        wanted: number of runs wanted.
        done: number of runs done, failed ones included.
        failed: number of failed runs.
        damaged: files that are missing, whose footers have changed, or that belong to no part.
        rate: recent runs per second; None if unknown.
        at_work: whether a driver holds the folder.
        finished: whether all runs are done and summarized, and no file is damaged.
    """

    path: Path
    started: str
    points: int
    wanted: int
    done: int
    failed: int
    damaged: tuple[str, ...]
    rate: float | None
    at_work: bool
    finished: bool

    @property
    def missing(self) -> int:
        """Number of runs still to be made."""
        return self.wanted - self.done

    @property
    def seconds_left(self) -> float | None:
        """Seconds to make the missing runs at the current rate; None if unknown."""
        return self.missing / self.rate if self.rate else None

    @property
    def word(self) -> str:
        """The state in one word: finished, running or stopped."""
        return "finished" if self.finished else "running" if self.at_work else "stopped"


def read_status(path: str | Path) -> Status:
    """Read the status of the sweep in a folder; raise InputError if there is none."""
    folder = read_folder(path)
    wanted = target_replicates(folder)
    lost = sum(chunk.runs for chunk in missing(folder.chunks(), wanted))
    footers = [folder.footer(chunk) for chunk in folder.chunks()]
    parts = [str(path.relative_to(folder.path)) for path in folder.damaged()]
    damaged = (*parts, *(f"{name}.parquet" for name in damaged_results(folder)))
    if folder.finished:
        damaged += tuple(str(path.relative_to(folder.path)) for path in folder.orphans())
    return Status(
        folder.path,
        str(folder.manifest.get("started", "")),
        folder.points,
        int(wanted.sum()),
        int(wanted.sum()) - lost,
        sum(footer.failed for footer in footers if footer),
        damaged,
        _rate(folder),
        is_locked(folder.path),
        folder.finished and lost == 0 and not damaged,
    )


def _rate(folder: SweepFolder) -> float | None:
    """Return runs per second, from the times at which the latest parts were written.

    If the clock was set back, the rate is unknown or wrong for a while; nothing depends on it.
    """
    times = sorted((folder.part(chunk).stat().st_mtime, chunk.runs) for chunk in folder.chunks())
    latest = times[-_LATEST:]
    if len(latest) < 2 or latest[-1][0] <= latest[0][0]:
        return None
    return sum(runs for _, runs in latest[1:]) / (latest[-1][0] - latest[0][0])


def find_sweeps(base: Path) -> tuple[list[Status], list[InputError]]:
    """Return the sweeps in `base`, latest first, and what is wrong with those that cannot be read.

    Raises:
        InputError: `base` is not a folder.
    """
    if not base.is_dir():
        raise InputError("no such folder", value=str(base), allowed="a folder with results")
    sweeps, unreadable = [], []
    for folder in sorted(base.iterdir()):
        if any((folder / name).exists() for name in ("design.parquet", "specs", PARTS)):
            try:
                sweeps.append(read_status(folder))
            except InputError as error:
                unreadable.append(error)
    return sorted(sweeps, key=lambda status: status.started, reverse=True), unreadable

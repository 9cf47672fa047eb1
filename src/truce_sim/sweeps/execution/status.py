"""How a sweep stands, read off its folder: nothing else knows more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from truce_sim.errors import InputError
from truce_sim.sweeps.execution.lock import is_locked
from truce_sim.sweeps.folder.folder import SweepFolder, read_folder
from truce_sim.sweeps.folder.plan import missing
from truce_sim.sweeps.summaries.targets import target_replicates

#: Parts whose times say how fast it goes.
_LATEST = 200


@dataclass(frozen=True)
class Status:
    """What is done of a sweep.

    wanted, done, failed: runs. damaged: parts that are cut short. rate: runs a second lately, None
    where the times of the parts do not tell. at_work: whether a driver holds the folder.
    """

    path: Path
    started: str
    points: int
    wanted: int
    done: int
    failed: int
    damaged: int
    rate: float | None
    at_work: bool
    finished: bool

    @property
    def missing(self) -> int:
        """Runs still to be made."""
        return self.wanted - self.done

    @property
    def seconds_left(self) -> float | None:
        """How long that takes at the rate; None where it is not known."""
        return self.missing / self.rate if self.rate else None

    @property
    def word(self) -> str:
        """finished, running or stopped."""
        return "finished" if self.finished else "running" if self.at_work else "stopped"


def read_status(path: str | Path) -> Status:
    """How the sweep in a folder stands. Raises InputError where there is none."""
    folder = read_folder(path)
    wanted = target_replicates(folder)
    lost = sum(chunk.runs for chunk in missing(folder.chunks(), wanted))
    footers = [folder.footer(chunk) for chunk in folder.chunks()]
    return Status(
        folder.path,
        str(folder.manifest.get("started", "")),
        folder.points,
        int(wanted.sum()),
        int(wanted.sum()) - lost,
        sum(footer.failed for footer in footers if footer),
        sum(footer is None for footer in footers),
        _rate(folder),
        is_locked(folder.path),
        folder.manifest.get("status") == "done" and lost == 0,
    )


def _rate(folder: SweepFolder) -> float | None:
    """Runs a second, by the times at which the latest parts were written. A clock that was set back
    meanwhile makes it unknown, or wrong for a while; nothing else depends on it."""
    times = sorted((folder.part(chunk).stat().st_mtime, chunk.runs) for chunk in folder.chunks())
    latest = times[-_LATEST:]
    if len(latest) < 2 or latest[-1][0] <= latest[0][0]:
        return None
    return sum(runs for _, runs in latest[1:]) / (latest[-1][0] - latest[0][0])


def find_sweeps(base: Path) -> list[Status]:
    """The sweeps in the folders of `base`, the latest first. Raises InputError where it is none."""
    if not base.is_dir():
        raise InputError("no such folder", value=str(base), allowed="a folder with results")
    found = []
    for manifest in sorted(base.glob("*/manifest.json")):
        try:
            found.append(read_status(manifest.parent))
        except InputError:  # a run, or something else
            continue
    return sorted(found, key=lambda status: status.started, reverse=True)

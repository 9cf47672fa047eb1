"""Do a share of a sweep's work, in a process started separately, here or on another machine.

All workers of a sweep see the same folder. A share is a fixed choice of chunks, so workers need
not communicate. Chunks that are already done are skipped.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from truce_sim.errors import command
from truce_sim.sweeps.execution.crew import Crew, count_workers
from truce_sim.sweeps.execution.progress import Progress, Stopped
from truce_sim.sweeps.execution.rules import refuse_other_rules
from truce_sim.sweeps.folder.folder import read_folder
from truce_sim.sweeps.folder.plan import Chunk, incomplete_chunks
from truce_sim.sweeps.summaries.targets import chunks_to_run


def work_on_share(
    path: str | Path, share: int, shares: int, progress: Progress, workers: int | None = None
) -> int:
    """Run what is missing of a share.

    Args:
        path: the sweep's folder.
        share: number of the share, from 0.
        shares: number of shares.
        progress: receives the progress.
        workers: number of worker processes; None: every core.

    Returns:
        The number of failed runs.

    Raises:
        InputError: if `path` is not a sweep's folder, or its rules differ.
        Stopped: if it ends before it is finished.
    """
    folder = read_folder(path)
    for damaged in folder.damaged(folder.chunks()[share::shares]):
        progress.say(f"{damaged} is damaged or missing: left to {command('resume', folder.path)}")
    mine = islice(chunks_to_run(folder), share, None, shares)
    return work_on(path, mine, progress, workers)


def work_on(
    path: str | Path, chunks: Iterable[Chunk], progress: Progress, workers: int | None = None
) -> int:
    """Run the given chunks, except those already done.

    Args:
        path: the sweep's folder.
        chunks: what to run.
        progress: receives the progress.
        workers: number of worker processes; None: every core.

    Returns:
        The number of failed runs.

    Raises:
        InputError: if `path` is not a sweep's folder, or its rules differ.
        Stopped: if it ends before it is finished.
    """
    folder = read_folder(path)
    refuse_other_rules(folder)
    todo = list(incomplete_chunks(chunks, folder.chunks()))
    runs, failed, done = sum(chunk.runs for chunk in todo), 0, 0
    progress.start(runs, 0, folder.path)
    try:
        with Crew(folder, min(workers or count_workers(0), len(todo))) as crew:
            for answer in crew.run(todo):
                failed, done = failed + answer.failed, done + answer.runs
                progress.advance(answer.runs)
    except (RuntimeError, OSError, KeyboardInterrupt) as error:
        why = "Interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
        raise Stopped(why, folder.path, done, runs) from None
    finally:
        progress.finish()
    return failed

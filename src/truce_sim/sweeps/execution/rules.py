"""Whether this program's runs may be added to a folder: its rules must give the same runs."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from truce_sim.engine.compile import DIGEST
from truce_sim.errors import InputError
from truce_sim.results.provenance import processor
from truce_sim.results.store import write_json
from truce_sim.sweeps.execution.progress import Progress
from truce_sim.sweeps.execution.verify import count_runs, first_difference
from truce_sim.sweeps.folder.folder import SweepFolder, read_folder
from truce_sim.version import __version__

#: Number of runs repeated where other rules made the folder, spread evenly over its runs.
SAMPLE = 32

#: Entry of the manifest: other rules than the folder's own, found to make the same runs.
ALSO = "also_made_by"


def refuse_other_rules(folder: SweepFolder) -> int:
    """Raise InputError unless this program would reproduce the runs in the folder.

    For other rules or another version than the folder's, a sample of its runs, spread over its
    parts, is repeated; it must be equal to the last bit.

    Returns:
        The number of runs repeated.

    Raises:
        InputError: a run differs.
        store.Damaged: a part is damaged.
    """
    if _made_by() in _known(folder):
        return 0
    total = count_runs(folder)
    edges = np.linspace(0, total, min(SAMPLE, total) + 1).astype(np.int64)
    chosen = np.random.default_rng().integers(edges[:-1], edges[1:])
    difference, checked = first_difference(folder, chosen)
    if difference:
        theirs = folder.manifest
        made_by = f"{theirs.get('rules')} of truce-sim {theirs.get('truce_sim')}"
        raise InputError(
            f"made by other rules ({made_by}; today {DIGEST} of {__version__}); "
            f"they cannot be mixed: {difference}",
            value=str(folder.path),
            allowed="another output.name; or the version that made this one (git commit "
            f"{str(theirs.get('git_commit'))[:12]})",
        )
    return checked


def adopt_rules(folder: SweepFolder, progress: Progress) -> SweepFolder:
    """Check the rules as `refuse_other_rules` does, and note in a locked folder that they agree."""
    checked = refuse_other_rules(folder)
    if _made_by() in _known(folder):
        return folder
    also: dict[str, Any] = _made_by() | {
        "runs_compared": checked,
        "processor": processor(),
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }
    before = folder.manifest.get(ALSO, [])
    write_json(folder.path / "manifest.json", folder.manifest | {ALSO: [*before, also]})
    progress.say(
        f"{folder.path} was made by truce-sim {folder.manifest.get('truce_sim')} with rules "
        f"{folder.manifest.get('rules')}; this is {also['truce_sim']} with rules {DIGEST}. "
        f"{checked} of its runs, repeated, are identical: going on"
    )
    return read_folder(folder.path)


def _made_by() -> dict[str, str]:
    return {"rules": DIGEST, "truce_sim": __version__}


def _known(folder: SweepFolder) -> list[dict[str, Any]]:
    """The rules whose runs may be in the folder."""
    entries = [folder.manifest, *folder.manifest.get(ALSO, [])]
    return [{name: entry.get(name) for name in ("rules", "truce_sim")} for entry in entries]

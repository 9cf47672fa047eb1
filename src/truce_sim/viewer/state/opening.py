"""What the viewer opens: settings, the folder of a run, a row of a sweep, a sweep or a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from truce_sim.errors import InputError
from truce_sim.settings.schema import Config
from truce_sim.sweeps.summaries.picks import pick_run

if TYPE_CHECKING:
    from truce_sim.config.setup import Setup
    from truce_sim.policy.folder import Findings
    from truce_sim.sweeps.folder.folder import SweepFolder
    from truce_sim.sweeps.folder.replay import Row


@dataclass(frozen=True)
class Opening:
    """What a visitor sees first: a run, a sweep or a search.

    Attributes:
        setup: The run's configuration and values derived from it; None for a sweep or a search.
        row: The stored run to compare with, if any.
        sweep: The folder of the sweep, even when one of its runs is shown.
        search: The search, even when a run under one of its policies is shown.
        day: The day that is shown first; -1 is before day 0.
        run: Which run of the sweep it is, as "point:replicate", or "".
        record: What happened in a real truce, each event with "day" and "words", to be shown next
            to the run.
    """

    setup: Setup | None = None
    row: Row | None = None
    sweep: SweepFolder | None = None
    search: Findings | None = None
    day: int = -1
    run: str = ""
    record: tuple[dict[str, Any], ...] = ()

    @property
    def page(self) -> str:
        """Which other page exists besides a run's: "sweep", "search" or ""."""
        return "sweep" if self.sweep else "search" if self.search else ""

    @property
    def config(self) -> Config | None:
        """The run's configuration, or None."""
        return self.setup.config if self.setup else None


def open_folder(folder: Path, run: str = "", pick: str = "", point: int = 0) -> Opening:
    """Open the folder of a run, of a sweep or of a search.

    Args:
        folder: The folder.
        run: A run of a sweep, "point:replicate".
        pick: Which run of `point` to open instead, one of `PICKS`.
        point: The design point for `pick`.

    Raises:
        InputError: It is none of these folders, the sweep has no such run, or `run` or `pick` was
            given for the folder of a run or a search.
    """
    import json

    from truce_sim.policy.folder import is_search, read_findings

    if is_search(folder):
        if run or pick:
            raise _no_sweep("a search", folder)
        return Opening(search=read_findings(folder))
    try:
        kind = json.loads((folder / "manifest.json").read_text(encoding="utf-8")).get("kind")
    except (OSError, ValueError, AttributeError):
        kind = None
    if kind == "run":
        if run or pick:
            raise _no_sweep("a single run", folder)
        return _open_run(folder)
    from truce_sim.sweeps.folder.folder import read_folder

    sweep = read_folder(folder)
    if pick:
        return open_row(sweep, point, pick_run(sweep, point, pick))
    return open_row(sweep, *parse_run(run)) if run else Opening(sweep=sweep)


def _no_sweep(what: str, folder: Path) -> InputError:
    return InputError(
        f"is the folder of {what}", value=str(folder),
        allowed="--run, --worst and the like with the folder of a sweep",
    )  # fmt: skip


def open_row(sweep: SweepFolder, point: int, replicate: int) -> Opening:
    """Open one run of a sweep.

    Raises:
        InputError: The sweep has no such run, or the run failed.
    """
    from truce_sim.sweeps.folder.replay import find_row

    return Opening(*find_row(sweep, point, replicate), sweep, run=f"{point}:{replicate}")


def parse_run(text: str) -> tuple[int, int]:
    """Read "point:replicate".

    Raises:
        InputError: The text is anything else.
    """
    parts = text.split(":")
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):
        raise InputError(
            "is not a run", setting="--run", value=text, allowed="point:replicate, such as 12:7"
        )
    return int(parts[0]), int(parts[1])


def _open_run(folder: Path) -> Opening:
    from truce_sim.config.load import prepare
    from truce_sim.results.seal import run_notes
    from truce_sim.results.sources import with_kept_table
    from truce_sim.results.store import SEALED_SINCE, read_table
    from truce_sim.settings.gone import without_gone
    from truce_sim.sweeps.folder.manifest import read_manifest
    from truce_sim.sweeps.folder.replay import Row, tolerance_for

    manifest = read_manifest(folder, "run")
    plain = with_kept_table(without_gone(manifest["config"]), folder, manifest)
    setup = prepare(plain, origin=str(folder / "manifest.json"))
    sealed = manifest["schema_version"] >= SEALED_SINCE
    try:
        table = read_table(
            folder / "outcome.parquet", None, run_notes(manifest, "outcome"), sealed=sealed
        )
        stored = table.to_pandas().iloc[0].to_dict()
    except (OSError, IndexError) as error:
        raise InputError(f"cannot read its outcome.parquet: {error}", value=str(folder)) from None
    row = Row(f"the run in {folder.name}", stored, tolerance=tolerance_for(manifest))
    return Opening(setup, row)


def open_settings(overrides: Sequence[str]) -> Opening:
    """Open a new run.

    Args:
        overrides: Settings in Hydra's syntax.

    Raises:
        InputError: A setting is invalid.
    """
    from truce_sim.config.gate import flags_first, setup_from_arguments

    return Opening(setup_from_arguments(flags_first(overrides)))

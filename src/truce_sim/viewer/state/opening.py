"""What is opened: settings, a run's folder, a row of a sweep, or a sweep as a whole."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from truce_sim.errors import InputError
from truce_sim.settings.schema import Config
from truce_sim.sweeps.summaries.picks import pick_run

if TYPE_CHECKING:
    import pandas as pd

    from truce_sim.config.setup import Setup
    from truce_sim.sweeps.folder.folder import SweepFolder


@dataclass(frozen=True)
class Row:
    """A stored run that the one shown must equal: its name, and its outcome as stored."""

    name: str
    outcome: Mapping[Hashable, object]

    def differences(self, outcome: pd.Series) -> list[str]:
        """Columns in which an outcome is not the stored one, exactly."""
        return [
            name
            for name in outcome.index
            if name in self.outcome and not _same(self.outcome[name], outcome[name])
        ]


@dataclass(frozen=True)
class Opening:
    """What a visitor sees first: a run (`setup`, and the stored `row` it is), or a `sweep`."""

    setup: Setup | None = None
    row: Row | None = None
    sweep: SweepFolder | None = None

    @property
    def config(self) -> Config | None:
        """The run's configuration."""
        return self.setup.config if self.setup else None


def open_folder(folder: Path, run: str = "", pick: str = "", point: int = 0) -> Opening:
    """Open a results folder: a run's, or a sweep's; there `run` ("12:7") or `pick` name a row.

    Raises:
        InputError: it is neither, there is no such row, or a row of a run's folder was asked for.
    """
    import json

    try:
        kind = json.loads((folder / "manifest.json").read_text(encoding="utf-8")).get("kind")
    except (OSError, ValueError, AttributeError):
        kind = None
    if kind == "run":
        if run or pick:
            raise InputError(
                "is the folder of a single run", value=str(folder),
                allowed="--run, --worst and the like with the folder of a sweep",
            )  # fmt: skip
        return _open_run(folder)
    from truce_sim.sweeps.folder.folder import read_folder

    sweep = read_folder(folder)
    if pick:
        return open_row(sweep, point, pick_run(sweep, point, pick))
    return open_row(sweep, *parse_run(run)) if run else Opening(sweep=sweep)


def open_row(sweep: SweepFolder, point: int, replicate: int) -> Opening:
    """Open one run of a sweep. Raises InputError where the sweep has no such run."""
    sweep.spec_of(point)  # refuses a point that is not there
    setup = sweep.setup_of(point).drawn(replicate=replicate)
    rows = sweep.runs(points=[point])
    found = rows[rows["replicate"] == replicate]
    if found.empty:
        raise InputError(
            "the sweep has no such run", setting="--run", value=f"{point}:{replicate}",
            allowed=f"point 0 to {sweep.points - 1}, replicate 0 to {sweep.replicates - 1}",
        )  # fmt: skip
    stored = found.iloc[0].to_dict()
    if stored["status"] != "done":
        raise InputError(
            f"this run failed ({stored['status']}): there is nothing to show",
            setting="--run", value=f"{point}:{replicate}",
        )  # fmt: skip
    return Opening(setup, Row(f"run {point}:{replicate} of {sweep.path.name}", stored), sweep)


def parse_run(text: str) -> tuple[int, int]:
    """Read "point:replicate". Raises InputError for anything else."""
    parts = text.split(":")
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):
        raise InputError(
            "is not a run", setting="--run", value=text, allowed="point:replicate, such as 12:7"
        )
    return int(parts[0]), int(parts[1])


def _open_run(folder: Path) -> Opening:
    import pandas as pd

    from truce_sim.config.load import prepare
    from truce_sim.sweeps.folder.folder import read_manifest

    manifest = read_manifest(folder, "run")
    setup = prepare(manifest["config"], origin=str(folder / "manifest.json"))
    try:
        stored = pd.read_parquet(folder / "outcome.parquet").iloc[0].to_dict()
    except (OSError, ValueError, IndexError) as error:
        raise InputError(
            f"cannot read its outcome.parquet: {error}", value=str(folder)
        ) from None
    return Opening(setup, Row(f"the run in {folder.name}", stored))


def _same(a: object, b: object) -> bool:
    """Equal to the last bit; what is missing equals what is missing."""
    import pandas as pd

    if pd.isna(a) or pd.isna(b):  # type: ignore[call-overload]
        return bool(pd.isna(a) and pd.isna(b))  # type: ignore[call-overload]
    return bool(a == b)


def open_settings(overrides: Sequence[str]) -> Opening:
    """Open a new run with these overrides, in Hydra's syntax. Raises InputError."""
    from truce_sim.config.gate import flags_first, setup_of

    return Opening(setup_of(flags_first(overrides)))

"""Create or extend a sweep's folder; everything is checked before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.config.load import to_plain
from truce_sim.engine.run import RunSpec
from truce_sim.errors import InputError
from truce_sim.results import columns
from truce_sim.results.provenance import make_folder, provenance
from truce_sim.results.sources import keep_config, keep_tables
from truce_sim.results.store import to_table, write_json, write_table
from truce_sim.settings.schema import Config
from truce_sim.sweeps.design.design import Design
from truce_sim.sweeps.design.points import each_spec
from truce_sim.sweeps.design.sampling import SAMPLES
from truce_sim.sweeps.design.worlds import OWN_SEEDS
from truce_sim.sweeps.execution.additions import refuse_other_keys, refuse_other_settings
from truce_sim.sweeps.execution.lock import locked
from truce_sim.sweeps.execution.rules import refuse_other_rules
from truce_sim.sweeps.folder.files import PARTS, Files
from truce_sim.sweeps.folder.folder import SweepFolder, read_folder
from truce_sim.sweeps.folder.manifest import with_free_settings
from truce_sim.sweeps.folder.meaning import tables_of
from truce_sim.sweeps.folder.plan import stretches
from truce_sim.sweeps.folder.spec_files import point_key, write_specs
from truce_sim.sweeps.summaries.contrasts import find_pairs
from truce_sim.sweeps.summaries.targets import check_until


def prepare(design: Design, shared: Config, overrides: Sequence[str]) -> SweepFolder:
    """Create the folder of a sweep, or extend an earlier one with the same name.

    Args:
        design: the points.
        shared: the configuration of the sweep itself.
        overrides: the overrides as typed, for the manifest.

    Raises:
        InputError: with nothing written, for an invalid point, for a folder of something else or in
            use, or for one whose runs have other rules or settings.
    """
    _check_settings(design, shared)
    path = Path(shared.output.dir) / shared.output.name
    if shared.output.name and (path / "manifest.json").is_file():
        read_folder(path)  # a folder that is not a sweep gets no lock
        with locked(path):
            return _extend(read_folder(path), design, shared, overrides)

    def fill(folder: Path) -> None:
        manifest = _describe(design, shared, overrides)
        files = Files(folder, manifest)
        keys = write_specs(folder / "specs", 0, _specs(design), files)
        _write_design(files, design.values, design.base.tolist(), keys, design.rows)
        (folder / PARTS).mkdir()
        tables = _keep_sources(folder, design)
        write_json(folder / "manifest.json", manifest | tables)

    return read_folder(make_folder(shared.output.dir, "sweep", shared.output.name, fill), shared)


def _check_settings(design: Design, shared: Config) -> None:
    """Raise InputError if `sweep.compare` or `sweep.until` cannot work with this design."""
    sweep = shared.sweep
    check_until(sweep, shared.run.horizon_days)
    if sweep.compare:
        find_pairs(design.values, design.factors, sweep.compare)


def _specs(design: Design, points: Sequence[int] | None = None) -> Iterator[RunSpec]:
    """Yield the checked specs of these points (default: all), in ascending order."""
    selected = np.ones(len(design.values), bool)
    if points is not None:
        selected[:] = False
        selected[list(points)] = True
    for stretch in stretches(selected):
        yield from each_spec(design, stretch)


def _write_design(
    files: Files,
    values: pd.DataFrame,
    base: Sequence[int],
    keys: Sequence[str],
    rows: NDArray[np.int64] | None,
) -> None:
    frame = values.assign(base=base, key=keys).reset_index()
    if rows is not None:
        frame["row"] = rows
    write_table(files.path("design"), to_table(frame, columns.SWEEP), files.notes("design"))


def _keep_sources(folder: Path, design: Design) -> dict[str, Any]:
    """Copy the files that a design was made from into a folder; return the manifest's entry."""
    keep_config(folder, design.own_files)
    return {"tables": keep_tables(folder, tables_of(design))}


def _describe(design: Design, shared: Config, overrides: Sequence[str]) -> dict[str, Any]:
    """Return the manifest of an unfinished sweep."""
    return provenance(shared.seed, overrides) | {
        "kind": "sweep",
        "status": "running",
        "design": design.kind,
        "factors": list(design.factors),
        "points": len(design.values),
        "left_out": dict(design.left_out),
        "extendable": design.extendable,
        "config": to_plain(shared),
        "bases": list(design.bases),
        "outcome": list(columns.OUTCOME),
    }


# ── extending a folder ───────────────────────────────────────────────────────────────────────


def _extend(
    folder: SweepFolder, design: Design, shared: Config, overrides: Sequence[str]
) -> SweepFolder:
    """Add the new points of a design to a folder; existing points keep their numbers."""
    refuse_other_rules(folder)
    refuse_other_settings(folder, design, shared)
    rules = str(folder.manifest["rules"])
    keys = [point_key(spec, rules) for spec in _specs(design)]
    known = folder.design
    existing = set(_identities(known, known["key"].tolist(), folder.factors))
    asked = _identities(design.values, keys, folder.factors)
    refuse_other_keys(folder, design, asked, existing)
    new = [i for i, identity in enumerate(asked) if identity not in existing]
    if new and not (design.extendable and folder.manifest["extendable"]):
        raise InputError(
            f"the folder has {folder.points} points of another {design.kind} design, which cannot "
            "be extended: its points depend on their number",
            setting="hydra.sweeper.points", value=len(design.values),
            allowed="the number of points it has (to resume it), or another output.name",
        )  # fmt: skip
    if new and design.kind in (*SAMPLES, *OWN_SEEDS) and not existing <= set(asked):
        raise InputError(
            f"has points of a {design.kind} design with other ranges or another constraint: "
            "together they would be a sample of neither",
            setting="output.name", value=shared.output.name,
            allowed="the same ranges (to resume or extend it), or another output.name",
        )  # fmt: skip
    config = with_free_settings(folder.manifest["config"], to_plain(shared))
    if not new and config == folder.manifest["config"]:
        return folder
    tables = folder.manifest.get("tables", {}) | _keep_sources(folder.path, design)["tables"]
    manifest = folder.manifest | {
        "tables": tables,
        "status": "running",
        "points": folder.points + len(new),
        "left_out": dict(design.left_out),
        "config": config,
        "overrides": list(overrides),
    }
    if new:
        manifest |= _append(folder, design, keys, new)
    write_json(folder.path / "manifest.json", manifest)
    return read_folder(folder.path)


def _append(
    folder: SweepFolder, design: Design, keys: Sequence[str], new: Sequence[int]
) -> dict[str, Any]:
    """Write the specs and design rows of new points; return the manifest entries to update."""
    bases = [*folder.manifest["bases"]]
    numbers = []
    for new_base in design.bases:
        if new_base not in bases:
            bases.append(new_base)
        numbers.append(bases.index(new_base))
    rules = str(folder.manifest["rules"])
    write_specs(folder.path / "specs", folder.points, _specs(design, new), folder.files, rules)
    known = folder.design
    added = design.values.iloc[list(new)]
    values = pd.concat([known[list(folder.factors)], added], ignore_index=True)
    values.index.name = "point"
    base: list[int] = [*known["base"].tolist(), *(numbers[design.base[i]] for i in new)]
    rows = None
    if design.rows is not None:
        rows = np.concatenate([known["row"].to_numpy(), design.rows[list(new)]])
    _write_design(folder.files, values, base, [*known["key"], *(keys[i] for i in new)], rows)
    return {"bases": bases}


def _identities(
    values: pd.DataFrame, keys: Sequence[str], factors: Sequence[str]
) -> list[tuple[object, ...]]:
    """Identify each point by its swept values and the digest of what they mean."""
    return list(zip(keys, *(values[name].tolist() for name in factors), strict=True))

"""What the tests of sweeps' folders share: a sweep through the command line, and its rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from truce_sim.cli.commands import run_command
from truce_sim.results.store import write_json, write_table
from truce_sim.sweeps.folder.folder import read_folder


def sweep_into(folder: Path, *words: str) -> int:
    """`truce-sim sweep` into that folder with one worker; returns its exit code."""
    where = [f"output.dir={folder.parent}", f"output.name={folder.name}", "sweep.workers=1"]
    return run_command(["sweep", *words, *where])


def rows(folder: Path) -> pd.DataFrame:
    """All rows, in order."""
    frame = read_folder(folder).runs()
    return frame.sort_values(["point", "replicate"], ignore_index=True)


def parts(folder: Path) -> list[Path]:
    """The files of its parts."""
    return sorted((folder / "parts").glob("p*.parquet"))


def edit_manifest(folder: Path, **changes: object) -> None:
    """Change entries of a manifest, and seal it as if by the program."""
    path = folder / "manifest.json"
    write_json(path, json.loads(path.read_text(encoding="utf-8")) | changes)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, to see that nothing was changed."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def rewrite(path: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """A Parquet file with changed values, otherwise as it was, and sealed as if by the program."""
    table, notes = pq.read_table(path), pq.read_metadata(path).metadata or {}
    frame = change(table.to_pandas())
    changed = pa.Table.from_pandas(frame, schema=table.schema, preserve_index=False)
    changed = changed.replace_schema_metadata(table.schema.metadata)
    write_table(path, changed, {k.decode(): v.decode() for k, v in notes.items() if b":" not in k})


def small_search(folder: Path) -> Path:
    """A finished search for effort or patience, in seconds; returns its folder."""
    import pytest

    pytest.importorskip("pymoo", reason="searches need the extra `search`")
    from truce_sim import search
    from truce_sim.policy.report import write_results

    problem = {
        "question": "Effort or patience?",
        "base": {"run.horizon_days": 40},
        "levers": {
            "effort": {"set": "home.capacity", "low": 1.0, "high": 2.0, "step": 0.5,
                       "cost": {1.0: 0, 2.0: 4}, "words": "interdiction by the home state"},
            "patience": {"set": "home.threshold", "low": 3, "high": 9, "step": 3,
                         "cost": {3: 0, 9: 6}},
        },
        "worlds": {"scenarios": {"today": {}, "surge": {"militants": "surge"}}},
        "sizes": {"population": 8, "generations": 1, "rungs": [4], "luck": 2, "reported": 3,
                  "proof_worlds": 20, "proof_luck": 2},
    }  # fmt: skip
    write_results(search(problem, folder=folder, threads=1))
    return folder

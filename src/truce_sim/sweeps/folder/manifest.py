"""The manifest of a folder of results, and the digest by which its other files refer to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from truce_sim.errors import InputError
from truce_sim.results.seal import KEY, digest_of, json_seal
from truce_sim.results.store import SCHEMA_VERSION, SEALED_SINCE

#: The oldest schema of a sweep that can be read.
_OLDEST = 2

#: Entries of a sweep's manifest that never change, whatever is resumed, extended or run again.
_FIXED = (
    "schema_version", "kind", "truce_sim", "rules", "git_commit", "git_dirty", "python",
    "libraries", "machine", "seed", "started", "design", "factors", "extendable",
    "outcome",
)  # fmt: skip

#: Settings of a sweep about how runs are made, not which; they may change in an extension.
FREE = ("replicates", "workers", "compare", "question", "run_timeout", "jobs", "until")


def read_manifest(folder: Path, kind: str) -> dict[str, Any]:
    """Read the manifest of a results folder.

    Args:
        folder: the folder.
        kind: "run" or "sweep".

    Raises:
        InputError: if there is no valid manifest, it is of another kind or schema, or it was
            changed.
    """
    manifest = _parse(folder, kind)
    version = manifest["schema_version"]
    if version > SCHEMA_VERSION:
        raise InputError(
            f"written by a newer truce-sim ({manifest.get('truce_sim')}), schema {version}",
            value=str(folder),
            allowed=f"schema {SCHEMA_VERSION} or older: install a newer truce-sim to read it",
        )
    if version < _OLDEST and kind == "sweep":
        raise InputError(
            f"written by truce-sim {manifest.get('truce_sim')}, schema {version}",
            value=str(folder), allowed=f"schema {_OLDEST} or newer: run the sweep again",
        )  # fmt: skip
    if (version >= SEALED_SINCE or KEY in manifest) and manifest.get(KEY) != json_seal(manifest):
        raise InputError(
            "its manifest.json is not what was written: it is damaged, or was edited",
            value=str(folder),
            allowed="an intact copy of the file; or make the folder again from the start",
        )
    return manifest


def _parse(folder: Path, kind: str) -> dict[str, Any]:
    needs = f"the folder of a {kind}, made by truce-sim {kind}"
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except OSError:
        problem = "has no manifest.json" if folder.is_dir() else "no such folder"
        raise InputError(problem, value=str(folder), allowed=needs) from None
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"its manifest.json cannot be read: {error}", value=str(folder), allowed=needs
        ) from None
    if not isinstance(manifest, dict) or manifest.get("kind") != kind:
        other = manifest.get("kind") if isinstance(manifest, dict) else None
        raise InputError(
            f"is the folder of a {other}" if other else "its manifest.json is not from truce-sim",
            value=str(folder), allowed=needs,
        )  # fmt: skip
    if not isinstance(manifest.get("schema_version"), int):
        raise InputError(
            "its manifest.json has no valid entry 'schema_version'",
            value=str(folder), allowed=needs,
        )  # fmt: skip
    return manifest


def sweep_digest(manifest: Mapping[str, Any]) -> str:
    """Return the digest of what never changes in a sweep's manifest.

    The other files of the folder have it in their footers, so that none can be mistaken for a file
    of another sweep, and no change of the manifest goes unnoticed.
    """
    fixed = {name: manifest.get(name) for name in _FIXED} | {
        "config": _fixed(manifest.get("config") or {})
    }
    return digest_of(json.dumps(fixed, sort_keys=True, default=str).encode())


def _fixed(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that an extension cannot change."""
    sweep = {name: value for name, value in (config.get("sweep") or {}).items() if name not in FREE}
    return {**config, "sweep": sweep, "output": None}


def with_free_settings(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration of a sweep, with the settings that may change taken from another."""
    free = {name: value for name, value in now["sweep"].items() if name in FREE}
    return {**before, "sweep": {**before["sweep"], **free}, "output": now["output"]}

"""What was tried, written down as it goes: a killed search resumes where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from truce_sim.engine.compile import DIGEST
from truce_sim.errors import InputError
from truce_sim.policy.levers import Code
from truce_sim.policy.problem import Problem
from truce_sim.policy.trials import TRIAL, Ints, Laboratory
from truce_sim.policy.worlds import Worlds
from truce_sim.results.store import Damaged, read_table, remove_leftovers, write_json, write_table

#: The file that says what a folder holds.
ABOUT = "search.json"
_TRIALS = "trials"
_HALVES = ("held_even", "held_odd")
_COUNTS = ("deaths", "days", "failed", "runs")


def open_folder(folder: Path, problem: Problem, worlds: Iterable[Worlds]) -> None:
    """Begin a folder for a search, or check that it holds this same one.

    Args:
        folder: to keep the search in.
        problem: what is searched.
        worlds: its sets of worlds: a file of draws may have changed since.

    Raises:
        InputError: it holds something else, or was made by other rules.
    """
    about = {"problem": problem.content, "rules": DIGEST, "worlds": _digest(worlds)}
    wanted = json.loads(json.dumps(about, default=str))
    try:
        (folder / _TRIALS).mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder)
        if not (folder / ABOUT).exists():
            if any(path.name not in (_TRIALS, ".lock", ".holder") for path in folder.iterdir()):
                raise InputError("holds something else", setting="--folder", value=str(folder),
                                 allowed="a new folder, or that of the search")  # fmt: skip
            write_json(folder / ABOUT, wanted)
    except OSError as error:
        raise InputError(
            f"cannot be written to: {error.strerror or error}", setting="--folder",
            value=str(folder), allowed="a folder that you can write to",
        ) from None  # fmt: skip
    found = read_about(folder)
    for key, what in (("problem", "holds another search"), ("rules", "was made by other rules"),
                      ("worlds", "was made in other worlds")):  # fmt: skip
        if found.get(key) != wanted[key]:
            raise InputError(what, setting="--folder", value=str(folder), allowed="a new folder")


def _digest(worlds: Iterable[Worlds]) -> str:
    """The identity of sets of worlds."""
    text = "".join(some.draws.assign(seed=some.seeds).to_csv(index=False) for some in worlds)
    return hashlib.sha256(text.encode()).hexdigest()


def read_about(folder: Path) -> dict[str, Any]:
    """Return the content of the file that says what a folder holds.

    Raises:
        InputError: it is damaged.
    """
    try:
        found = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise InputError("is damaged", value=str(folder / ABOUT), allowed="a new folder")
    return found


class Notebook:
    """Trials in one set of worlds, run once and written down.

    Args:
        folder: of the search; None: nothing is written.
        which: name of the set of worlds.
        room: runs what is not written yet.
    """

    def __init__(self, folder: Path | None, which: str, room: Laboratory) -> None:
        self.folder = None if folder is None else folder / _TRIALS
        self.which, self.room = which, room
        self.written: dict[tuple[Code, int], NDArray[np.void]] = {}
        self._files = 0
        for path in sorted(self.folder.glob(f"{which}-*.parquet")) if self.folder else ():
            self._read(path)

    def attempt(self, codes: Sequence[Code], policies: Sequence[Any], worlds: Ints) -> Any:
        """Return TRIAL (codes, worlds), from what is written or by running.

        Args:
            codes: of the policies.
            policies: what they stand for.
            worlds: (codes, n) the worlds of each, of the set.
        """
        keys = [(code, int(first)) for code, first in zip(codes, worlds[:, 0], strict=True)]
        size = worlds.shape[1]
        new = [i for i, key in enumerate(keys) if len(self.written.get(key, ())) != size]
        if new:
            found = self.room.tried([policies[i] for i in new], worlds[new])
            for i, trials in zip(new, found, strict=True):
                self.written[keys[i]] = trials
            self._write([codes[i] for i in new], worlds[new], found)
        return np.stack([self.written[key] for key in keys])

    def _write(self, codes: Sequence[Code], worlds: Ints, trials: NDArray[np.void]) -> None:
        if self.folder is None:
            return
        flat, size = trials.ravel(), worlds.shape[1]
        names = ["-".join(map(str, code)) for code in codes]
        columns = {
            "policy": np.repeat(np.array(names), size).tolist(),
            "start": np.repeat(worlds[:, 0], size),
            "world": worlds.ravel(),
            **{name: flat["held"][:, i] for i, name in enumerate(_HALVES)},
            **{name: flat[name] for name in _COUNTS},
        }
        write_table(self.folder / f"{self.which}-{self._files:05}.parquet", pa.table(columns))
        self._files += 1

    def _read(self, path: Path) -> None:
        self._files = int(path.stem.rpartition("-")[2]) + 1
        try:
            table = read_table(path).to_pandas()
        except Damaged:
            return  # run again
        trials = np.zeros(len(table), TRIAL)
        for i, name in enumerate(_HALVES):
            trials["held"][:, i] = table[name]
        for name in _COUNTS:
            trials[name] = table[name]
        for (policy, start), rows in table.groupby(["policy", "start"], sort=False).indices.items():
            code = tuple(int(part) for part in policy.split("-") if part)
            self.written[code, int(start)] = trials[rows]

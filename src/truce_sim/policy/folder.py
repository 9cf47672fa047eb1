"""The folder of a finished search, read back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from truce_sim.errors import InputError
from truce_sim.policy.notebook import ABOUT, read_about
from truce_sim.policy.problem import Problem, load_problem
from truce_sim.results.store import Damaged, read_table


@dataclass(frozen=True, eq=False)
class Findings:
    """What a finished search keeps of its answer.

    Attributes:
        folder: of the search.
        problem: what was searched.
        pareto: the policies reported, as `policy.api.Search.pareto`.
        seen: the candidates, as `policy.api.Search.seen`.
    """

    folder: Path
    problem: Problem
    pareto: pd.DataFrame
    seen: pd.DataFrame


def is_search(folder: Path) -> bool:
    """Return whether a folder is that of a search."""
    return (folder / ABOUT).is_file()


def read_findings(folder: Path) -> Findings:
    """Read the answer of a search.

    Raises:
        InputError: a file is damaged, or the search has not finished.
    """
    content = read_about(folder).get("problem")
    if not isinstance(content, dict):
        raise InputError("is damaged", value=str(folder / ABOUT))
    problem, tables = load_problem({**content, "levers": _with_numbers(content)}), []
    for name in ("pareto", "seen"):
        path = folder / f"{name}.parquet"
        try:
            tables.append(read_table(path).to_pandas())
        except FileNotFoundError:
            raise InputError(
                "the search has not finished: the same command resumes it", value=str(folder)
            ) from None
        except Damaged as error:
            raise InputError(str(error), value=str(path)) from None
    return Findings(folder, problem, *tables)


def _with_numbers(content: dict[str, Any]) -> dict[str, Any]:
    """The levers, with the values in their tables of costs, which JSON turned into text, as
    numbers."""
    levers = content.get("levers") or {}
    return {
        name: lever | {"cost": {float(value): cost for value, cost in lever["cost"].items()}}
        if isinstance(lever.get("cost"), dict)
        else lever
        for name, lever in levers.items()
    }

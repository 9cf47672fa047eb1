"""The loops of docs/python.md around libraries that not everyone has."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "python.md"
SETTING = {"truce": "literal", "run.horizon_days": 60}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("title", "package", "left"),
    [("EMA Workbench", "ema_workbench", "outcomes"), ("pyABC", "pyabc", "history"),
     ("sbi", "sbi", "posterior")],
)  # fmt: skip
def test_the_example_runs(
    title: str, package: str, left: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # sbi writes logs where it runs
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed: pip install {package}, in another environment")
    import numpy as np
    import pandas as pd

    from truce_sim import load_setup, simulate, simulate_many

    text = PAGE.read_text(encoding="utf-8").partition(f"### {title}\n")[2]
    found = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {
        "np": np, "pd": pd, "base": load_setup(SETTING), "simulate": simulate,
        "simulate_many": simulate_many, "__name__": "__main__",
    }  # fmt: skip
    exec(compile(found[1], str(PAGE), "exec"), names)
    assert names[left] is not None


def test_every_example_that_needs_a_library_is_tested() -> None:
    needed = re.findall(r"not run: needs (\w+);", PAGE.read_text(encoding="utf-8"))
    assert needed == ["ema_workbench", "pyabc", "sbi"]

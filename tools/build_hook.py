"""Puts the rules' intermediate code into a wheel: see truce_sim/engine/shipped.py.

Hatchling runs it for each wheel. It needs the model's libraries, so an isolated build makes a wheel
without the code; rules are then compiled on the first run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

INTO = "truce_sim/engine/shipped"


class ShipRules(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles the entries and adds them to the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Hatchling calls this before it builds."""
        if version != "standard" or find_spec("numba") is None:
            return
        self.folder = tempfile.TemporaryDirectory()
        root = Path(self.root)
        script = [sys.executable, str(root / "tools" / "ship_rules.py"), self.folder.name]
        environment = os.environ | {"PYTHONPATH": str(root / "src")}
        subprocess.run(script, env=environment, check=True)
        for file in sorted(Path(self.folder.name).iterdir()):
            build_data["force_include"][str(file)] = f"{INTO}/{file.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Hatchling calls this after it has built."""
        if hasattr(self, "folder"):
            self.folder.cleanup()

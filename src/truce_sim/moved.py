"""Old names of modules from truce_sim 0.1; the old and new names import the same module.

Remove an entry only after a release has announced it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

#: Name in 0.1 -> name today, both within truce_sim.
MOVED = {
    "analysis.inference": "intervals",
    "analysis.ends": "analysis.methods.ends",
    "analysis.halves": "analysis.methods.halves",
    "analysis.indices": "analysis.methods.indices",
    "analysis.regions": "analysis.methods.regions",
    "analysis.surface": "analysis.methods.surface",
    "analysis.trees": "analysis.methods.trees",
    "analysis.sweep": "sweeps.sweep",
    "analysis.sections": "analysis.report.sections",
    "scenario": "border.border",
    "segments": "border.segments",
    "completion": "cli.completion",
    "sweeps.commands": "cli.sweeps",
    "analysis.commands": "cli.analysis",
    "viewer.command": "cli.viewer",
    "tell_sweep": "cli.printing.sweep",
    "tell_analysis": "cli.printing.analysis",
    "tokens": "config.tokens",
    "compose": "config.compose",
    "explain": "config.explain",
    "checks": "config.checks",
    "regimes": "config.regimes",
    "gate": "config.gate",
    "launchers": "config.launchers",
    "columns": "results.columns",
    "frames": "results.frames",
    "sweeps.store": "results.store",
    "sweeps.provenance": "results.provenance",
    "quantities": "settings.quantities",
    "schema": "settings.schema",
    "fields": "settings.fields",
    "library": "simulation.run",
    "spec": "simulation.spec",
    "account": "simulation.account",
    "runs": "simulation.folder",
    "sweeps.factors": "sweeps.design.factors",
    "sweeps.sampling": "sweeps.design.sampling",
    "sweeps.tables": "sweeps.design.tables",
    "sweeps.composer": "sweeps.design.composer",
    "sweeps.constraint": "sweeps.design.constraint",
    "sweeps.points": "sweeps.design.points",
    "sweeps.bulk": "sweeps.design.bulk",
    "sweeps.seeds": "sweeps.design.seeds",
    "sweeps.create": "sweeps.execution.create",
    "sweeps.driver": "sweeps.execution.driver",
    "sweeps.crew": "sweeps.execution.crew",
    "sweeps.worker": "sweeps.execution.worker",
    "sweeps.jobs": "sweeps.execution.jobs",
    "sweeps.share": "sweeps.execution.share",
    "sweeps.dask_jobs": "sweeps.execution.dask_jobs",
    "sweeps.rerun": "sweeps.execution.rerun",
    "sweeps.verify": "sweeps.execution.verify",
    "sweeps.status": "sweeps.execution.status",
    "sweeps.estimate": "sweeps.execution.estimate",
    "sweeps.lock": "sweeps.execution.lock",
    "sweeps.plan": "sweeps.folder.plan",
    "sweeps.rows": "sweeps.folder.rows",
    "sweeps.records": "sweeps.folder.records",
    "sweeps.specs": "sweeps.folder.spec_files",
    "sweeps.summary": "sweeps.summaries.summary",
    "sweeps.contrasts": "sweeps.summaries.contrasts",
    "sweeps.targets": "sweeps.summaries.targets",
    "sweeps.until": "sweeps.summaries.until",
    "sweeps.levels": "sweeps.summaries.levels",
    "sweeps.picks": "sweeps.summaries.picks",
    "sweeps.results": "sweeps.summaries.results",
    "viewer.app": "viewer.pages.app",
    "viewer.live": "viewer.pages.live",
    "viewer.sweep_page": "viewer.pages.sweep_page",
    "viewer.compare": "viewer.pages.fork",
    "viewer.export": "viewer.pages.export",
    "viewer.parts": "viewer.pages.parts",
    "viewer.figure": "viewer.pictures.figure",
    "viewer.movie": "viewer.pictures.movie",
    "viewer.session": "viewer.state.session",
    "viewer.ensemble": "viewer.state.ensemble",
    "viewer.sweep_data": "viewer.state.sweep_data",
    "viewer.levers": "viewer.state.levers",
    "viewer.presets": "viewer.state.presets",
    "viewer.opening": "viewer.state.opening",
    "viewer.current": "viewer.state.current",
    "viewer.words": "viewer.state.words",
    "viewer.clock": "viewer.state.track",
    "viewer.picture": "viewer.state.picture",
}


class _Alias(Loader):
    """Load a module under its old name."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module that has the new name."""
        module = import_module(f"truce_sim.{MOVED[spec.name.removeprefix('truce_sim.')]}")
        self._own = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Restore the module's own spec, which importlib has just replaced."""
        module.__spec__ = self._own


class _Finder(MetaPathFinder):
    """Find modules by their names in 0.1."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec for a name from 0.1, None for any other."""
        if fullname.removeprefix("truce_sim.") in MOVED and fullname.startswith("truce_sim."):
            return ModuleSpec(fullname, _Alias())
        return None


def install() -> None:
    """Make the names from 0.1 importable; a second call changes nothing."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())

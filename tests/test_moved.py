"""Names of 0.1: every module that has moved, and every name that its documentation imported."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from truce_sim.moved import MOVED

#: What pages and studies of 0.1 imported, by module.
DOCUMENTED = {
    "truce_sim": "InputError TruceModel columns load_config open_sweep simulate sweep",
    "truce_sim.analysis": "compare discovery forecast incidence incidents micro sensitivity spells"
    " survival tipping",
    "truce_sim.analysis.compare": "compare",
    "truce_sim.analysis.discovery": "in_words prim",
    "truce_sim.analysis.forecast": "brier_score cases_needed crps effective_runs log_score rank",
    "truce_sim.analysis.groups": "done_of held",
    "truce_sim.analysis.incidence": "cumulative_incidence first_times hazard state_shares",
    "truce_sim.analysis.incidents": "incidents_of read_incidents",
    "truce_sim.analysis.inference": "Estimate clusters mean_interval named share_interval",
    "truce_sim.analysis.measures": "DAYS_LIVED change measure",
    "truce_sim.analysis.micro": "exchange_table micro_table share_of",
    "truce_sim.analysis.plots": "compare discovery micro sensitivity survival tipping",
    "truce_sim.analysis.plots.compare": "plot_comparison",
    "truce_sim.analysis.plots.discovery": "plot_peeling",
    "truce_sim.analysis.plots.measures": "plot_measure",
    "truce_sim.analysis.plots.micro": "plot_micro",
    "truce_sim.analysis.plots.sensitivity": "plot_drivers",
    "truce_sim.analysis.plots.style": "BAND_ALPHA CMAP_DIVERGING COLOURS GREY note_below state_n"
    " styled",
    "truce_sim.analysis.plots.survival": "plot_survival",
    "truce_sim.analysis.plots.tipping": "plot_phase",
    "truce_sim.analysis.report": "write_report",
    "truce_sim.analysis.sensitivity": "drivers rank_factors sobol_indices units_of",
    "truce_sim.analysis.spells": "spell_survival spells",
    "truce_sim.analysis.study": "Study study",
    "truce_sim.analysis.survival": "kaplan_meier logrank survival_summary",
    "truce_sim.analysis.sweep": "Sweep",
    "truce_sim.analysis.tipping": "boundary in_words phase_map",
    "truce_sim.analysis.words": "amount interval percent plain setting shown value",
    "truce_sim.columns": "EVENT OUTCOME SERIES SWEEP",
    "truce_sim.config": "Config as_config load_config mediator_names to_params validate",
    "truce_sim.engine.frailty": "draw_factors",
    "truce_sim.engine.params": "HOME HOST",
    "truce_sim.engine.run": "RunSpec outcomes run",
    "truce_sim.errors": "InputError",
    "truce_sim.fields": "FieldInfo by_path field_at fields",
    "truce_sim.model": "TruceModel",
    "truce_sim.scenario": "make_border",
    "truce_sim.schema": "Config",
    "truce_sim.spec": "make_spec",
    "truce_sim.sweeps.design": "DesignSettings make_design",
    "truce_sim.sweeps.folder": "SweepFolder read_folder",
    "truce_sim.sweeps.summary": "wilson",
}


@pytest.mark.parametrize(("old", "new"), MOVED.items())
def test_a_module_has_both_names(old: str, new: str) -> None:
    now = import_module(f"truce_sim.{new}")
    assert import_module(f"truce_sim.{old}") is now
    assert now.__name__ == f"truce_sim.{new}"
    assert now.__spec__ is not None
    assert now.__spec__.name == f"truce_sim.{new}"


@pytest.mark.parametrize("module", DOCUMENTED)
def test_documented_names_can_still_be_imported(module: str) -> None:
    names = DOCUMENTED[module].split()
    scope: dict[str, object] = {}
    exec(f"from {module} import {', '.join(names)}", scope)
    assert set(names) <= set(scope)


def test_the_old_name_first() -> None:
    """In a fresh interpreter, where nothing has been imported by its new name."""
    program = (
        "from truce_sim import columns; from truce_sim.fields import field_at; "
        "import truce_sim.results.columns as now; assert columns is now; "
        "print(field_at('home.threshold').default)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout == "4.5\n"


def test_a_name_that_never_was() -> None:
    with pytest.raises(ModuleNotFoundError):
        import_module("truce_sim.weather")

"""Settings that were taken out: what earlier versions kept is read, a value given now is refused.

Folders of those versions are imitated: the settings stand in their manifest and in the layout of
their records, as they stood then.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from truce_sim import InputError, load_config
from truce_sim.cli.commands import run_command
from truce_sim.config.layout import build_dtype, describe_layout, identities, upgrade
from truce_sim.config.params import PARAMS
from truce_sim.settings.gone import GONE, without_gone
from truce_sim.simulation.spec import make_spec

PATHS = sorted(GONE)


def record_with(value: float) -> np.ndarray:
    """Today's record of the defaults, in the layout of a version that had `threshold_floor`."""
    now = make_spec(load_config()).params
    layout = describe_layout(PARAMS)
    states = next(entry for entry in layout if entry[0] == "states")
    states[1].append(["threshold_floor", "f8"])
    old = np.zeros(now.size, build_dtype(layout))
    for name in PARAMS.names or ():
        if name != "states":
            old[name] = now[name]
    for name in PARAMS["states"].base.names:
        old["states"][name] = now["states"][name]
    old["states"]["threshold_floor"] = value
    return old


def test_a_record_with_the_value_that_the_rules_keep_is_todays() -> None:
    now = make_spec(load_config()).params
    old = upgrade(record_with(0.05))
    assert old.tobytes() == now.tobytes()
    assert identities([old]) == identities([now])


def test_a_record_with_another_value_is_refused() -> None:
    with pytest.raises(InputError, match=r"taken out after truce-sim 0\.2\.0"):
        upgrade(record_with(0.1))


def test_a_configuration_of_then() -> None:
    plain = {"home": {"threshold": 4.5, "threshold_floor": 0.05}, "seed": 1}
    assert without_gone(plain) == {"home": {"threshold": 4.5}, "seed": 1}
    with pytest.raises(InputError, match=r"home\.threshold_floor = 0\.1: was taken out"):
        without_gone({"home": {"threshold_floor": 0.1}})


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("command", ["run {}=0.1", "sweep {}=0.1,0.2", "run +{}=0.05"])
def test_a_value_given_now(
    path: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The error says since when, why, and what to use; nothing is written."""
    monkeypatch.chdir(tmp_path)
    assert run_command(command.format(path).split()) == 2
    said = capsys.readouterr().err
    assert "was taken out after truce-sim 0.2.0: thresholds came near it only" in said
    assert "allowed: belief.threshold_effect" in said
    assert list(tmp_path.iterdir()) == []

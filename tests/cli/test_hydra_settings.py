"""Settings of Hydra's own: what has an effect works, everything else is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hydra.conf import HydraConf
from omegaconf import OmegaConf

from truce_sim import load_config, simulate, sweep
from truce_sim.cli.commands import run_command
from truce_sim.config.compose import compose
from truce_sim.config.hydra_settings import UNTOUCHED, refuse_idle_settings
from truce_sim.errors import InputError

#: Every setting of Hydra's node that has an effect, or that only Hydra sets.
EFFECT = ("launcher", "sweeper", "mode", "searchpath", "help.", "hydra_help.")
FILLED_IN = ("overrides.", "runtime.", "job.override_dirname", "job.config_name")

#: What a user may type that would change nothing, and what the message points to.
IDLE = {
    "hydra.run.dir=elsewhere": "output.dir",
    "hydra.sweep.dir=elsewhere": "output.dir",
    "hydra.sweep.subdir=x": "output.name",
    "hydra.output_subdir=.hydra": "output.dir",
    "hydra.job.name=mine": "output.name",
    "hydra.job.chdir=true": "output.dir",
    "hydra.job.config.override_dirname.kv_sep=-": "output.name",
    "hydra.job.id=7": "launcher",
    "hydra.job.num=7": "launcher",
    "+hydra.job.env_set.OMP_NUM_THREADS=2": "environment",
    "hydra.job.env_copy=[HOME]": "environment",
    "hydra.verbose=true": "no log",
    "hydra.job_logging.root.level=INFO": "no log",
    "hydra/job_logging=default": "no log",
    "hydra/hydra_logging=colorlog": "no log",
    "hydra/output=default": "output.dir",
    "hydra/env=default": "environment",
    "+hydra.callbacks.x.y=1": "name code",
    "hydra.runtime.output_dir=x": "leave it out",
    "hydra.overrides.task=[seed]": "leave it out",
    "+hydra.anything=1": "leave it out",
}

#: The same in a file, where it says more than Hydra's defaults do.
IN_A_FILE = {
    "run.dir": "elsewhere", "sweep.dir": "elsewhere", "sweep.subdir": "x", "output_subdir": "y",
    "job.name": "mine", "job.chdir": True, "job.env_set.A": "b", "job.env_copy": ["HOME"],
    "job.id": "7", "verbose": True, "job_logging.root.level": "INFO", "runtime.output_dir": "x",
    "hydra_logging.version": 2, "job.config.override_dirname.kv_sep": "-",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.mark.parametrize("command", ["run", "sweep"])
@pytest.mark.parametrize("token", IDLE)
def test_what_has_no_effect_is_refused(
    command: str, token: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command([command, "truce=literal", token]) == 2
    out, err = capsys.readouterr()
    assert token.lstrip("+").split("=")[0] in err
    assert IDLE[token] in err
    assert out == ""
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize("path", IN_A_FILE)
def test_in_an_experiment_file_too(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    value: Any = IN_A_FILE[path]
    for part in reversed(("hydra", *path.split("."))):
        value = {part: value}
    own = Path("own/experiment")
    own.mkdir(parents=True)
    (own / "mine.yaml").write_text(f"# @package _global_\n{json.dumps(value)}\n")
    for command in ("run", "sweep"):
        assert run_command([command, "--config-dir", "own", "+experiment=mine"]) == 2
        assert f"hydra.{path}" in capsys.readouterr().err
    with pytest.raises(InputError, match=f"hydra.{path}"):
        load_config({"experiment": "mine"}, config_dir="own")
    assert [entry.name for entry in Path.cwd().iterdir()] == ["own"]


def test_from_python_too() -> None:
    for overrides in (["hydra.run.dir=x"], ["hydra/output=default"]):
        with pytest.raises(InputError, match=r"output\.dir"):
            load_config(overrides)
        with pytest.raises(InputError, match=r"output\.dir"):
            sweep({"home.threshold": [3, 4]}, overrides)


@pytest.mark.parametrize(
    "token",
    ["hydra/launcher=joblib", "hydra.sweeper.points=4", "hydra.sweeper.where='seed > 1'"],
)
def test_what_is_for_sweeps_is_refused_by_a_run(
    token: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["run", token]) == 2
    err = capsys.readouterr().err
    assert "has no effect on a single run" in err
    assert "truce-sim sweep" in err


def test_one_run_is_refused_by_a_sweep(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["sweep", "hydra.mode=RUN"]) == 2
    assert "truce-sim run" in capsys.readouterr().err


def test_what_has_an_effect_works(capsys: pytest.CaptureFixture[str]) -> None:
    own = Path("own/home")
    own.mkdir(parents=True)
    (own / "mine.yaml").write_text("defaults: [baseline, _self_]\nthreshold: 3.0\n")
    words = ["hydra.mode=MULTIRUN", "hydra.sweeper.design=zip", "hydra/launcher=basic"]
    words += ["home.capacity=0.9,1.0", f"hydra.searchpath=[file://{own.parent.resolve()}]"]
    words += ["hydra.sweeper.where='home.capacity < 0.95'", "home=mine", "hydra/help=default"]
    assert run_command(["sweep", *words, "--dry-run"]) == 0
    assert "1 point" in capsys.readouterr().out


def _leaves(node: Any, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(node, Mapping) and node:
        for name, inner in node.items():
            yield from _leaves(inner, f"{path}.{name}")
    else:
        yield path.removeprefix("."), node


def test_every_setting_of_hydra_is_judged() -> None:
    """Those of its schema: each has an effect, is set by Hydra itself, or is known untouched."""
    known = OmegaConf.to_container(OmegaConf.structured(HydraConf))
    names = {name for name, _ in _leaves(known)} - {"defaults"}
    for name in names:
        judged = name.startswith((*EFFECT, *FILLED_IN)) or name == "job.name"
        assert judged or any(path == name or path.startswith(f"{name}.") for path in UNTOUCHED)


def test_untouched_is_what_hydra_composes() -> None:
    composed = compose([])
    refuse_idle_settings(composed)
    found = dict(_leaves(OmegaConf.to_container(composed.hydra, resolve=False)))
    assert UNTOUCHED.keys() - found.keys() <= {"aliases"}  # of Hydra 1.4
    assert all(found[name] == value for name, value in UNTOUCHED.items() if name in found)


@pytest.mark.parametrize(
    "token", ["hydra.sweeper.points=5", "hydra/launcher=joblib", "hydra.mode=MULTIRUN"]
)
def test_python_refuses_them_too(token: str, tmp_path: Path) -> None:
    calls = (
        lambda: load_config([token]),
        lambda: simulate([token]),
        lambda: sweep(
            ["truce=literal,practised"], [token], folder=tmp_path / "new" / "s", replicates=2
        ),
    )
    for call in calls:
        with pytest.raises(InputError, match="has no effect here"):
            call()
    assert not (tmp_path / "new").exists()

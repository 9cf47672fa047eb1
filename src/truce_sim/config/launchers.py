"""Launchers that may run the jobs of a sweep: `hydra/launcher=basic`, `joblib`, `slurm`, `dask`.

A launcher's settings come from the user or from somebody else's file. They may say which machines
to use and how much of them, but must not name code or shell commands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from truce_sim.errors import InputError

if TYPE_CHECKING:
    from omegaconf import DictConfig

BASIC = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"
JOBLIB = "hydra_plugins.hydra_joblib_launcher.joblib_launcher.JoblibLauncher"
SLURM = "hydra_plugins.hydra_submitit_launcher.submitit_launcher.SlurmLauncher"
DASK = "hydra_plugins.truce_dask_launcher.DaskLauncher"

#: Class of a launcher -> its option of hydra/launcher, and the module that must be installed.
_OPTIONS = {
    BASIC: ("basic", "hydra"),
    JOBLIB: ("joblib", "hydra_plugins.hydra_joblib_launcher"),
    SLURM: ("slurm", "hydra_plugins.hydra_submitit_launcher"),
    DASK: ("dask", "distributed"),
}

#: Settings of the SLURM launcher that become lines of a shell script.
_SHELL = ("setup", "additional_parameters")


def check_installed(overrides: Sequence[str]) -> None:
    """Check that the launcher chosen by an override is installed.

    Raises:
        InputError: it is not.
    """
    from importlib.util import find_spec

    modules = dict(_OPTIONS.values())
    for word in overrides:
        group, _, option = word.partition("=")
        if group == "hydra/launcher" and find_spec(modules.get(option, "hydra")) is None:
            raise InputError(
                "is not installed", setting=group, value=option,
                allowed="pip install 'truce-sim[cluster]' installs every launcher",
            )  # fmt: skip


def check_launcher(launcher: DictConfig | str) -> None:
    """Check that a launcher is known and that its settings contain no shell commands.

    Raises:
        InputError: naming the setting at fault.
    """
    target = launcher if isinstance(launcher, str) else launcher.get("_target_")
    if isinstance(launcher, str) or target not in _OPTIONS:
        options = ", ".join(option for option, _ in _OPTIONS.values())
        raise _code("_target_", target, f"hydra/launcher={options}")
    for name in _SHELL:
        if launcher.get(name):
            raise _code(
                name, str(launcher[name]),
                "leave it out: jobs inherit the environment, loaded modules included; set other "
                "options of sbatch through its variables, SBATCH_...",
            )  # fmt: skip
    for setting in set(launcher) - {"submitit_folder"}:  # set by the sweep
        value = _value(launcher, str(setting))
        if isinstance(value, str) and not value.isprintable():
            raise _code(str(setting), value, "one line of text")


def _value(launcher: DictConfig, name: str) -> object:
    from omegaconf.errors import OmegaConfBaseException

    try:
        return launcher[name]
    except OmegaConfBaseException:
        raise InputError(
            "has no value", setting=f"hydra.launcher.{name}", allowed="hydra/launcher=slurm sets it"
        ) from None


def _code(name: str, value: object, allowed: str) -> InputError:
    return InputError(
        "a configuration must not name code to run", setting=f"hydra.launcher.{name}", value=value,
        allowed=allowed,
    )  # fmt: skip

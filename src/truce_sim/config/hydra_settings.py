"""Which of Hydra's own settings have an effect here; all others are refused.

Hydra composes configurations and calls launchers; this program handles folders, names and logs. A
Hydra setting that would change nothing is refused, on the command line and in files, with a hint
at the setting that does the job.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from truce_sim.errors import InputError

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override
    from omegaconf import DictConfig

#: Parts of Hydra's node that have an effect, groups and settings alike.
_WITH_EFFECT = ("launcher", "sweeper", "mode", "searchpath", "help", "hydra_help")

#: Parts that Hydra fills in itself.
_FILLED_IN = ("overrides", "runtime", "job.override_dirname", "job.config_name")

#: Values of the other settings if unchanged.
UNTOUCHED: Mapping[str, object] = {
    "run.dir": ".",
    "sweep.dir": "multirun/${now:%Y-%m-%d}/${now:%H-%M-%S}",
    "sweep.subdir": "${hydra.job.num}",
    "output_subdir": None,
    "verbose": False,
    "env": {},
    "callbacks": {},
    "aliases": {},  # of Hydra 1.4
    "job.chdir": False,
    "job.id": "???",
    "job.num": "???",
    "job.env_set": {},
    "job.env_copy": [],
    "job.config.override_dirname.kv_sep": "=",
    "job.config.override_dirname.item_sep": ",",
    "job.config.override_dirname.exclude_keys": [],
    "runtime.output_dir": "???",
    **{
        f"{log}.{name}": value
        for log in ("job_logging", "hydra_logging")
        for name, value in (
            ("version", 1), ("root.level", "ERROR"), ("disable_existing_loggers", True),
        )
    },
}  # fmt: skip

_FOLDERS = "output.dir, the folder for all results, and output.name, the name of each one in it"
_ENVIRONMENT = "leave it out: jobs inherit the environment of the command"
_FILLS_IN = "leave it out: Hydra fills it in"
_NUMBERS = "leave it out: the launcher numbers the jobs"
_LOGS = "leave it out: no log is written; sweep.events=true keeps the event log of every run"

#: First part of a setting -> what to do instead.
_INSTEAD = {
    "job.env": _ENVIRONMENT, "env": _ENVIRONMENT, "job.id": _NUMBERS, "job.num": _NUMBERS,
    "job_logging": _LOGS, "hydra_logging": _LOGS, "verbose": _LOGS,
    "runtime": _FILLS_IN, "overrides": _FILLS_IN,
    "callbacks": "leave it out: a configuration must not name code to run",
    "run": _FOLDERS, "sweep": _FOLDERS, "output": _FOLDERS, "job": _FOLDERS,
}  # fmt: skip


def refuse_idle_override(override: Override) -> None:
    """Refuse an override of a Hydra setting that has no effect.

    Raises:
        InputError: naming the setting and what to use instead.
    """
    key = override.key_or_group
    if override.is_hydra_override() and not _within(_inside(key), _WITH_EFFECT):
        raise _no_effect(key, (override.input_line or "").partition("=")[2] or None)


def refuse_idle_settings(composed: DictConfig) -> None:
    """Refuse Hydra settings that have no effect, wherever they were set.

    Args:
        composed: as Hydra composed it, including Hydra's own node.

    Raises:
        InputError: naming the setting and what to use instead.
    """
    from hydra.core.utils import JobRuntime
    from omegaconf import OmegaConf

    untouched = {**UNTOUCHED, "job.name": JobRuntime.instance().get("name")}
    for name, value in sorted(_leaves(OmegaConf.to_container(composed.hydra, resolve=False))):
        if name in untouched:
            idle = value != untouched[name]
        else:
            idle = not _within(name, (*_WITH_EFFECT, *_FILLED_IN))
        if idle:
            raise _no_effect(f"hydra.{name}", value)


def refuse_hydra_tokens(tokens: Sequence[str], allowed: str) -> None:
    """Refuse overrides of Hydra's own settings that have an effect on commands only.

    Args:
        tokens: overrides in Hydra's syntax.
        allowed: what to use in Python instead.

    Raises:
        InputError: naming the setting.
    """
    for token in tokens:
        key, _, value = token.lstrip("+~").partition("=")
        of_commands = [part for part in _WITH_EFFECT if part != "searchpath"]
        if key.startswith(("hydra.", "hydra/")) and _within(_inside(key), of_commands):
            raise InputError("has no effect here", setting=key, value=value, allowed=allowed)


def _leaves(node: Any, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(node, dict) and node:
        for name, inner in node.items():
            yield from _leaves(inner, f"{path}.{name}")
    else:
        yield path.removeprefix("."), node


def _within(name: str, parts: Sequence[str]) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def _inside(key: str) -> str:
    """Return the name of a key within Hydra's node: "hydra/launcher" is "launcher"."""
    return key.replace("/", ".").removeprefix("hydra.")


def _no_effect(key: str, value: object) -> InputError:
    name = _inside(key)
    instead = (what for beginning, what in _INSTEAD.items() if name.startswith(beginning))
    shown = "null" if value is None else value
    return InputError(
        "has no effect here", setting=key, value=shown, allowed=next(instead, "leave it out")
    )

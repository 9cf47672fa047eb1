"""Which of Hydra's own settings have an effect here; every other is refused.

Hydra composes configurations and calls launchers; folders, names and logs are this program's own. A
setting of Hydra's that would change nothing is refused, whether it was typed or stands in a file,
with the setting that does what was meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from truce_sim.errors import InputError

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override
    from omegaconf import DictConfig

#: Parts of Hydra's node that have an effect: groups and settings alike.
_WITH_EFFECT = ("launcher", "sweeper", "mode", "searchpath", "help", "hydra_help")

#: Parts that Hydra fills in itself.
_FILLED_IN = ("overrides", "runtime", "job.override_dirname", "job.config_name")

#: What the other settings are where nobody has touched them.
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

_FOLDERS = "output.dir, the folder under which results go, and output.name, the name of each"
_ENVIRONMENT = "leave it out: jobs inherit the environment of the command"
_FILLS_IN = "leave it out: Hydra fills it in"
_NUMBERS = "leave it out: the launcher numbers jobs"
_LOGS = "leave it out: no log is written; sweep.events=true keeps the events of runs"

#: Beginnings of settings, and what to do instead.
_INSTEAD = {
    "job.env": _ENVIRONMENT, "env": _ENVIRONMENT, "job.id": _NUMBERS, "job.num": _NUMBERS,
    "job_logging": _LOGS, "hydra_logging": _LOGS, "verbose": _LOGS,
    "runtime": _FILLS_IN, "overrides": _FILLS_IN,
    "callbacks": "leave it out: a configuration may not name code to run",
    "run": _FOLDERS, "sweep": _FOLDERS, "output": _FOLDERS, "job": _FOLDERS,
}  # fmt: skip


def refuse_idle_override(override: Override) -> None:
    """Refuse an override of a setting of Hydra's that has no effect.

    Raises:
        InputError: naming the setting, and what does the same here.
    """
    key = override.key_or_group
    if override.is_hydra_override() and not _within(_inside(key), _WITH_EFFECT):
        raise _no_effect(key, (override.input_line or "").partition("=")[2] or None)


def refuse_idle_settings(composed: DictConfig) -> None:
    """Refuse settings of Hydra's that have no effect, wherever they were set.

    Args:
        composed: as Hydra composed it, Hydra's node included.

    Raises:
        InputError: naming the setting, and what does the same here.
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


def _leaves(node: Any, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(node, dict) and node:
        for name, inner in node.items():
            yield from _leaves(inner, f"{path}.{name}")
    else:
        yield path.removeprefix("."), node


def _within(name: str, parts: Sequence[str]) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def _inside(key: str) -> str:
    """The setting or group of a key within Hydra's node: "hydra/launcher" is "launcher"."""
    return key.replace("/", ".").removeprefix("hydra.")


def _no_effect(key: str, value: object) -> InputError:
    name = _inside(key)
    instead = (what for beginning, what in _INSTEAD.items() if name.startswith(beginning))
    shown = "null" if value is None else value
    return InputError(
        "has no effect here", setting=key, value=shown, allowed=next(instead, "leave it out")
    )

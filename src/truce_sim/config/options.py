"""One option of each config group: Hydra would merge a list of options into a mixture of them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from truce_sim.config.compose import conf_folder
from truce_sim.config.tokens import setting_of
from truce_sim.errors import InputError, command
from truce_sim.settings.fields import groups

if TYPE_CHECKING:
    from omegaconf import DictConfig


def refuse_merged_options(composed: DictConfig) -> None:
    """Refuse a configuration with several options of one part of the model, or with none.

    Args:
        composed: as Hydra composed it, including Hydra's own node.

    Raises:
        InputError: naming the group and what to write instead.
    """
    chosen = composed.hydra.runtime.choices
    for group in groups():
        if options_of(group) and group not in chosen:  # Hydra names no choice of a list
            raise _not_one(group, list(composed.hydra.overrides.task))


def refuse_list(key: str, value: object) -> None:
    """Refuse a list as a level of a config group.

    Args:
        key: the group as written in overrides, including any "+".
        value: the level.

    Raises:
        InputError: naming the group and what to write instead.
    """
    group = key.lstrip("+")
    if isinstance(value, list) and options_of(group):
        raise InputError(
            "a list is not an option: its options would be merged into a mixture",
            setting=group, value=value,
            allowed=f"{key}={_example(group, value)}, which runs one after the other",
        )  # fmt: skip


@cache
def options_of(group: str) -> tuple[str, ...]:
    """Return the options of a group that come with the program; empty if it is not a group."""
    return tuple(sorted(file.stem for file in (conf_folder() / group).glob("*.yaml")))


def _not_one(group: str, tokens: list[str]) -> InputError:
    token = next((t for t in reversed(tokens) if setting_of(t) == group), "")
    value = token.partition("=")[2]
    named = [word.strip(" '\"") for word in value.strip("[]").split(",") if word.strip(" '\"")]
    example = _example(group, named)
    return InputError(
        "a list of options would be merged into a mixture of them"
        if not token or named else "no option is chosen",
        setting=group, value=value or None,
        allowed=f"one option, such as {group}={example.partition(',')[0]}; "
        f"{command('sweep', f'{group}={example}')} runs one after the other",
        origin=f"override {token}" if token else "the defaults list of a configuration file",
    )  # fmt: skip


def _example(group: str, named: list[str]) -> str:
    return ",".join(named if len(named) > 1 else options_of(group)[:2])

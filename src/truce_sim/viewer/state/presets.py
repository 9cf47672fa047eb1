"""Presets: the options of the config groups, applied to whatever configuration is shown.

An option sets the settings of its own group and those that any option of the group sets elsewhere
(`truce=literal` sets some of the home state's), so that one option undoes what another did.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from truce_sim.config.compose import conf_folder
from truce_sim.config.load import load_config, to_plain
from truce_sim.settings.fields import groups as parts
from truce_sim.settings.nested import copied, leaves, put

#: Settings that are replaced as a whole.
_WHOLE = ("mediation.mediators",)


@cache
def options() -> dict[str, tuple[str, ...]]:
    """Map each config group that offers a choice to its options."""
    found = {
        group: tuple(sorted(file.stem for file in (conf_folder() / group).glob("*.yaml")))
        for group in parts()
    }
    return {group: names for group, names in found.items() if len(names) > 1}


def overlay(plain: dict[str, Any], group: str, option: str) -> dict[str, Any]:
    """Return a copy of a nested configuration with an option of a group applied to it."""
    changed: dict[str, Any] = copied(plain)
    values = _compose_preset(group, option)
    for path in _footprint(group):
        put(changed, path, copied(values[path]))
    return changed


def matching_option(plain: dict[str, Any], group: str) -> str:
    """Return the option of a group that a configuration matches, or ""."""
    mine = flat(plain)
    for option in options()[group]:
        values = _compose_preset(group, option)
        if all(mine[path] == values[path] for path in _footprint(group)):
            return option
    return ""


@cache
def default_plain() -> dict[str, Any]:
    """Return the default nested configuration; do not change it in place."""
    return to_plain(load_config([]))


def warm() -> None:
    """Compose every option, so that later calls are fast."""
    for group in options():
        _footprint(group)


def ready() -> bool:
    """Whether every option has been composed, which takes a second or two."""
    return _footprint.cache_info().currsize == len(options())


def flat(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return a nested configuration as a mapping of dotted paths to values."""
    return leaves(plain, _WHOLE)


def defaults() -> dict[str, Any]:
    """Return the default settings as a mapping of dotted paths to values."""
    return _compose_preset("", "")


@cache
def _compose_preset(group: str, option: str) -> dict[str, Any]:
    return flat(to_plain(load_config([f"{group}={option}"] if group else [])))


@cache
def _footprint(group: str) -> frozenset[str]:
    """The settings that a group's options set: its own, and others that differ in any option."""
    usual = defaults()
    every = [_compose_preset(group, option) for option in options()[group]]
    return frozenset(
        path
        for path, value in usual.items()
        if path.startswith(f"{group}.") or any(values[path] != value for values in every)
    )

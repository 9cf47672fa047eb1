"""Composing with Hydra once for each distinct choice of config groups, not once for each point."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hydra.core.override_parser.types import Override
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from truce_sim.config.explain import explain
from truce_sim.config.hydra_settings import refuse_idle_override, refuse_idle_settings
from truce_sim.config.loader import Loader


@dataclass(frozen=True)
class Base:
    """A composed configuration that points start from.

    typed: with the schema's types, for checking that a setting exists. choices: config group ->
    option.
    """

    typed: DictConfig
    choices: Mapping[str, str]

    @cached_property
    def plain(self) -> dict[str, Any]:
        """As nested plain values, interpolations left as they are."""
        container = OmegaConf.to_container(self.typed, resolve=False)
        assert isinstance(container, dict)
        return {str(key): value for key, value in container.items()}

    def check_values(self, values: Mapping[str, object]) -> None:
        """Raise InputError unless the settings exist here ("+setting" adds one) and the values
        are of their types."""
        config = copy.deepcopy(self.typed)
        OmegaConf.set_struct(config, True)
        for key, value in values.items():
            name, added = key.lstrip("+"), key.startswith("+")
            try:
                OmegaConf.update(config, name, value, merge=True, force_add=added)
            except Exception as error:
                raise explain(error, [f"{name}={value}"]) from error


class Composer:
    """Hydra's loader, with what it said before."""

    def __init__(self, loader: Loader, config_name: str) -> None:
        self._loader = loader
        self._config_name = config_name
        self._options: dict[str, list[str]] = {}

    def parse(self, tokens: Sequence[str]) -> list[Override]:
        """Overrides from tokens; raises InputError for bad syntax."""
        try:
            return self._loader.parse(tokens)
        except Exception as error:
            raise explain(error, tokens) from error

    def options(self, group: str) -> list[str]:
        """The options of a config group; none where `group` is none."""
        if group not in self._options:  # Hydra takes 20 ms to say
            self._options[group] = self._loader.get_group_options(group)
        return self._options[group]

    def compose(self, tokens: Sequence[str]) -> Base:
        """The configuration that these overrides make; raises InputError where they make none."""
        for override in self.parse(tokens):
            refuse_idle_override(override)
        try:
            config = self._loader.load_configuration(
                self._config_name, list(tokens), run_mode=RunMode.RUN
            )
        except Exception as error:
            raise explain(error, tokens) from error
        refuse_idle_settings(config)
        choices = {str(k): str(v) for k, v in config.hydra.runtime.choices.items()}
        OmegaConf.set_struct(config, False)
        config.pop("hydra")
        return Base(config, choices)

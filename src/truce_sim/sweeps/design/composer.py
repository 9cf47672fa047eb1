"""Compose with Hydra once per distinct choice of config groups, not once per point."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from truce_sim.config.compose import find_origin, named_by_user
from truce_sim.config.explain import explain
from truce_sim.config.hydra_settings import refuse_idle_override, refuse_idle_settings
from truce_sim.config.loader import Loader, copies
from truce_sim.config.options import refuse_merged_options


@dataclass(frozen=True)
class Base:
    """A composed configuration that points start from.

    Attributes:
        typed: the configuration with the schema's types, to check that settings exist.
        choices: config group -> chosen option.
        tokens: the overrides it was composed from.
        runtime: Hydra's account of it (`hydra.runtime`).
    """

    typed: DictConfig
    choices: Mapping[str, str]
    tokens: Sequence[str] = ()
    runtime: DictConfig | None = None

    @cached_property
    def plain(self) -> dict[str, Any]:
        """The configuration as nested plain values, with interpolations unresolved."""
        container = OmegaConf.to_container(self.typed, resolve=False)
        assert isinstance(container, dict)
        return {str(key): value for key, value in container.items()}

    @cached_property
    def _copies(self) -> Callable[[], DictConfig]:
        return copies(self.typed)

    def origin(self, path: str) -> str:
        """Say which override or file set a setting; "" if unknown."""
        return find_origin(path, self.tokens, self.runtime) if self.runtime else ""

    def names(self, path: str) -> bool:
        """Say whether an override or a file of the user's sets `path`."""
        return self.runtime is not None and named_by_user(path, self.tokens, self.runtime)

    def check_values(self, values: Mapping[str, object]) -> None:
        """Check that settings exist and that values have their types.

        Args:
            values: setting -> value; a "+" before the name adds the setting.

        Raises:
            InputError: for an unknown setting or a value of the wrong type.
        """
        config = self._copies()
        OmegaConf.set_struct(config, True)
        for key, value in values.items():
            name, added = key.lstrip("+"), key.startswith("+")
            try:
                OmegaConf.update(config, name, value, merge=True, force_add=added)
            except Exception as error:
                raise explain(error, [f"{name}={value}"]) from None


class Composer:
    """Hydra's loader, with a cache of the options of each group."""

    def __init__(self, loader: Loader, config_name: str) -> None:
        self._loader = loader
        self._config_name = config_name
        self._options: dict[str, list[str]] = {}

    @property
    def own_files(self) -> Mapping[str, Path]:
        """The user's own configuration files used so far: `group/option.yaml` -> file."""
        return self._loader.own_files

    def parse(self, tokens: Sequence[str]) -> list[Override]:
        """Parse overrides; raise InputError for bad syntax."""
        try:
            return self._loader.parse(tokens)
        except Exception as error:
            raise explain(error, tokens) from None

    def options(self, group: str) -> list[str]:
        """Return the options of a config group; empty if there is no such group."""
        if group not in self._options:  # the look-up takes Hydra 20 ms
            self._options[group] = self._loader.get_group_options(group)
        return self._options[group]

    def compose(self, tokens: Sequence[str]) -> Base:
        """Compose the configuration of some overrides; raise InputError if that fails."""
        for override in self.parse(tokens):
            refuse_idle_override(override)
        try:
            config = self._loader.load_configuration(
                self._config_name, list(tokens), run_mode=RunMode.RUN
            )
        except Exception as error:
            raise explain(error, tokens) from None
        refuse_idle_settings(config)
        refuse_merged_options(config)
        choices = {str(k): str(v) for k, v in config.hydra.runtime.choices.items()}
        OmegaConf.set_struct(config, False)
        return Base(config, choices, tokens, config.pop("hydra").runtime)

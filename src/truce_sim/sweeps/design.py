"""Which points a sweep has: from overrides in Hydra's syntax to a checked Config for each."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from truce_sim.config import as_tokens, explain, validate
from truce_sim.errors import InputError
from truce_sim.schema import Config

#: Settings of the sweep itself: the same for all its points.
FIXED = ("replicate", "sweep", "output")

MAX_POINTS = 10_000_000


@dataclass(frozen=True)
class Point:
    """One design point: the swept values, by setting, and the configuration they make."""

    values: dict[str, object]
    config: Config


@dataclass(frozen=True)
class Design:
    """The points of a sweep, and the settings that differ between them."""

    factors: tuple[str, ...]
    points: tuple[Point, ...]


class Composer:
    """Composes once for each distinct choice of config groups, then applies value overrides to a
    copy of that base: what Hydra would compose, at a hundredth of the time."""

    def __init__(self, loader: ConfigLoader, config_name: str) -> None:
        self._loader = loader
        self._config_name = config_name
        self._parser = OverridesParser.create(config_loader=loader)
        self._parsed: dict[str, Override] = {}
        self._bases: dict[tuple[str, ...], DictConfig] = {}
        self._groups: dict[str, bool] = {}

    def parse(self, tokens: Sequence[str]) -> list[Override]:
        """Overrides from tokens; raises InputError for bad syntax."""
        try:
            return list(self._parser.parse_overrides(list(tokens)))
        except Exception as error:
            raise explain(error, tokens) from error

    def compose(self, fixed: Sequence[str], swept: Sequence[str]) -> Config:
        """The checked configuration of one point."""
        chosen = [self._override(token) for token in swept]
        groups = [o.input_line or "" for o in chosen if self.is_group(o)]
        try:
            config = copy.deepcopy(self._base((*fixed, *groups)))
            OmegaConf.set_struct(config, True)
            for o in chosen:
                if not self.is_group(o):
                    OmegaConf.update(
                        config, o.key_or_group, o.value(), merge=True,
                        force_add=o.is_add() or o.is_force_add(),
                    )  # fmt: skip
        except Exception as error:
            raise explain(error, [*fixed, *swept]) from error
        return validate(config)

    def is_group(self, override: Override) -> bool:
        """Whether an override chooses a config group, or takes something away."""
        key = override.key_or_group
        if key not in self._groups:  # Hydra takes 20 ms to say
            self._groups[key] = bool(self._loader.get_group_options(key))
        return override.is_delete() or self._groups[key]

    def _override(self, token: str) -> Override:
        if token not in self._parsed:
            self._parsed[token] = self.parse([token])[0]
        return self._parsed[token]

    def _base(self, tokens: tuple[str, ...]) -> DictConfig:
        if tokens not in self._bases:
            config = self._loader.load_configuration(
                self._config_name, list(tokens), run_mode=RunMode.RUN
            )
            OmegaConf.set_struct(config, False)
            config.pop("hydra", None)
            self._bases[tokens] = config
        return self._bases[tokens]


def make_design(
    composer: Composer, params: Mapping[str, Any], arguments: Sequence[str]
) -> tuple[Design, Config]:
    """The grid of all swept values, and the configuration of the sweep itself.

    params: factor -> values from the sweeper's settings; arguments: overrides of the command line,
    which replace params of the same setting. Raises InputError for any bad point before any is run.
    """
    lines = [f"{key}={_as_token(value)}" for key, value in params.items()]
    latest: dict[str, Override] = {}
    for override in composer.parse([*lines, *arguments]):
        latest[override.get_key_element().lstrip("+~")] = override
    fixed = [o.input_line or "" for o in latest.values() if not o.is_sweep_override()]
    factors = {key: expand(o) for key, o in latest.items() if o.is_sweep_override()}
    shared = composer.compose(fixed, [])
    size = 1
    for tokens in factors.values():
        size *= len(tokens)
    if size > MAX_POINTS:
        raise InputError(
            setting="sweep", value=size, problem="the design has too many points",
            allowed=f"at most {MAX_POINTS:,}",
        )  # fmt: skip
    points = tuple(
        Point(_values_of(composer, choice), composer.compose(fixed, choice))
        for choice in itertools.product(*factors.values())
    )
    return Design(tuple(factors), points), shared


def expand(override: Override) -> list[str]:
    """One token for each value that an override sweeps over."""
    key = override.key_or_group
    if key.split(".")[0] in FIXED:
        raise InputError(
            setting=key, value=override.input_line, problem="this setting cannot be swept",
            allowed="one value for the whole sweep",
        )  # fmt: skip
    if override.is_interval_sweep():
        raise InputError(
            setting=key, value=override.input_line, problem="a grid needs separate values",
            allowed="a list (1,2,3), range(start,stop,step) or choice(...)",
        )  # fmt: skip
    tokens = [f"{override.get_key_element()}={value}" for value in override.sweep_string_iterator()]
    if not tokens:
        raise InputError(
            setting=key, value=override.input_line, problem="an empty sweep",
            allowed="at least one value; range(start,stop,step) leaves stop out",
        )  # fmt: skip
    return tokens


def _values_of(composer: Composer, tokens: Iterable[str]) -> dict[str, object]:
    """Setting -> value of one point; lists and mappings as JSON."""
    values: dict[str, object] = {}
    for override in composer.parse(list(tokens)):
        value = override.value()
        if isinstance(value, (list, dict)):
            value = json.dumps(value, sort_keys=True)
        values[override.key_or_group] = value
    return values


def _as_token(value: Any) -> str:
    """A value of the sweeper's `params` as it would stand on the command line."""
    if OmegaConf.is_config(value) or isinstance(value, (list, tuple)):
        return ",".join(str(item) for item in value)
    return str(value)


def sweep_tokens(factors: Mapping[str, Sequence[object]] | Sequence[str]) -> list[str]:
    """Factors with their levels as sweep overrides in Hydra's syntax."""
    if not isinstance(factors, Mapping):
        return list(factors)
    tokens = []
    for key, levels in factors.items():
        if isinstance(levels, str) or not len(levels):
            raise InputError(
                "needs its levels as a list", setting=key, value=levels, allowed="a list of values"
            )
        values = [as_tokens({key: level})[0].partition("=")[2] for level in levels]
        tokens.append(
            f"{key}={','.join(values)}" if len(values) > 1 else f"{key}=choice({values[0]})"
        )
    return tokens

"""The entrance to the configuration: overrides in, a checked `Config` out.

`load_config` composes the files in `conf/` with Hydra and checks the result; `validate` checks a
configuration composed elsewhere. `load_setup`, `prepare` and `as_setup` do the same but return the
`Setup`, which is passed on so that nothing is checked twice. Any user mistake raises an
`InputError`; `explain` turns errors from Hydra, OmegaConf and pydantic into one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from truce_sim.config.checks import KIND, build_config, has_own_border, refuse_two_borders
from truce_sim.config.compose import compose, find_origin, named_by_user
from truce_sim.config.effects import warn_of_no_effect
from truce_sim.config.explain import check_tokens, composing_errors, explain
from truce_sim.config.hydra_settings import refuse_hydra_tokens, refuse_idle_settings
from truce_sim.config.options import refuse_merged_options
from truce_sim.config.resolvers import has_references, refuse_resolvers
from truce_sim.config.setup import Setup, set_up
from truce_sim.config.tokens import Overrides, as_tokens
from truce_sim.errors import InputError
from truce_sim.settings.fields import is_choice
from truce_sim.settings.schema import Config

if TYPE_CHECKING:
    from omegaconf import DictConfig


def load_config(overrides: Overrides = (), *, config_dir: str | Path | None = None) -> Config:
    """Compose and check a configuration.

    Args:
        overrides: what differs from the defaults, as strings in Hydra's syntax
            (`["truce=literal", "home.threshold=5"]`) or as a mapping from config groups and dotted
            paths to values (`{"truce": "literal", "home.threshold": 5}`).
        config_dir: a folder with further options for the config groups.

    Returns:
        The checked configuration.

    Raises:
        InputError: an override or a file is invalid.
    """
    return load_setup(overrides, config_dir=config_dir).config


def load_setup(overrides: Overrides = (), *, config_dir: str | Path | None = None) -> Setup:
    """Compose and check a configuration once, to run it and its variants many times.

    Args:
        overrides: what differs from the defaults, as in `load_config`.
        config_dir: a folder with further options for the config groups.

    Returns:
        The checked configuration with all that follows from it. `simulate`, `simulate_many` and
        `TruceModel` accept it directly; `with_changes` returns a variant.

    Raises:
        InputError: an override or a file is invalid.
    """
    tokens = as_tokens(overrides)
    setup = _load(tokens, config_dir)
    warn_of_no_effect(setup.config, tokens)
    return replace(setup, source=_Files(tuple(tokens), config_dir))


def _load(tokens: Sequence[str], config_dir: str | Path | None) -> Setup:
    """Compose and check, without warning of settings that have no effect."""
    check_tokens(tokens)
    refuse_hydra_tokens(tokens, "truce_sim.sweep(...), which takes designs as arguments")
    try:
        composed = compose(tokens, config_dir)
    except composing_errors() as error:
        raise explain(error, tokens) from None
    refuse_idle_settings(composed)
    refuse_merged_options(composed)
    return prepare_composed(composed, tokens)


@dataclass(frozen=True, eq=False)
class _Files:
    """The files of a folder and the overrides that a setup was composed from."""

    tokens: tuple[str, ...]
    config_dir: str | Path | None
    _composed: dict[tuple[str, ...], Setup] = field(default_factory=dict)

    def compose(self, changes: Mapping[str, object]) -> Setup:
        """Compose again, with changes; each change of config groups is composed only once."""
        more = tuple(as_tokens(changes))
        if more in self._composed:
            return self._composed[more]
        setup = _load([*self.tokens, *more], self.config_dir)
        setup = replace(setup, source=self)
        if all(map(is_choice, changes)):
            self._composed[more] = setup
        return setup


def prepare_composed(composed: DictConfig, tokens: Sequence[str]) -> Setup:
    """Check what Hydra composed from these overrides, and return its setup.

    Args:
        composed: including Hydra's own node.
        tokens: the overrides it was composed from.

    Raises:
        InputError: naming the override or file at fault.
    """
    try:
        written = _as_written(composed)
        plain = _resolved(composed, written)
    except composing_errors() as error:
        raise explain(error, tokens) from None
    runtime, scenario = composed.hydra.runtime, plain["scenario"]
    try:
        if has_own_border(scenario) and named_by_user(KIND, tokens, runtime):
            refuse_two_borders({KIND: scenario["kind"]}, scenario)
        return replace(prepare(plain), unresolved=written if has_references(written) else None)
    except InputError as error:
        raise error.at(origin=find_origin(error.setting, tokens, runtime)) from None


def validate(cfg: DictConfig | Mapping[str, Any], origin: str = "") -> Config:
    """Check a composed configuration in full and return it as a Config.

    Args:
        cfg: nested mappings, as composed; a `hydra` node is ignored, and missing settings get the
            schema's default.
        origin: where it came from, for errors that carry no origin of their own.

    Raises:
        InputError: an unknown setting, a wrong type, a value out of range, NaN; settings that
            contradict each other; a bad scenario table or intervention; n_eff >= 1.
    """
    return prepare(cfg, origin).config


def prepare(cfg: DictConfig | Mapping[str, Any], origin: str = "") -> Setup:
    """Check a composed configuration as `validate` does, and return its setup."""
    try:
        return set_up(build_config(_container(cfg)))
    except InputError as error:
        raise error.at(origin=origin) from None


def as_config(overrides: Config | Overrides | None = None) -> Config:
    """Return a checked Config.

    Args:
        overrides: a Config, which is checked again, overrides, or None for the defaults.

    Raises:
        InputError: as `load_config` and `validate` do.
    """
    return as_setup(overrides).config


def as_setup(overrides: Setup | Config | Overrides | None = None) -> Setup:
    """Return the setup of whatever describes a configuration.

    Args:
        overrides: a Setup, returned as is; a Config; overrides; or None for the defaults.

    Raises:
        InputError: as `load_config` and `validate` do.
    """
    if isinstance(overrides, Setup):
        return overrides
    if isinstance(overrides, Config):
        return prepare(to_plain(overrides))
    return load_setup(() if overrides is None else overrides)


def to_plain(config: Config) -> dict[str, Any]:
    """Return a configuration as nested dicts and lists of plain values, as in YAML."""
    return asdict(config)


def _container(cfg: DictConfig | Mapping[str, Any]) -> dict[str, Any]:
    """Return `cfg` as plain nested dicts without Hydra's own node, interpolations resolved."""
    from omegaconf import DictConfig

    if not isinstance(cfg, DictConfig | Mapping):
        raise InputError("is not a configuration", value=cfg, allowed="nested mappings of settings")
    if not isinstance(cfg, DictConfig):
        return {str(key): value for key, value in cfg.items() if key != "hydra"}
    try:
        return _resolved(cfg, _as_written(cfg))
    except composing_errors() as error:
        raise explain(error) from None


def _as_written(composed: DictConfig) -> dict[str, Any]:
    """Return `composed` as plain nested dicts without Hydra's own node, interpolations as text."""
    values = composed.items_ex(resolve=False)
    return _containers(((key, value) for key, value in values if key != "hydra"), resolve=False)


def _resolved(composed: DictConfig, written: dict[str, Any]) -> dict[str, Any]:
    """Return what was written with its interpolations resolved, if it has any."""
    if not has_references(written):
        return written
    refuse_resolvers(written)
    return _containers(((name, composed[name]) for name in written), resolve=True)


def _containers(values: Iterable[tuple[Any, Any]], resolve: bool) -> dict[str, Any]:
    """Return values by name, with plain containers in place of OmegaConf's."""
    from omegaconf import OmegaConf

    return {
        str(key): OmegaConf.to_container(value, resolve=resolve)
        if OmegaConf.is_config(value)
        else value
        for key, value in values
    }

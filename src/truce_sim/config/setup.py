"""A checked configuration with everything derived from it, made once and passed on."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from truce_sim.border.border import Border, make_border
from truce_sim.config.changes import apply, change_config, flatten, is_beside, is_quick
from truce_sim.config.checks import build_config, refuse_two_borders
from truce_sim.config.effects import idle, settings_given, warn
from truce_sim.config.params import PARAMS, as_number, column, fill_params
from truce_sim.config.regimes import Regime, mediators_by_slot, regimes
from truce_sim.config.rules import check
from truce_sim.errors import InputError
from truce_sim.settings.fields import is_choice
from truce_sim.settings.schema import Config


class Source(Protocol):
    """The files and overrides that a setup was composed from."""

    @property
    def tokens(self) -> tuple[str, ...]:
        """The overrides, in Hydra's syntax."""

    @property
    def config_dir(self) -> str | Path | None:
        """A folder with further options."""

    def compose(self, changes: Mapping[str, object]) -> Setup:
        """Compose again, with changes; each change of config groups is composed only once."""


@dataclass(frozen=True, eq=False, repr=False)
class Setup:
    """A checked configuration and everything derived from it: what runs are made from.

    Attributes:
        config: the checked configuration.
        border: the border of its scenario.
        regimes: (first day, configuration) of each regime; the first starts with the warm-up.
        mediators: names by slot, of all regimes.
        params: `PARAMS` (regimes,), what the rules of the model read.
        source: what it was composed from; None for one made from a `Config`.
        unresolved: the composed values, if some refer to others (`${home.threshold}`).
        changes: what `with_changes` changed since then: setting or config group -> value.
    """

    config: Config
    border: Border
    regimes: tuple[Regime, ...]
    mediators: tuple[str, ...]
    params: NDArray[np.void]
    source: Source | None = None
    unresolved: Mapping[str, Any] | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Setup of {self.config!r}>"

    def _repr_html_(self) -> str:
        return self.config._repr_html_()

    def with_changes(self, changes: Mapping[str, object], *, tell: bool = True) -> Setup:
        """Return a setup that differs in some settings, which are checked; this one is unchanged.

        A change of numbers, flags and words takes a fraction of a millisecond. Settings of the
        border or the scenario, the length of the run and lists take some milliseconds, as does any
        change where there are interventions. The first time an option of a config group is chosen
        (`{"mediation": "none"}`), Hydra composes anew.

        Args:
            changes: setting or config group -> value: `{"home.threshold": 5}`, nested
                (`{"home": {"threshold": 5}}`), or a row of a table.
            tell: whether to warn of settings that have no effect (`NoEffectWarning`) the first time
                these are changed.

        Raises:
            InputError: an unknown setting, a bad value, settings that contradict each other, or an
                option of a group where the setup was made from a Config.
        """
        wanted = dict(flatten(changes))
        merged = {**self.changes, **wanted}
        if any(map(is_choice, wanted)):
            chosen = {name: value for name, value in merged.items() if is_choice(name)}
            others = {name: value for name, value in merged.items() if not is_choice(name)}
            source = self._source_for(chosen)
            base = source.compose(chosen)
            made = source.compose(merged) if base.unresolved else base._changed(others)
        elif self.source is not None and self.unresolved:
            made = self.source.compose(merged)
        else:
            made = self._changed(wanted)
        made = replace(made, changes=merged)
        if tell:
            _warn_once(self, made, wanted)
        return made

    @property
    def given(self) -> list[str]:
        """The settings that overrides and changes gave a value, in order."""
        tokens = () if self.source is None else self.source.tokens
        return settings_given([*tokens, *self.changes])

    def _source_for(self, chosen: Mapping[str, object]) -> Source:
        if self.source is None:
            name, value = next(iter(chosen.items()))
            raise InputError(
                "is an option of a config group, and a Config does not say what it was composed "
                "from", setting=name, value=value,
                allowed="single settings; or load_setup(...) instead of load_config(...)",
            )  # fmt: skip
        return self.source

    def _changed(self, values: Mapping[str, Any]) -> Setup:
        """Return a setup with other values of settings."""
        refuse_two_borders(values, vars(self.config.scenario))
        of_model = [path for path in values if not is_beside(path)]
        if (of_model and self.config.interventions) or not all(
            is_quick(self.config, path) for path in values
        ):
            plain = asdict(self.config)
            apply(plain, values)
            return replace(set_up(build_config(plain)), source=self.source)
        config = change_config(self.config, values)
        if not of_model:
            sequence = [(day, _beside(regime, config)) for day, regime in self.regimes]
            return replace(self, config=config, regimes=tuple(sequence))
        check(config, self.border, of_model)
        params = np.frombuffer(bytearray(self.params.tobytes()), PARAMS)  # a copy, the quick way
        for path in of_model:
            column(params, path, self.mediators)[0] = as_number(path, values[path])
        return replace(self, config=config, regimes=((self.regimes[0][0], config),), params=params)

    def with_seed(self, seed: int | None = None, replicate: int | None = None) -> Setup:
        """Return the same setup with another seed or replicate; no check depends on them.

        Args:
            seed: None keeps the configuration's.
            replicate: None keeps the configuration's.

        Raises:
            InputError: not a whole number in range.
        """
        given = {"seed": seed, "replicate": replicate}
        return self._changed(
            dict(flatten({name: value for name, value in given.items() if value is not None}))
        )


#: Base -> the sets of settings whose effect has been checked.
_warned: WeakKeyDictionary[Setup, set[frozenset[str]]] = WeakKeyDictionary()


def _warn_once(base: Setup, made: Setup, wanted: Mapping[str, object]) -> None:
    """Warn of settings that have no effect now, unless an earlier change drew the same warning."""
    warned, names = _warned.setdefault(base, set()), frozenset(wanted)
    if names in warned:
        return
    warned.add(names)
    found = idle(made.config, made.given)
    before = idle(base.config, found.keys() - names)
    for name, message in found.items():
        if name not in before:
            warn(message)


def _beside(regime: Config, config: Config) -> Config:
    """Return a regime's configuration, with the settings that no rule reads taken from another."""
    regime = copy.copy(regime)  # spares checking it again, all interventions included
    for name in ("seed", "replicate", "output", "sweep", "scenario"):
        setattr(regime, name, getattr(config, name))
    return regime


def set_up(config: Config) -> Setup:
    """Check settings against each other and return the setup of a configuration.

    Args:
        config: each of its settings is in range.

    Raises:
        InputError: settings that contradict each other, a bad scenario table or intervention.
    """
    border = make_border(config)
    sequence = regimes(config, border)
    names = mediators_by_slot(sequence)
    return Setup(
        config, border, tuple(sequence), tuple(names), fill_params(sequence, names, border)
    )

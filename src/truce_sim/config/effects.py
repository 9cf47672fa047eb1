"""Which settings have an effect, at one configuration or at many points, and why others have none.

The conditions are in `settings/needs.py`; here they are evaluated. Every regime of a run counts: a
switch that an intervention turns on later makes a setting effective from the start.
"""

from __future__ import annotations

import operator
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from types import FrameType
from typing import Any

import numpy as np

from truce_sim.config.regimes import plain_regimes
from truce_sim.config.tokens import is_there, mediator_of
from truce_sim.errors import NoEffectWarning
from truce_sim.settings.fields import declared, field_at
from truce_sim.settings.needs import Comparison, Condition, conditions
from truce_sim.settings.nested import get
from truce_sim.settings.schema import Config
from truce_sim.settings.written import written

#: A flag, or one for each of many points.
Flags = Any

_SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt,
}  # fmt: skip


class Effects:
    """Tells whether settings have an effect.

    Args:
        plain: a nested configuration, with its interventions.
        columns: setting -> its values at many points (points,), in place of the configuration's;
            single values must be of settings that are numbers, flags or words.

    Raises:
        InputError: an intervention is malformed.
    """

    def __init__(self, plain: Mapping[str, Any], columns: Mapping[str, Any] | None = None) -> None:
        self._regimes = list(plain_regimes(plain))
        self._columns = dict(columns or {})

    def effective(self, path: str) -> Flags:
        """Return whether the setting at `path` has an effect, at each point if there are many."""
        return self._effective(declared(path), frozenset()) if self._there(path) else False

    def reason(self, path: str) -> str:
        """Say why a setting has no effect, at the first point if there are many.

        Returns:
            "has no effect while militants.attempts_per_day is 0"; "" if it has one.
        """
        if not self._there(path):
            return f"has no effect while there is no mediator {mediator_of(path)}"
        why = dict.fromkeys(map(self._state, self.switches(path)))
        return f"has no effect while {' and '.join(why)}" if why else ""

    def why(self, path: str) -> str:
        """Return the reason alone: "militants.attempts_per_day is 0"."""
        return self.reason(path).partition(" while ")[2]

    def switches(self, path: str) -> list[Comparison]:
        """Return the comparisons that do not hold, one of which must hold for an effect."""
        return list(dict.fromkeys(self._broken(declared(path), frozenset())))

    def value(self, path: str) -> Any:
        """Return the first value of a setting, None if it has none."""
        values = self._values(path)
        first = values[0] if values else None
        return first.flat[0] if isinstance(first, np.ndarray) and first.size else first

    def _there(self, path: str) -> bool:
        """Whether a setting belongs to no mediator, or to one that some regime has."""
        return any(is_there(path, plain["mediation"]["mediators"]) for plain, _ in self._regimes)

    def _effective(self, path: str, asked: frozenset[str]) -> Flags:
        """`asked`: settings whose effect is in question, so that their own values do not count."""
        met: Flags = True
        for condition in conditions(path):
            met = met & self._met(condition, asked | {path})
        return met

    def _met(self, condition: Condition, asked: frozenset[str]) -> Flags:
        met: Flags = False
        for comparison in condition:
            met = met | self._counts(comparison, asked)
        return met

    def _counts(self, comparison: Comparison, asked: frozenset[str]) -> Flags:
        """Whether a comparison holds, and its setting has an effect itself."""
        if comparison.setting in asked:
            return True
        return self.holds(comparison) & self._effective(comparison.setting, asked)

    def holds(self, comparison: Comparison) -> Flags:
        """Return whether a comparison holds in any regime, at each point if there are many."""
        held: Flags = False
        for value in self._values(comparison.setting):
            held = held | _compare(value, comparison)
        return held

    def _values(self, path: str) -> list[Any]:
        """The values of a setting: in every regime, of every mediator, at every point."""
        values = []
        for plain, changed in self._regimes:
            for name in _named(path, plain):
                swept = name in self._columns and name not in changed
                values.append(self._columns[name] if swept else _configured(plain, name))
        return values

    def _broken(self, path: str, asked: frozenset[str]) -> Iterator[Comparison]:
        """The comparisons of the first condition that is not met, down to the actual switches."""
        asked = asked | {path}
        for condition in conditions(path):
            if np.all(self._met(condition, asked)):
                continue
            for comparison in condition:
                if np.all(self.holds(comparison)):
                    yield from self._broken(comparison.setting, asked)
                else:
                    yield comparison
            return

    def _state(self, comparison: Comparison) -> str:
        """The state of affairs where a comparison does not hold: "scenario.kind is durand"."""
        path = comparison.setting
        if path == "mediation.mediators" or not self._values(path):
            return "there are no mediators"
        return f"{path} is {_shown(self.value(path))}"


def warn_of_no_effect(config: Config, tokens: Sequence[str]) -> None:
    """Warn about single values given in overrides that have no effect on the run.

    Args:
        config: what the overrides describe.
        tokens: the overrides, in Hydra's syntax.
    """
    for message in idle(config, settings_given(tokens)).values():
        warn(message)


def idle(config: Config, names: Iterable[str]) -> dict[str, str]:
    """Return the settings among `names` that have no effect on a run, each with a message.

    Values that switch their setting off are left out.
    """
    names, found = list(names), {}
    if not names:
        return {}
    plain = asdict(config)
    effects = Effects(plain)
    for path in names:
        if path.startswith("sweep."):
            found[path] = f"{path} has no effect on a single run"
        elif not effects.effective(path) and not is_off(get(plain, path)):
            found[path] = f"{path} {effects.reason(path)}"
    return found


def settings_given(tokens: Sequence[str]) -> list[str]:
    """Return the settings that overrides give a value, in order, without groups and mappings."""
    keys = (token.lstrip("+").partition("=")[0] for token in tokens if not token.startswith("~"))
    return [key for key in dict.fromkeys(keys) if field_at(key)]


def is_off(value: object) -> bool:
    """Whether a value switches its setting off: 0, false or nothing. Such a value needs no
    effect."""
    return not value


def warn(message: str) -> None:
    """Warn that a setting has no effect, at the line that called this package.

    The command line prints this as a line.
    """
    frame, level = sys._getframe(), 1
    while frame.f_back is not None and _is_ours(frame):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, NoEffectWarning, stacklevel=level)


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).partition(".")[0] == __package__.partition(".")[0]


def _compare(value: Any, comparison: Comparison) -> Flags:
    if isinstance(value, str) and "${" in value:
        return True  # a reference to another setting, which may be swept
    if comparison.sign:
        return _SIGNS[comparison.sign](value, comparison.value)
    return value != "" if isinstance(value, np.ndarray) and value.dtype == object else _truth(value)


def _configured(plain: Mapping[str, Any], path: str) -> Any:
    """The value of a setting; the schema's default where a mediator lacks it."""
    value, info = get(plain, path), field_at(path)
    return info.default if value is None and info is not None else value


def _truth(value: Any) -> Flags:
    return value.astype(bool) if isinstance(value, np.ndarray) else bool(value)


def _named(path: str, plain: Mapping[str, Any]) -> list[str]:
    """A path with `<name>` for each of the mediators of a regime."""
    if "<name>" not in path:
        return [path]
    return [path.replace("<name>", name) for name in plain["mediation"]["mediators"]]


def _shown(value: Any) -> str:
    return written(value) if isinstance(value, int | float | np.bool_) or value else "empty"

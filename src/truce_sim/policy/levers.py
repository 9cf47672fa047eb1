"""Levers: what a policy may choose, and what each choice is assumed to cost.

A lever is a range of values of one or more settings, or a list of options, each of which sets
several settings. Its cost is read off a table, interpolated linearly between the values listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from truce_sim.config.setup import Setup
from truce_sim.config.tokens import as_tokens, setting_of
from truce_sim.errors import InputError, closest
from truce_sim.settings.fields import field_at
from truce_sim.settings.nested import get

#: A policy: the value of each lever, or the name of its option.
Policy: TypeAlias = Mapping[str, Any]

#: A policy as the numbers of its levers' values; () is today's.
Code: TypeAlias = tuple[int, ...]
TODAY: Code = ()

_EACH = "mediation.mediators.*."
_RANGE = ("set", "low", "high", "step", "cost", "words")
_CHOICE = ("options", "today", "words")
_OPTION = ("set", "cost")
_MOST = 1001


@dataclass(frozen=True)
class Lever:
    """One lever.

    Attributes:
        name: of the lever.
        words: what it is.
        values: what it may be set to, in order: numbers, or names of options.
        costs: (values,) what each costs.
        settings: those that take its value; none if it has options.
        options: option -> the overrides that it stands for.
        today: its value in the base, or the name of today's option.
        price: (value, cost) pairs, between which cost is linear.
    """

    name: str
    words: str
    values: tuple[Any, ...]
    costs: tuple[float, ...]
    settings: tuple[str, ...] = ()
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    today: Any = None
    price: tuple[tuple[float, float], ...] = ()

    def cost(self, value: Any) -> float:
        """Return what a value costs; it need not be one of `values`."""
        if self.options:
            return self.costs[self.values.index(value)]
        at, costs = zip(*self.price, strict=True)
        return float(np.interp(float(value), at, costs))

    def paths(self, setup: Setup) -> list[str]:
        """Return the settings that take its value in a setup; for a setting of mediators, that of
        every mediator there."""
        names = setup.config.mediation.mediators
        return [
            path
            for setting in self.settings
            for path in (
                [setting.replace("*", name) for name in names] if "*" in setting else [setting]
            )
        ]

    def sets(self, setup: Setup) -> set[str]:
        """Return all settings that it can change: those of its range, or of its options."""
        tokens = [token for some in self.options.values() for token in some]
        return {setting_of(token) for token in tokens} | {*self.paths(setup)}


def read_lever(name: str, written: object, base: Setup) -> Lever:
    """Read a lever from a file's entry.

    Args:
        name: of the lever.
        written: its entry.
        base: the configuration of today.

    Raises:
        InputError: naming what is wrong.
    """
    where = f"levers.{name}"
    if not isinstance(written, Mapping):
        raise InputError("is not a lever", setting=where, value=written,
                         allowed="{set, low, high, step, cost}, or {options, today}")  # fmt: skip
    choice = "options" in written
    check_keys(written, _CHOICE if choice else _RANGE, where)
    return _choice(name, written, where) if choice else _range(name, written, where, base)


def check_keys(written: Mapping[Any, Any], known: Sequence[str], where: str) -> None:
    """Refuse an unknown key.

    Raises:
        InputError: there is one.
    """
    for key in written:
        if key not in known:
            raise InputError(
                "no such key", setting=f"{where}.{key}".lstrip("."), allowed=", ".join(known),
                suggestion=closest(str(key), known),
            )  # fmt: skip


def number(written: object, where: str, allowed: str = "a number") -> float:
    """Return a number of a file.

    Raises:
        InputError: it is not a number, or not finite.
    """
    good = isinstance(written, int | float) and not isinstance(written, bool)
    if not good or not np.isfinite(written):  # type: ignore[call-overload]
        raise InputError("is not a number", setting=where, value=written, allowed=allowed)
    return float(written)  # type: ignore[arg-type]


def _range(name: str, written: Mapping[str, Any], where: str, base: Setup) -> Lever:
    paths = written.get("set")
    paths = [paths] if isinstance(paths, str) else paths
    if not isinstance(paths, Sequence) or not paths:
        raise InputError("names no setting", setting=f"{where}.set", value=paths,
                         allowed="a setting, or a list of settings")  # fmt: skip
    low, high, step = (number(written.get(key), f"{where}.{key}") for key in _RANGE[1:4])
    if not low < high or not 0 < step <= high - low or (high - low) / step > _MOST:
        raise InputError("is not a range", setting=where, value=f"{low:g} to {high:g} by {step:g}",
                         allowed=f"low < high, with up to {_MOST} steps")  # fmt: skip
    values = [round(low + i * step, 12) for i in range(int((high - low) / step + 1e-9) + 1)]
    settings = tuple(str(path) for path in paths)
    kinds = {_kind(path, where, (low, high)) for path in settings}
    values = [int(value) if kinds == {"int"} else value for value in values]
    price = _price(written.get("cost"), where, (low, high))
    made = Lever(name, str(written.get("words", name)), tuple(values), (), settings, price=price)
    today = [get(base.unresolved or _plain(base), path) for path in made.paths(base)]
    if not today:
        raise InputError("has no value today: there are no mediators", setting=f"{where}.set",
                         value=settings[0])  # fmt: skip
    costs = tuple(made.cost(value) for value in values)
    return Lever(name, made.words, made.values, costs, settings, {}, today[0], price)


def _plain(base: Setup) -> dict[str, Any]:
    from truce_sim.config.load import to_plain

    return to_plain(base.config)


def _kind(path: str, where: str, ends: tuple[float, float]) -> str:
    """The type of a setting, which must accept numbers from one end to the other."""
    info = field_at(path.replace("*", "any"))
    if info is None:
        raise InputError("no such setting", setting=f"{where}.set", value=path)
    if info.type not in ("float", "int"):
        raise InputError("is not a number; give the lever options", setting=f"{where}.set",
                         value=path, allowed="options: {<name>: {set: {…}, cost: …}}")  # fmt: skip
    for end in ends:
        if not (info.low or 0.0) <= end <= (info.high or 0.0):
            raise InputError(f"is out of range of {path}", setting=where, value=end,
                             allowed=info.allowed)  # fmt: skip
    return str(info.type)


def _price(
    written: object, where: str, ends: tuple[float, float]
) -> tuple[tuple[float, float], ...]:
    """The table of costs, which must cover the range."""
    if not isinstance(written, Mapping) or len(written) < 2:
        raise InputError("is not a table of costs", setting=f"{where}.cost", value=written,
                         allowed="{<value>: <cost>, <value>: <cost>, …}")  # fmt: skip
    pairs = sorted((number(at, f"{where}.cost"), number(cost, f"{where}.cost.{at}"))
                   for at, cost in written.items())  # fmt: skip
    if pairs[0][0] > ends[0] or pairs[-1][0] < ends[1]:
        raise InputError("does not cover the range", setting=f"{where}.cost",
                         value=f"{pairs[0][0]:g} to {pairs[-1][0]:g}",
                         allowed=f"from {ends[0]:g} or less to {ends[1]:g} or more")  # fmt: skip
    return tuple(pairs)


def _choice(name: str, written: Mapping[str, Any], where: str) -> Lever:
    options = written["options"]
    if not isinstance(options, Mapping) or not options:
        raise InputError("has no options", setting=f"{where}.options", value=options,
                         allowed="{<name>: {set: {…}, cost: …}}")  # fmt: skip
    made: dict[str, tuple[str, ...]] = {}
    costs = []
    for option, entry in options.items():
        at = f"{where}.options.{option}"
        if not isinstance(entry, Mapping):
            raise InputError("is not an option", setting=at, value=entry,
                             allowed="{set: {<setting>: <value>}, cost: <number>}")  # fmt: skip
        check_keys(entry, _OPTION, at)
        made[str(option)] = tuple(as_tokens(entry.get("set") or []))
        costs.append(number(entry.get("cost"), f"{at}.cost"))
    today = str(written.get("today", ""))
    if today not in made:
        raise InputError("is not one of its options", setting=f"{where}.today", value=today,
                         allowed=", ".join(made), suggestion=closest(today, made))  # fmt: skip
    words = str(written.get("words", name))
    return Lever(name, words, tuple(made), tuple(costs), (), made, today)

"""From a configuration with interventions to the regimes of a run.

An intervention changes settings from the start of its day. A run is therefore a sequence of
regimes, each a whole configuration, checked like the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from truce_sim.border.border import Border
from truce_sim.border.dates import days_for_dates
from truce_sim.config.branching import effective_branching
from truce_sim.config.checks import build_config, unknown_setting
from truce_sim.config.places import (
    check_number,
    check_placed,
    check_where,
    home_capacities,
    places,
)
from truce_sim.config.rules import check, too_many_mediators
from truce_sim.config.tokens import group_paths
from truce_sim.engine.params import MAX_MEDIATORS
from truce_sim.errors import InputError, closest
from truce_sim.settings.dates import FORM
from truce_sim.settings.fields import by_path, field_at
from truce_sim.settings.nested import copied, get, holder
from truce_sim.settings.schema import Config

#: Parts of the configuration that apply before the first day or have no effect on a run.
_FIXED_PARTS = (
    "run", "border", "scenario", "frailty", "seed", "replicate", "output", "sweep", "interventions",
)  # fmt: skip
_FIXED_SETTINGS = ("home.initial_grievance", "militants.risk_prior")
_MEDIATORS = "mediation.mediators"

#: What an intervention may say.
KEYS = ("day", "where", "set")

#: The first day of a regime, and the configuration that applies from then on.
Regime = tuple[int, Config]


def may_change(path: str) -> bool:
    """Return whether an intervention may change the setting at `path`, if it exists."""
    return path.split(".", 1)[0] not in _FIXED_PARTS and path not in _FIXED_SETTINGS


def regimes(config: Config, border: Border) -> list[Regime]:
    """Return (first day, configuration) of every regime; the first starts with the warm-up.

    Each is checked, also against `border`. Interventions on the same day merge in order.

    Raises:
        InputError: an intervention is malformed, changes something that cannot change, or leads to
            an invalid configuration.
    """
    check(config, border)
    sequence = [(-config.run.warmup_days, config)]
    plain = asdict(config) | {"interventions": []}  # spares copying and checking all
    for i in _in_order(config.interventions, config.run.horizon_days):
        day = config.interventions[i]["day"]
        plain = copied(plain)
        try:
            if "where" in config.interventions[i]:
                _check_places(config.interventions, i, plain, border)
            else:
                for path, value in _changes(config.interventions[i]["set"], i):
                    _apply(plain, path, value)
            changed = build_config(plain)
            changed.interventions = config.interventions
            check(changed, border)
            _check_withdrawn(changed, day, border)
        except InputError as error:
            raise error.at(origin=f"interventions[{i}] (day {day})") from None
        if sequence[-1][0] == day and len(sequence) > 1:
            sequence.pop()
        sequence.append((day, changed))
    return sequence


def _check_places(
    interventions: Sequence[Mapping[str, Any]], i: int, plain: dict[str, Any], border: Border
) -> None:
    """Check an intervention with a `where`; what it sets is not part of the configuration."""
    entry, tried = interventions[i], copied(plain)
    for path, value in _changes(entry["set"], i):
        check_placed(path, value, entry["where"], border)
        _apply(tried, path, value)
    build_config(tried)
    check_number(places(interventions, entry["day"]))


def _check_withdrawn(config: Config, day: int, border: Border) -> None:
    """Check that attacks die out where places leave the home state weaker than elsewhere."""
    local = home_capacities(config, day, border)
    if local.min() >= config.home.capacity:
        return
    n_eff = effective_branching(config, border, local)
    if n_eff >= 1:
        raise InputError(
            "attacks would multiply without end where effort is withdrawn: each leads to "
            f"n_eff = {n_eff:.4g} further attacks if the host does nothing; it must be below 1",
            setting="interventions", value=f"home.capacity={local.min():g}",
            allowed="more effort there, or a shorter stretch",
        )  # fmt: skip


def mediators_by_slot(sequence: Sequence[Regime]) -> list[str]:
    """Return the names of the mediators of all regimes by slot.

    Raises:
        InputError: there are more mediators than slots.
    """
    names = list(
        dict.fromkeys(name for _, regime in sequence for name in regime.mediation.mediators)
    )
    if len(names) > MAX_MEDIATORS:
        raise too_many_mediators(names)
    return names


def _in_order(interventions: Sequence[Mapping[str, Any]], horizon: int) -> list[int]:
    """Check the form of all interventions and return their indices in order of days."""
    for i, intervention in enumerate(interventions):
        _check_form(intervention, i, horizon)
    return sorted(range(len(interventions)), key=lambda i: int(interventions[i]["day"]))


def _check_form(intervention: Mapping[str, Any], i: int, horizon: int) -> None:
    where = f"interventions[{i}]"
    form = "{day: <day>, set: {<setting>: <value>}}, with where: {km: [<from>, <to>]} if wanted"
    for key in intervention:
        if key not in KEYS:
            hint = closest(str(key), KEYS)
            raise InputError("no such key", setting=f"{where}.{key}", allowed=form, suggestion=hint)
    for key in ("day", "set"):
        if key not in intervention:
            raise InputError(f"lacks {key!r}", setting=where, value=intervention, allowed=form)
    day, changes = intervention["day"], intervention["set"]
    if isinstance(day, bool) or not isinstance(day, int) or not 0 <= day < horizon:
        problem = f"is not a day of the run (run.horizon_days={horizon})"
        allowed = f"a whole number from 0 up to {horizon - 1}, or a date ({FORM})"
        given = "null" if day is None else day
        raise InputError(problem, setting=f"{where}.day", value=given, allowed=allowed)
    if not isinstance(changes, Mapping):
        raise InputError(
            "is not a mapping",
            setting=f"{where}.set",
            value=changes,
            allowed="{<setting>: <value>}",
        )
    if "where" in intervention:
        check_where(intervention["where"], where)


def _changes(changes: Mapping[str, Any], i: int, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (path, value) of every single setting that an intervention changes."""
    for key, value in changes.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and path in group_paths():
            yield from _changes(value, i, f"{path}.")
        else:
            _check_change(path, value)
            yield path, value


def _check_change(path: str, value: object) -> None:
    """Refuse a setting that does not exist or cannot change during a run."""
    if not may_change(path):
        raise InputError(
            "cannot change during a run: it applies before the first day or has no effect later",
            setting=path,
            value=value,
            allowed="settings of militants, host, home, attribution, belief, mediation and truce",
        )
    if path in group_paths():
        raise _not_an_option(path, value)
    if path != _MEDIATORS and not path.startswith(f"{_MEDIATORS}.") and field_at(path) is None:
        raise unknown_setting(path)


def _not_an_option(group: str, value: object) -> InputError:
    """Return the error for an intervention that would choose an option of a config group."""
    some = [p.removeprefix(f"{group}.") for p in by_path() if p.startswith(f"{group}.")]
    allowed = f"{group}.<setting>: <value>, such as {group}.{some[0]}"
    if group == "mediation":
        allowed = (
            f"{_MEDIATORS}: {{}} removes all mediators, {_MEDIATORS}.<name>: null removes one; "
            f"{group}.<setting>: <value> changes a setting"
        )
    return InputError(
        "is a group, and no option can be chosen during a run; an intervention changes single "
        "settings", setting=group, value=value, allowed=allowed,
    )  # fmt: skip


def _apply(plain: dict[str, Any], path: str, value: Any) -> None:
    """Change one setting; a mediator can be added (a mapping) or removed (null), or all of them
    replaced (a mapping of mediators)."""
    try:
        place, last = holder(plain, path)
    except KeyError:
        raise _unknown_mediator(path, plain) from None
    if path == f"{_MEDIATORS}.{last}" and not isinstance(value, Mapping):
        if value is None and last in place:
            del place[last]
            return
        if last not in place:
            raise _unknown_mediator(path, plain)
    place[last] = value


def _unknown_mediator(path: str, plain: dict[str, Any]) -> InputError:
    names = list(plain["mediation"]["mediators"])
    full = [f"{_MEDIATORS}.{name}" for name in names]
    return InputError(
        "no such mediator on that day",
        setting=path,
        allowed=f"{', '.join(names) or 'none'}; <name>: {{call: ..., skill: ...}} adds one",
        suggestion=closest(".".join(path.split(".")[:3]), full),
    )


def mediator_names(config: Config) -> list[str]:
    """Return the names of the mediators of all regimes by slot, in order of first appearance.

    Raises:
        InputError: an intervention is malformed.
    """
    every = (plain["mediation"]["mediators"] for plain, _ in plain_regimes(asdict(config)))
    return list(dict.fromkeys(name for mediators in every for name in mediators))


def plain_regimes(config: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
    """Yield the settings of every regime, unchecked, and the settings changed by interventions.

    Where a setting differs along the line, the larger value counts.

    Args:
        config: a nested configuration.

    Raises:
        InputError: an intervention is malformed.
    """
    plain, changed = dict(days_for_dates(config)), frozenset[str]()
    yield plain, changed
    interventions = plain["interventions"]
    for i in _in_order(interventions, plain["run"]["horizon_days"]):
        plain = copied(plain)
        changes = dict(_changes(interventions[i]["set"], i))
        for path, value in changes.items():
            before = get(plain, path)
            weaker = "where" in interventions[i] and _is_less(value, before)
            _apply(plain, path, before if weaker else value)
        changed |= changes.keys()
        yield plain, changed


def _is_less(value: object, than: object) -> bool:
    numbers = isinstance(value, int | float) and isinstance(than, int | float)
    return numbers and value < than  # type: ignore[operator]

"""Refuse a sweep over a setting that cannot have an effect, and warn about settings without effect
at some points. `settings/needs.py` says when a setting has an effect."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.config.checks import KIND, has_own_border, refuse_two_borders
from truce_sim.config.effects import Effects, is_off, settings_given, warn
from truce_sim.config.tokens import MEDIATORS, no_mediators
from truce_sim.errors import InputError
from truce_sim.settings.fields import field_at, is_choice
from truce_sim.settings.needs import Comparison
from truce_sim.settings.nested import leaves
from truce_sim.settings.written import listed
from truce_sim.sweeps.design.composer import Base, Composer
from truce_sim.sweeps.design.configs import merged

#: At most this many different mappings and interventions are checked: checking more would take
#: minutes.
_MOST_LISTS = 2000

_SINGLE = ("float", "int", "bool", "str")


def check_effects(
    composer: Composer,
    fixed: Sequence[str],
    typed: Sequence[str],
    values: pd.DataFrame,
    bases: Sequence[Base],
    base: NDArray[np.int64],
    drawn: Collection[str] = (),
) -> None:
    """Check that what a sweep varies has an effect, and warn about what has none.

    Args:
        composer: makes configurations, to find an option that would make a setting effective.
        fixed: the overrides that all points share.
        typed: the overrides that the user gave; warnings about single values concern only these.
        values: one row per point, one column per factor.
        bases: the configurations that points start from.
        base: (points,) the base of each point.
        drawn: factors that describe worlds; these are never refused, since draws are given, and it
            depends on the policy which of them matter.

    Raises:
        InputError: another setting with several values has no effect at any point.
    """

    _refuse_two_borders(values, bases, base)

    def remedy(name: str, effects: Effects, point: int) -> str:
        cells = {str(key): values[key].iloc[point] for key in values}
        return _remedy(name, effects, composer, fixed, cells, bases[base[point]])

    check_points(
        _settings(values, fixed, typed), values, [each.plain for each in bases], base, remedy, drawn
    )
    if "replicate" in settings_given(typed):
        warn("replicate has no effect on a sweep: sweep.replicates says how many runs a point has")


def check_points(
    names: Sequence[str],
    values: pd.DataFrame,
    bases: Sequence[Mapping[str, Any]],
    base: NDArray[np.int64],
    remedy: Callable[[str, Effects, int], str],
    drawn: Collection[str] = (),
) -> None:
    """Check that settings have an effect at some points, and warn of points where they have none.

    Args:
        names: the settings to check, swept or the same at all points.
        values: one row per point, one column per factor.
        bases: the nested configurations that points start from.
        base: (points,) the base of each point.
        remedy: says what to do instead, for a setting without effect at a point.
        drawn: settings that are only warned about, never refused.

    Raises:
        InputError: another setting with several values has no effect at any point, or an empty
            mapping of mediators is given where there are some.
    """
    _refuse_empty_mappings(values, bases, base)
    _refuse_two_borders(values, bases, base)
    try:
        stretches = list(_stretches(values, bases, base))
        looked = np.sort(np.concatenate([stretch.members for stretch in stretches]))
        effective = {name: _at_all(name, stretches, len(values))[looked] for name in names}
    except InputError:
        return  # a malformed intervention: refused later, with the point that has it
    some: dict[tuple[bytes, str], list[str]] = {}
    for name, active in effective.items():
        if active.all():
            continue
        first = int(looked[np.argmin(active)])
        effects = _at_point(first, stretches)
        if not active.any() and len(looked) < len(values):
            warn(f"{name} has no effect at {len(looked):,} of {len(values):,} points; the others "
                 f"were not checked ({effects.why(name)})")  # fmt: skip
        elif active.any():
            some.setdefault((active.tobytes(), effects.why(name)), []).append(name)
        elif name in values and values[name].nunique() > 1 and name not in drawn:
            raise InputError(f"{effects.reason(name)}{remedy(name, effects, first)}", setting=name)
        elif not is_off(effects.value(name)):
            warn(f"{name} {effects.reason(name)}")
    for (_, why), alike in some.items():
        _tell(alike, why, effective[alike[0]], looked)


def _refuse_empty_mappings(
    values: pd.DataFrame, bases: Sequence[Mapping[str, Any]], base: NDArray[np.int64]
) -> None:
    """Refuse empty mappings: merged into the mediators of an option, one would leave them
    unchanged."""
    if MEDIATORS not in values:
        return
    some = np.array([bool(plain["mediation"]["mediators"]) for plain in bases])
    if np.any((values[MEDIATORS].astype(str) == "{}").to_numpy() & some[base]):
        raise no_mediators()


def _refuse_two_borders(
    values: pd.DataFrame,
    bases: Sequence[Base] | Sequence[Mapping[str, Any]],
    base: NDArray[np.int64],
) -> None:
    """Refuse points with both the de facto line by name and another border."""
    names = [key for key in (KIND, "scenario.table", "scenario.path") if key in values]
    scenarios = [(b if isinstance(b, Mapping) else b.plain)["scenario"] for b in bases]
    if not names and not any(map(has_own_border, scenarios)):
        return
    named = [{KIND: b.plain["scenario"]["kind"]} if isinstance(b, Base) and b.names(KIND) else {}
             for b in bases]  # fmt: skip
    distinct = values[names].assign(**{"<base>": base}).drop_duplicates().to_dict("records")
    for cells in distinct:
        here = {**named[cells["<base>"]], **{str(name): cell for name, cell in cells.items()}}
        refuse_two_borders(here, scenarios[cells["<base>"]])


def _settings(values: pd.DataFrame, fixed: Sequence[str], typed: Sequence[str]) -> list[str]:
    """The swept settings, and those to which the user gave a single value."""
    swept = [str(name) for name in values if not is_choice(str(name)) and field_at(str(name))]
    return [*swept, *(name for name in settings_given(fixed) if name in settings_given(typed))]


# ── at many points ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class _Stretch:
    """Points that differ in single values only: numbers, flags, words.

    Attributes:
        members: their numbers.
        plain: the configuration that they start from, nested.
        columns: setting -> its value at each of them.
    """

    members: NDArray[np.int64]
    plain: dict[str, Any]
    columns: Mapping[str, NDArray[Any]]


def _stretches(
    values: pd.DataFrame, bases: Sequence[Mapping[str, Any]], base: NDArray[np.int64]
) -> Iterator[_Stretch]:
    """Yield the points by base and by the lists and mappings among their values."""
    names = [str(name) for name in values if not is_choice(str(name))]
    single = [name for name in names if (info := field_at(name)) and info.type in _SINGLE]
    others = [name for name in names if name not in single]
    keys = values[others].copy()
    for name in others:
        if (info := field_at(name)) and info.type.startswith("list"):
            keys[name] = keys[name].astype(str) != "[]"  # conditions ask whether a list is empty
    groups = keys.assign(**{"<base>": base}).groupby(["<base>", *others], sort=False)
    number = groups.ngroup().fillna(-1).to_numpy(np.int64)  # -1: a value is missing
    there = np.flatnonzero(number >= 0)
    ends = np.cumsum(np.bincount(number[there]))[:_MOST_LISTS]
    columns = {name: values[name].to_numpy() for name in single}
    in_groups = there[np.argsort(number[there], kind="stable")]
    for members in np.split(in_groups, ends)[: len(ends)]:
        cells = {name: values[name].iloc[members[0]] for name in others}
        plain = merged(bases[base[members[0]]], cells)
        yield _Stretch(members, plain, {n: column[members] for n, column in columns.items()})


def _at_all(name: str, stretches: Sequence[_Stretch], points: int) -> NDArray[np.bool_]:
    """Flags (points,): where a setting has an effect, among the points of the stretches."""
    active = np.ones(points, bool)
    for stretch in stretches:
        active[stretch.members] = Effects(stretch.plain, stretch.columns).effective(name)
    return active


def _at_point(point: int, stretches: Sequence[_Stretch]) -> Effects:
    stretch = next(each for each in stretches if point in each.members)
    here = stretch.members == point
    return Effects(stretch.plain, {name: cells[here] for name, cells in stretch.columns.items()})


def _tell(
    names: Sequence[str], why: str, active: NDArray[np.bool_], points: NDArray[np.int64]
) -> None:
    """Warn, in one line, of settings that have no effect at the same points for the same reason."""
    idle, first = int((~active).sum()), int(points[np.argmin(active)])
    warn(
        f"{listed(names)} {'has' if len(names) == 1 else 'have'} no effect at {idle:,} of "
        f"{len(active):,} points (such as point {first}: {why})"
    )


# ── what to do instead ───────────────────────────────────────────────────────────────────────


def _remedy(
    name: str,
    effects: Effects,
    composer: Composer,
    fixed: Sequence[str],
    cells: Mapping[str, object],
    base: Base,
) -> str:
    """Say what to type for an effect: among the options that give one, the one that changes least.

    Args:
        name: the setting that has no effect.
        effects: at a point.
        composer: makes the configurations of the options.
        fixed: the overrides that all points share.
        cells: the values of the point.
        base: the configuration that the point starts from.
    """
    switches = effects.switches(name)
    if not switches:
        return ""
    found: list[tuple[int, str]] = []
    before = leaves(base.plain)
    for group in dict.fromkeys(each.setting.partition(".")[0] for each in switches):
        kept = [token for token in fixed if token.partition("=")[0] != group]
        kept += [f"{key}={cell}" for key, cell in cells.items() if is_choice(key) and key != group]
        for option in composer.options(group):
            try:
                plain = composer.compose([*kept, f"{group}={option}"]).plain
                works = Effects(merged(plain, cells)).effective(name)
            except InputError:
                continue
            if works:
                now = leaves(plain)
                changed = sum(before.get(key) != value for key, value in now.items())
                found.append((changed, f"{group}={option}"))
    return f"; try {min(found)[1] if found else _switched(switches[0])}"


def _switched(switch: Comparison) -> str:
    """A comparison as what to type, or in words: "home.capacity above 0"."""
    joined = {"": "=true", "==": f"={switch.value}", "!=": f" other than {switch.value}"}
    ends = {">": " above ", "<": " below "}
    if switch.sign in ends:
        return f"{switch.setting}{ends[switch.sign]}{switch.value:g}"
    return f"{switch.setting}{joined[switch.sign]}"

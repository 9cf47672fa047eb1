"""The date of day 0 of a scenario, and the conversion of dates in a configuration to days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from truce_sim.border.folder import folder_of
from truce_sim.errors import InputError
from truce_sim.settings.dates import day_of, is_date, read_date
from truce_sim.settings.quantities import AUTO
from truce_sim.settings.schema import ScenarioConfig

#: Day 0 of the Durand scenario, to which its calendar of talks belongs: the truce signed in Doha.
DURAND_EPOCH = date(2025, 10, 19)


def first_date(scenario: ScenarioConfig) -> date | None:
    """Return the date of day 0, None if it has none.

    A border's folder may give one (`epoch`); a synthetic border, or a table without a folder, has
    none unless `scenario.start_date` gives it.

    Raises:
        InputError: the folder gives something that is not a date.
    """
    if scenario.start_date != AUTO:
        return read_date(scenario.start_date) if scenario.start_date else None
    if scenario.table or scenario.kind == "synthetic":
        return None
    if scenario.kind == "durand" and not scenario.path:
        return DURAND_EPOCH
    try:
        folder = folder_of(scenario)
    except InputError:  # there is no such folder; that is refused where it is needed
        return None
    return folder.epoch if folder else None


def days_for_dates(plain: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a nested configuration with days in place of the dates of talks and interventions.

    Args:
        plain: a nested configuration, unchecked; it is not changed.

    Raises:
        InputError: a value is not a date, a date is before day 0, or day 0 has no date.
    """
    if not _has_dates(plain):
        return plain
    from pydantic import ValidationError

    try:
        first = first_date(ScenarioConfig(**(plain.get("scenario") or {})))
    except (ValidationError, TypeError):
        return plain  # the bad scenario is reported later
    changed = {**plain, "mediation": _calendar(plain.get("mediation"), first, "mediation")}
    changed["interventions"] = [
        _intervention(entry, first, f"interventions[{i}]")
        for i, entry in enumerate(plain.get("interventions") or [])
    ]
    return changed


def _has_dates(plain: Mapping[str, Any]) -> bool:
    """Whether a configuration may contain a date; most have none, and many are read."""
    if _in_calendar(plain.get("mediation")):
        return True
    entries = plain.get("interventions") or []
    return isinstance(entries, list) and any(
        isinstance(entry, Mapping) and (is_date(entry.get("day")) or _in_set(entry.get("set")))
        for entry in entries
    )


def _in_calendar(mediation: object) -> bool:
    days = mediation.get("calendar") if isinstance(mediation, Mapping) else None
    return isinstance(days, list) and any(map(is_date, days))


def _in_set(changes: object) -> bool:
    if not isinstance(changes, Mapping):
        return False
    flat = {"calendar": changes.get("mediation.calendar")}
    return _in_calendar(flat) or _in_calendar(changes.get("mediation"))


def _calendar(mediation: Any, first: date | None, where: str) -> Any:
    if not _in_calendar(mediation):
        return mediation
    return {**mediation, "calendar": _days(mediation["calendar"], first, f"{where}.calendar")}


def _days(days: list[Any], first: date | None, where: str) -> list[Any]:
    return [
        day_of(str(day), first, f"{where}[{i}]") if is_date(day) else day
        for i, day in enumerate(days)
    ]


def _intervention(entry: Any, first: date | None, where: str) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    entry = dict(entry)
    if is_date(entry.get("day")):
        entry["day"] = day_of(str(entry["day"]), first, f"{where}.day")
    changes = entry.get("set")
    if _in_set(changes):
        changes = {**changes}
        if "mediation" in changes:
            changes["mediation"] = _calendar(changes["mediation"], first, f"{where}.mediation")
        flat = changes.get("mediation.calendar")
        if isinstance(flat, list):
            changes["mediation.calendar"] = _days(flat, first, f"{where}.mediation.calendar")
        entry["set"] = changes
    return entry

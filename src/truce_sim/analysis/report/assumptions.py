"""The assumptions of a sweep: values swept, set and held fixed, and the sources of the defaults."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from truce_sim.analysis.report.material import Material
from truce_sim.analysis.report.parts import Section, make_table
from truce_sim.config.load import load_config, to_plain
from truce_sim.engine.params import STATES
from truce_sim.settings.fields import CHANGES, INTERVENTIONS, FieldInfo, by_path, field_at
from truce_sim.settings.nested import leaves
from truce_sim.settings.written import written
from truce_sim.sweeps.design.cells import decode
from truce_sim.sweeps.folder.folder import SweepFolder
from truce_sim.sweeps.sweep import Sweep

#: The only setting whose default was fitted, and the case to which it was fitted.
FITTED, CASE = "home.threshold", "one case, the truce of October 2025"
#: Number of points whose settings are read at a time.
_AT_ONCE = 2000
#: Longest list of values in a sentence or a cell.
_FEW = 12

_SOURCES = {
    "F": "found in published material",
    "C": "computed from event data",
    "A": "assumed",
    "design": "a choice of resolution or procedure",
}


def assumptions_section(material: Material) -> Section:
    """List what was swept, what was set, and every value that is assumed."""
    sweep = material.sweep
    section = Section("assumptions", "Assumptions that matter")
    section.texts.append(
        f"The model is an abstraction: a grid along {_line(sweep)}, a few decision rules, and "
        "values, most of which are assumed. The factors swept here show how far the answer depends "
        "on them; nothing that was held fixed has been tested in this sweep."
    )
    usual = leaves(to_plain(load_config()))
    varied = [_swept(sweep, name, usual) for name in sweep.factors]
    if varied:
        section.tables.append(make_table(pd.DataFrame(varied), "Varied in this sweep"))
    known = [(path, value, field_at(path)) for path, value in _fixed_settings(sweep).items()]
    fixed = [(path, value, info) for path, value, info in known if info and _is_model(path)]
    other = [_set(p, v, usual[p], i) for p, v, i in fixed if v != usual.get(p, v)]
    changes = sweep.manifest["config"].get(INTERVENTIONS)
    if changes and INTERVENTIONS not in sweep.factors:
        other.append({"setting": INTERVENTIONS, "value": _changes_in_words(changes),
                      "meaning": CHANGES, "default": "none"})  # fmt: skip
    if other:
        caption = "Held at a value other than the default"
        section.tables.append(make_table(pd.DataFrame(other), caption))
    assumed = [_usual(p, v, i) for p, v, i in fixed if i.source == "A" and v == usual.get(p, v)]
    caption = f"Held at the default, which is assumed: {len(assumed)} settings"
    section.tables.append(make_table(pd.DataFrame(assumed), caption, folded=True))
    section.notes.append(fitted_in_words(thresholds_of(sweep.folder)))
    return section


def fitted_in_words(values: Iterable[float]) -> str:
    """State the fitted default, and whether a sweep with these values of the setting uses it."""
    default, used = by_path()[FITTED].default, sorted(set(values))
    others = _list_numbers([value for value in used if value != default])
    fitted = (
        f"The default of {FITTED}, {default:g}, was fitted in-sample to {CASE}; no other default "
        "was fitted."
    )
    if not others:
        return f"{fitted} This sweep uses it."
    if default in used:
        return f"{fitted} This sweep uses it, as well as values that were not fitted: {others}."
    return f"{fitted} This sweep does not use it: {FITTED} is {others}."


def _list_numbers(values: list[float]) -> str:
    """List numbers in words, or their range if there are many."""
    if len(values) > _FEW:
        return f"{len(values):,} values from {values[0]:g} to {values[-1]:g}"
    *most, last = [f"{value:g}" for value in values] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def thresholds_of(folder: SweepFolder) -> set[float]:
    """Return all values that `FITTED` takes at any point and on any day of a run.

    These are the values that the rules read, whether the setting was set, swept, chosen with a
    config group, interpolated from another setting, or changed by an intervention.
    """
    starts = range(0, folder.points, _AT_ONCE)
    return {
        float(regime["states"][STATES.index("home")]["threshold"])
        for start in starts
        for spec in folder.specs(range(start, min(start + _AT_ONCE, folder.points)))
        for regime in spec.params
    }


def _line(sweep: Sweep) -> str:
    """Name what the grid lies along: the de facto line only if all points use it."""
    kinds = {base["scenario"]["kind"] for base in sweep.manifest["bases"]}
    if "scenario.kind" in sweep.factors:
        kinds = set(sweep.folder.design["scenario.kind"])
    return "the de facto line" if kinds == {"durand"} else "a border"


def _fixed_settings(sweep: Sweep) -> dict[str, Any]:
    """The settings with the same value at all points."""
    config = leaves(sweep.manifest["config"])
    bases = [leaves(base) for base in sweep.manifest["bases"]]
    return {
        path: value
        for path, value in config.items()
        if path not in sweep.factors and all(base.get(path, value) == value for base in bases)
    }


def _is_model(path: str) -> bool:
    return path.split(".")[0] not in ("output", "sweep", "seed", "replicate")


def _swept(sweep: Sweep, name: str, usual: dict[str, Any]) -> dict[str, object]:
    values = sweep.folder.design[name]
    unit, meaning = sweep.columns_help.loc[name]
    levels = list(dict.fromkeys(values))
    few = ", ".join(written(level) for level in levels)
    listed = (
        few
        if len(levels) <= _FEW
        else f"{len(levels):,} values, {min(levels):g} to {max(levels):g}"
    )
    info = field_at(name)
    default = f"an option of the group {name}: a file in conf/{name} that sets several settings"
    if name == INTERVENTIONS:
        listed = "; ".join(_changes_in_words(decode(name, level)) for level in levels[:_FEW])
        listed += f"; … ({len(levels):,} in all)" if len(levels) > _FEW else ""
        default = "none: no setting changes during a run"
    if info:
        default = f"{written(usual.get(name, info.default))}, {_source(info)}"
    return {"setting": name, "values": f"{listed} {unit}".strip(), "meaning": meaning,
            "default": default}  # fmt: skip


def _changes_in_words(interventions: Any) -> str:
    """Name what interventions change: `from day 30 home.threshold = 5`; "none" if nothing."""
    told = [
        f"from day {each['day']} "
        + ", ".join(f"{path} = {_whole(value)}" for path, value in each["set"].items())
        + ("" if "where" not in each else " (km {:g} to {:g})".format(*each["where"]["km"]))
        for each in interventions
    ]
    return " and ".join(told) or "none"


def _whole(value: object) -> str:
    """A value of an intervention, which may be a mapping."""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_whole(part)}" for name, part in value.items()) or "none"
    return written(value)


def _set(path: str, value: object, usual: object, info: FieldInfo) -> dict[str, object]:
    """A row for a setting: its value, and its default with the source."""
    return {"setting": path, "value": f"{written(value)} {info.unit}".strip(),
            "meaning": info.meaning,
            "default": f"{written(usual)}, {_source(info)}"}  # fmt: skip


def _usual(path: str, value: object, info: FieldInfo) -> dict[str, object]:
    return {"setting": path, "value": f"{written(value)} {info.unit}".strip(),
            "meaning": info.meaning, "source": _source(info)}  # fmt: skip


def _source(info: FieldInfo) -> str:
    """The source of the default of a setting."""
    if info.path == FITTED:
        return f"fitted to {CASE}"
    return _SOURCES.get(info.source, info.source)

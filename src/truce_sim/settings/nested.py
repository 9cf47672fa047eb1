"""Dotted paths in nested mappings: `home.threshold` in `{"home": {"threshold": 4.5}}`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from typing import Any


def at(nested: Mapping[str, Any], path: str) -> Any:
    """Return the value at a path.

    Raises:
        KeyError: there is nothing at the path.
    """
    place: Any = nested
    for name in path.split("."):
        if not isinstance(place, Mapping):
            raise KeyError(path)
        place = place[name]
    return place


def get(nested: Any, path: str) -> Any:
    """Return the value at a path, or None if there is nothing."""
    try:
        return at(nested, path)
    except KeyError:
        return None


def holder(nested: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """Return the mapping that the last name of a path belongs to, and that name.

    Raises:
        KeyError: there is no such mapping.
    """
    way, dot, last = path.rpartition(".")
    place = at(nested, way) if dot else nested
    if not isinstance(place, dict):
        raise KeyError(path)
    return place, last


def put(nested: dict[str, Any], path: str, value: object) -> None:
    """Set one value in place; the mapping around it must exist.

    Raises:
        KeyError: there is no such mapping.
    """
    place, last = holder(nested, path)
    place[last] = value


def merge(nested: dict[str, Any], path: str, value: object) -> None:
    """Set one value in place as Hydra does: create missing mappings, merge mappings.

    Raises:
        KeyError: something along the path is not a mapping.
    """
    first, _, rest = path.partition(".")
    if rest:
        inner = nested.setdefault(first, {})
        if not isinstance(inner, dict):
            raise KeyError(path)
        merge(inner, rest, value)
    elif isinstance(value, dict) and isinstance(nested.get(first), dict):
        for name, part in value.items():
            merge(nested[first], name, part)
    else:
        nested[first] = value


def copied(nested: Any) -> Any:
    """Return a copy of nested mappings and lists, much faster than `deepcopy`."""
    if type(nested) is dict:
        return {name: copied(value) for name, value in nested.items()}
    if type(nested) is list:
        return [copied(value) for value in nested]
    return nested if nested is None or isinstance(nested, str | float | int) else deepcopy(nested)


def nest(path: str, value: object) -> dict[str, Any]:
    """Return a nested mapping with one value at a path and nothing else."""
    nested = value
    for name in reversed(path.split(".")):
        nested = {name: nested}
    assert isinstance(nested, dict)
    return nested


def leaves(nested: Mapping[str, Any], whole: Collection[str] = ()) -> dict[str, Any]:
    """Return all values by their paths; mappings at the paths in `whole` count as values."""

    def walk(part: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
        for name, value in part.items():
            path = f"{prefix}{name}"
            if isinstance(value, Mapping) and path not in whole:
                yield from walk(value, f"{path}.")
            else:
                yield path, value

    return dict(walk(nested, ""))


def differences(before: Any, now: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield (path, old, new) where two nested mappings differ; a missing value counts as None.

    Values differ if JSON writes them differently, so 1 differs from 1.0, and NaN equals NaN.
    """
    if isinstance(before, dict) and isinstance(now, dict):
        for name in {**before, **now}:
            where = f"{path}.{name}".removeprefix(".")
            yield from differences(before.get(name), now.get(name), where)
    elif json.dumps(before) != json.dumps(now):
        yield path, before, now

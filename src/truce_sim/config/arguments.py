"""Refuse keyword arguments that a function does not take, and say where a setting goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

from truce_sim.errors import InputError, closest
from truce_sim.settings.fields import by_path, groups

#: The parameter that collects the arguments that a function does not take.
UNKNOWN = "unknown"


def refuse_arguments(
    function: Callable[..., Any], unknown: Mapping[str, object], place: str
) -> None:
    """Refuse keyword arguments that a function does not take.

    Args:
        function: the function, whose parameter `unknown` collected them.
        unknown: their names and values.
        place: the argument that takes settings: "the second argument, overrides".

    Raises:
        InputError: there are some; with the whole path of a setting that has this name.
    """
    if not unknown:
        return
    name, value = next(iter(unknown.items()))
    known = [each for each in signature(function).parameters if each != UNKNOWN]
    paths = [path for path in by_path() if path.rpartition(".")[2] == name]
    paths = [name] if name in groups() else paths
    path = f"sweep.{name}" if f"sweep.{name}" in paths else (*paths, "home.threshold")[0]
    example = {path: value if paths else 5}
    raise InputError(
        f"{function.__name__}() has no such argument", setting=name, value=value,
        allowed=f"{', '.join(known)}; settings go into {place}: {example!r}",
        suggestion=closest(name, known),
    )  # fmt: skip

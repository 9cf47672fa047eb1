"""Let functions that analyse a sweep take the path of its folder as well."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from os import PathLike
from typing import Concatenate, ParamSpec, TypeVar

from truce_sim.sweeps.sweep import Sweep, open_sweep

P = ParamSpec("P")
R = TypeVar("R")


def opened(
    function: Callable[Concatenate[Sweep, P], R],
) -> Callable[Concatenate[Sweep | str | PathLike[str], P], R]:
    """Decorate a function whose first argument is a sweep: a path is opened.

    Anything else that is no sweep is an InputError before the function starts.
    """

    @wraps(function)
    def analyse(sweep: Sweep | str | PathLike[str], *more: P.args, **named: P.kwargs) -> R:
        return function(open_sweep(sweep), *more, **named)

    return analyse  # type: ignore[return-value]

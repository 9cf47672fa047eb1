"""Let functions that analyse a sweep also accept the path of its folder."""

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
    """Decorate a function whose first argument is a sweep, so that it also accepts a path.

    Anything else is an InputError before the function starts.
    """

    @wraps(function)
    def analyse(sweep: Sweep | str | PathLike[str], *more: P.args, **named: P.kwargs) -> R:
        return function(open_sweep(sweep), *more, **named)

    return analyse  # type: ignore[return-value]

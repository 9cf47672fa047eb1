"""What a sweep varies: overrides in Hydra's syntax become factors, each with levels or a range."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.types import IntervalSweep, Override
from omegaconf import OmegaConf

from truce_sim.checks import unknown
from truce_sim.config import as_tokens
from truce_sim.errors import InputError
from truce_sim.fields import field_at
from truce_sim.quantities import Quantity

from .points import encode, is_choice

#: Settings of the sweep itself: the same for all its points.
FIXED = ("replicate", "sweep", "output", "hydra")

MAX_POINTS = 10_000_000


@dataclass(frozen=True)
class Interval:
    """A range that a sampled design draws from: evenly, or evenly in the logarithm (`log`); whole
    numbers from low to high, both included, where `whole`."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def __str__(self) -> str:
        kind = "whole numbers " if self.whole else ""
        scale = ", log scale" if self.log else ""
        return f"{kind}{self.low:g} … {self.high:g}{scale}"


@dataclass(frozen=True)
class Factor:
    """A swept setting or config group.

    key: the name as overrides have it, "+" included. domain: its levels as cells of the design, or
    an interval.
    """

    name: str
    key: str
    domain: tuple[object, ...] | Interval

    @property
    def levels(self) -> tuple[object, ...]:
        """The levels; none for an interval."""
        return () if isinstance(self.domain, Interval) else self.domain


def factor_of(override: Override) -> Factor:
    """What an override sweeps over. Raises InputError for what cannot be swept, or over nothing."""
    key, line = override.get_key_element(), override.input_line
    name = key.lstrip("+")
    if name.lstrip("~").split(".")[0] in FIXED or override.is_delete():
        raise InputError(
            setting=name, value=line, problem="this setting cannot be swept",
            allowed="one value for the whole sweep",
        )  # fmt: skip
    sweep: Any = override.value()
    if isinstance(sweep, IntervalSweep):
        return Factor(name, key, _interval(name, sweep, line))
    if sweep.tags or sweep.shuffle:
        raise InputError(
            setting=name, value=line, problem="a list of values has no tags and keeps its order",
            allowed="a list (1,2,3), range(start,stop,step) or choice(...)",
        )  # fmt: skip
    values = itertools.islice(override.sweep_iterator(), MAX_POINTS + 1)
    levels = tuple(encode(name, Override._convert_value(value)) for value in values)
    if not levels:
        raise InputError(
            setting=name, value=line, problem="an empty sweep",
            allowed="at least one value; range(start,stop,step) leaves stop out",
        )  # fmt: skip
    return Factor(name, key, levels)


def _interval(name: str, sweep: IntervalSweep, line: str | None) -> Interval:
    info = field_at(name)
    if is_choice(name) or (info is None and "." in name):
        raise unknown(name) if "." in name else _not_a_number(name, line)
    if info is None or info.type not in ("float", "int"):
        raise _not_a_number(name, line)
    assert sweep.start is not None
    assert sweep.end is not None
    low, high = sweep.start, sweep.end
    log = "log" in sweep.tags
    whole_setting = isinstance(info.meta, Quantity) and info.meta.whole
    whole = isinstance(low, int) or info.type == "int" or whole_setting
    problem = ""
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        problem = "an interval goes from a number to a greater one, both finite"
    elif log and low <= 0:
        problem = "a log scale starts above 0"
    elif sweep.tags - {"log"}:
        problem = f"no such tag: {', '.join(sorted(sweep.tags - {'log'}))}"
    elif whole and math.ceil(low) > math.floor(high):
        problem = "there is no whole number in that interval"
    if problem:
        raise InputError(
            problem, setting=name, value=line,
            allowed="interval(low,high), int(interval(low,high)) or tag(log,interval(low,high))",
        )  # fmt: skip
    if whole:
        low, high = math.ceil(low), math.floor(high)
    return Interval(low, high, log, whole)


def _not_a_number(name: str, line: str | None) -> InputError:
    return InputError(
        "an interval needs a setting that is a number", setting=name, value=line,
        allowed=f"a list of options: {name}=one,another",
    )  # fmt: skip


def param_token(key: str, value: Any) -> str:
    """An entry of the sweeper's `params` as it would stand on the command line."""
    if OmegaConf.is_config(value) or isinstance(value, list | tuple):
        return f"{key}={','.join(str(item) for item in value)}"
    return f"{key}={value}"


def sweep_tokens(factors: Mapping[str, Sequence[object]] | Sequence[str]) -> list[str]:
    """Factors as sweep overrides in Hydra's syntax.

    factors: setting -> list of levels, or text such as "interval(2,8)"; or overrides as they are.
    """
    if not isinstance(factors, Mapping):
        return list(factors)
    return [_sweep_token(key, levels) for key, levels in factors.items()]


def _sweep_token(key: str, levels: Sequence[object]) -> str:
    if isinstance(levels, str) and levels.startswith(("interval(", "int(", "tag(", "range(")):
        return f"{key}={levels}"
    if isinstance(levels, str) or not len(levels):
        raise InputError(
            "needs its levels as a list", setting=key, value=levels,
            allowed="a list of values, or interval(low,high)",
        )  # fmt: skip
    written = [as_tokens({key: level})[0] for level in levels]
    values = [token.partition("=")[2] for token in written]
    listed = ",".join(values) if len(values) > 1 else f"choice({values[0]})"
    return f"{written[0].partition('=')[0]}={listed}"

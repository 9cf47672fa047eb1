"""Turn overrides in Hydra's syntax into factors, each with levels or a range."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep, Sweep
from numpy.typing import NDArray
from omegaconf import OmegaConf

from truce_sim.config.checks import build_config, refuse_index, unknown_setting
from truce_sim.config.options import refuse_list
from truce_sim.config.tokens import as_tokens, literal
from truce_sim.errors import InputError, a_kind
from truce_sim.settings.fields import FieldInfo, field_at, is_choice, seasonal
from truce_sim.settings.nested import nest
from truce_sim.settings.quantities import Quantity
from truce_sim.sweeps.design.cells import encode

#: Settings of the sweep itself, which are the same for all its points.
FIXED = ("replicate", "sweep", "output", "hydra")

#: The setting that only names the days of a run, and changes nothing unless a rule has a season.
_NAMES_DAYS = "scenario.start_date"

MAX_POINTS = 10_000_000


@dataclass(frozen=True)
class Interval:
    """A range that a sampled design draws from.

    Attributes:
        low: lower end.
        high: upper end.
        log: whether to sample evenly in the logarithm.
        whole: whether to sample whole numbers, with both ends included.
    """

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

    Attributes:
        name: path of the setting, or name of the group.
        key: the name as written in overrides, including any "+".
        domain: its levels as cells of the design, or an interval.
    """

    name: str
    key: str
    domain: tuple[object, ...] | Interval

    @property
    def levels(self) -> tuple[object, ...]:
        """The levels; empty for an interval."""
        return () if isinstance(self.domain, Interval) else self.domain


def parse_factor(override: Override) -> Factor:
    """Return the factor of a sweep override.

    Raises:
        InputError: if the setting cannot be swept, or there are no values.
    """
    key, line = override.get_key_element(), override.input_line or ""
    line = line.partition("=")[2] or line
    name = key.lstrip("+")
    refuse_fixed(name, line)
    refuse_index(name)
    if override.is_delete():
        raise _cannot_be_swept(name, line)
    sweep: Any = override.value()
    if isinstance(sweep, IntervalSweep):
        return Factor(name, key, _interval(name, sweep, line))
    is_range = isinstance(sweep, RangeSweep)
    tags = sweep.tags - ({"log"} if is_range else set()) if isinstance(sweep, Sweep) else set()
    if tags or getattr(sweep, "shuffle", False):
        raise InputError(
            "a list of values cannot be tagged or shuffled",
            setting=name,
            value=line,
            allowed="a list (1,2,3), choice(...), range(start,stop,step), or "
            "tag(log,range(start,stop,factor)), in which each value is `factor` times the last",
        )
    values = _numbers(name, sweep, line) if is_range else override.sweep_iterator()
    levels = tuple(_level(key, Override._convert_value(value)) for value in values)
    if not levels:
        raise InputError(
            "is an empty sweep",
            setting=name,
            value=line,
            allowed="at least one value; range(start,stop,step) excludes stop, and glob(...) takes "
            "options of a config group",
        )
    return Factor(name, key, levels)


def _level(key: str, value: object) -> object:
    name = key.lstrip("+")
    if is_choice(name):
        refuse_list(key, value)
    return encode(name, value)


def _numbers(name: str, sweep: RangeSweep, line: str | None) -> Iterator[int | float]:
    """The numbers of a range, without stop: whole ones, or the floats nearest to the decimals
    meant. Hydra 1.3 adds up binary fractions, and so yields 0.7999999999999999 and sometimes
    stop."""
    if "log" in sweep.tags:
        return _multiples(name, sweep, line)
    ends: Any = (sweep.start, sweep.stop, sweep.step)
    if not all(map(math.isfinite, ends)) or not sweep.step:
        raise InputError(
            "a range goes from a number to another, both finite, in steps other than 0",
            setting=name, value=line, allowed="range(start,stop,step)",
        )  # fmt: skip
    kind = int if all(isinstance(end, int) for end in ends) else float
    start, stop, step = (Fraction(end if kind is int else f"{end:.15g}") for end in ends)
    size = math.ceil((stop - start) / step)
    if size > MAX_POINTS:
        raise InputError(
            "the range has too many values", setting=name, value=line,
            allowed=f"at most {MAX_POINTS:,}",
        )  # fmt: skip
    return (kind(start + i * step) for i in range(size))


def _multiples(name: str, sweep: RangeSweep, line: str | None) -> Iterator[int | float]:
    """The numbers of a range on a log scale, without stop: each is `step` times the last."""
    start, stop, step = map(float, (sweep.start or 0, sweep.stop or 0, sweep.step))
    size = math.nan
    if all(0 < end < math.inf for end in (start, stop, step)) and step != 1:
        size = math.log(stop / start) / math.log(step)
    if not 0 < size <= MAX_POINTS:
        raise InputError(
            "a range on a log scale goes from a number above 0 towards another by a factor",
            setting=name, value=line,
            allowed=f"tag(log,range(0.1,10,2)): 0.1, 0.2, 0.4, … below 10; at most {MAX_POINTS:,}",
        )  # fmt: skip
    kind = int if all(isinstance(end, int) for end in (sweep.start, sweep.step)) else float
    return _powers(kind, *(Decimal(f"{end:.15g}") for end in (start, stop, step)))


def _powers(
    kind: type[int] | type[float], start: Decimal, stop: Decimal, step: Decimal
) -> Iterator[int | float]:
    exact = Context(prec=40)  # for the floats nearest to the decimals meant
    value = start
    while (value < stop) if step > 1 else (value > stop):
        yield kind(value) if kind is int else kind(f"{value:.15g}")
        value = exact.multiply(value, step)


def refuse_fixed(name: str, line: object) -> None:
    """Raise InputError for a setting of the sweep itself, and for one that changes no run."""
    if name == _NAMES_DAYS and not seasonal():
        raise InputError(
            "only gives dates to the days: no outcome depends on it", setting=name, value=line,
            allowed="one value for the whole sweep",
        )  # fmt: skip
    if re.split(r"[./]", name.lstrip("~"))[0] in FIXED:
        raise _cannot_be_swept(name, line)


def _cannot_be_swept(name: str, line: object) -> InputError:
    return InputError(
        "this setting cannot be swept", setting=name, value=line,
        allowed="one value for the whole sweep",
    )  # fmt: skip


def _interval(name: str, sweep: IntervalSweep, line: str | None) -> Interval:
    info = field_at(name)
    if info is None and "." in name:
        raise unknown_setting(name)
    if info is None or info.type not in ("float", "int"):
        raise _not_a_number(name, line)
    assert sweep.start is not None
    assert sweep.end is not None
    problem = _interval_problem(sweep)
    low, high = sweep.start, sweep.end
    whole = isinstance(low, int) or info.type == "int" or getattr(info.meta, "whole", False)
    if whole and not problem:
        low, high = math.ceil(low), math.floor(high)
        problem = "there is no whole number in that interval" if low > high else ""
    if problem:
        raise InputError(
            problem, setting=name, value=line,
            allowed="interval(low,high), int(interval(low,high)) or tag(log,interval(low,high))",
        )  # fmt: skip
    return Interval(low, high, "log" in sweep.tags, whole)


def _interval_problem(sweep: IntervalSweep) -> str:
    """What is wrong with an interval, regardless of its setting; "" if nothing."""
    low, high = float(sweep.start or 0.0), float(sweep.end or 0.0)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        return "an interval goes from a number to a greater one, both finite"
    if sweep.tags - {"log"}:
        return f"no such tag: {', '.join(sorted(sweep.tags - {'log'}))}"
    return "a log scale starts above 0" if "log" in sweep.tags and low <= 0 else ""


def _not_a_number(name: str, line: str | None) -> InputError:
    return InputError(
        "an interval needs a setting that is a number", setting=name, value=line,
        allowed=f"a list of options: {name}=one,another",
    )  # fmt: skip


# ── columns of values ────────────────────────────────────────────────────────────────────────


def as_column(name: str, cells: Any) -> NDArray[Any]:
    """Convert cells to an array of one type: the setting's type, if the cells fit it."""
    info = field_at(name)
    array: NDArray[Any] = pd.Series(cells).to_numpy()
    is_number = array.dtype.kind in "iu" and info is not None and info.type == "float"
    return array.astype(float) if is_number else array


def first_bad(name: str, column: NDArray[Any]) -> tuple[int, InputError] | None:
    """Return the place of the first invalid cell and the error; None if all are valid.

    Args:
        name: the setting.
        column: (points,) its values, each checked on its own.
    """
    info = field_at(name)
    if info is None or info.type.startswith("list"):
        return None  # checked with the whole configuration
    doubtful = np.flatnonzero(~in_range(info, column))
    cells = pd.Series(column[doubtful])
    for position in doubtful[~cells.duplicated().to_numpy()]:
        try:
            _check_cell(name, column[position])
        except InputError as error:
            return int(position), error
    return None


def in_range(info: FieldInfo, column: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which cells are certainly valid (points,)."""
    kinds = {"float": "f", "int": "iu", "bool": "b"}.get(info.type, "")
    meta = info.meta
    if info.type == "bool":
        return np.full(len(column), column.dtype.kind in kinds)
    if not isinstance(meta, Quantity) or column.dtype.kind not in kinds:
        return np.zeros(len(column), bool)
    good = (column > meta.low) if meta.above else (column >= meta.low)
    good &= column <= meta.high
    return good & (np.floor(column) == column) if meta.whole else good


def _check_cell(name: str, value: Any) -> None:
    """Check one value as part of an otherwise default configuration."""
    build_config(nest(name, value.item() if hasattr(value, "item") else value))


# ── in Hydra's syntax ────────────────────────────────────────────────────────────────────────


def param_token(key: str, value: Any) -> str:
    """Write an entry of the sweeper's `params` as on the command line."""
    if OmegaConf.is_config(value) or isinstance(value, list | tuple):
        return f"{key}={','.join(str(item) for item in value)}"
    return f"{key}={value}"


def sweep_tokens(factors: Mapping[str, Sequence[object]] | Sequence[str] | str) -> list[str]:
    """Write factors as sweep overrides in Hydra's syntax.

    Args:
        factors: setting -> list of levels, or text such as "interval(2,8)"; or overrides, which
            are returned unchanged; a single text is split at spaces.
    """
    if not isinstance(factors, Mapping):
        given: object = factors
        if not isinstance(given, Iterable) or hasattr(given, "ndim"):
            raise InputError(
                f"is not a set of factors but {a_kind(factors)}", setting="factors", value=factors,
                allowed='a mapping such as {"truce": ["literal", "practised"]}, or overrides such '
                'as "truce=literal,practised"; for a design table, table=',
            )  # fmt: skip
        return as_tokens(factors)
    return [_sweep_token(key, levels) for key, levels in factors.items()]


def _sweep_token(key: str, levels: object) -> str:
    if isinstance(levels, str) and levels.startswith(("interval(", "int(", "tag(", "range(")):
        return f"{key}={levels}"
    listed_levels: list[object] = []
    if isinstance(levels, Iterable) and not isinstance(levels, str | Mapping):
        listed_levels = list(levels)
    if not listed_levels:
        raise InputError(
            "needs a list of levels", setting=key, value=levels,
            allowed="a list of values, or interval(low,high); a setting that is the same at all "
            f"points goes into the second argument: {{{key!r}: {levels!r}}}",
        )  # fmt: skip
    name = _level_token(key, listed_levels[0]).partition("=")[0]
    values = [_level_text(key, level) for level in listed_levels]
    listed = ",".join(values) if len(values) > 1 else f"choice({values[0]})"
    return f"{name}={listed}"


def _level_text(key: str, level: object) -> str:
    if isinstance(level, float | int | str):  # most are, and there may be a million
        return literal(key, level)
    return _level_token(key, level).partition("=")[2]


def _level_token(key: str, level: object) -> str:
    tokens = as_tokens({key: level})
    if len(tokens) != 1:
        raise InputError(
            "is not a level but a group of settings", setting=key, value=level,
            allowed="one value; sweep the settings of the group, or its options",
        )  # fmt: skip
    return tokens[0]

"""How a setting is described: its unit, range, meaning and the source of its default.

The type annotations of `truce_sim.settings.schema` hold these descriptions. pydantic reads and
enforces the ranges; messages, the viewer and the documentation read the rest.

Source tags: F found in published material, C computed from event data, A assumed, "design" for
choices of resolution and procedure that claim nothing about the world.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from annotated_types import Ge, GroupedMetadata, Gt, Le
from pydantic import AfterValidator, BeforeValidator, Strict

from truce_sim.settings.dates import FORM, YEARS, read_date

#: The scenario's own date of day 0.
AUTO = "auto"

#: What file systems allow, less the date or ending that may be added.
_LONGEST_NAME = 200


@dataclass(frozen=True)
class Quantity(GroupedMetadata):
    """A number from `low` to `high`, never NaN; `.inf` is allowed where `high` is infinite.

    Attributes:
        low: least value.
        high: greatest value.
        unit: "" for a pure number.
        meaning: one line.
        symbol: in the model; "" if it has none.
        source: tag of the default.
        above: whether `low` itself is excluded.
        whole: whether only whole numbers (and infinity) are allowed.
        needs: what it needs to have an effect, if `truce_sim.settings.needs` does not say:
        conditions in the form used there, joined by ` and `.
        dated: whether a date may stand for the number, a day (`border/dates.py` converts it).
        seasonal: whether, above 0, its rule asks for the day of the year (`engine/season.py`), so
            that day 0 needs a date.
    """

    low: float
    high: float
    unit: str
    meaning: str
    symbol: str = ""
    source: str = "A"
    above: bool = False
    whole: bool = False
    needs: str = ""
    dated: bool = False
    seasonal: bool = False

    def __iter__(self) -> Iterator[object]:
        yield Strict()
        yield Gt(self.low) if self.above else Ge(self.low)
        yield Le(self.high)
        if self.whole:
            yield AfterValidator(_whole)

    @property
    def infinite(self) -> bool:
        """Whether infinity is allowed."""
        return math.isinf(self.high)

    def allowed(self, whole: bool = False) -> str:
        """Return the range in words, e.g. "a number from 0 up to 1"; `whole` for integers."""
        kind = "a whole number" if whole or self.whole else "a number"
        low = f"above {_plain(self.low)}" if self.above else f"from {_plain(self.low)}"
        high = "infinity (inf; .inf in a file)" if self.infinite else _plain(self.high)
        date = f", or a date ({FORM})" if self.dated else ""
        return f"{kind} {low} up to {high}" + (f" [{self.unit}]" if self.unit else "") + date


@dataclass(frozen=True)
class Choice(GroupedMetadata):
    """One of the words in `options`."""

    options: tuple[str, ...]
    meaning: str
    source: str = "design"
    unit: str = ""
    symbol: str = ""

    def __iter__(self) -> Iterator[object]:
        yield Strict()
        yield BeforeValidator(self._respell)
        yield AfterValidator(self._check)

    def _respell(self, value: object) -> object:
        """Restore the underscore: YAML and Hydra read 2015_2021 as the number 20152021."""
        for option in self.options:
            if "_" in option and str(value) == option.replace("_", ""):
                return option
        return value

    def _check(self, value: str) -> str:
        if value not in self.options:
            raise ValueError("is not one of the options")
        return value

    def allowed(self, whole: bool = False) -> str:
        """Return the options in words."""
        return ", ".join(self.options)


@dataclass(frozen=True)
class Flag(GroupedMetadata):
    """True or false."""

    meaning: str
    source: str = "A"
    unit: str = ""
    symbol: str = ""

    def __iter__(self) -> Iterator[object]:
        yield Strict()

    def allowed(self, whole: bool = False) -> str:
        """Return the two values in words."""
        return "true or false"


@dataclass(frozen=True)
class Text(GroupedMetadata):
    """Free text, such as a path."""

    meaning: str
    source: str = "design"
    unit: str = ""
    symbol: str = ""

    def __iter__(self) -> Iterator[object]:
        yield Strict()
        yield AfterValidator(_printable)

    def allowed(self, whole: bool = False) -> str:
        """Return what is accepted in words."""
        return "text"


@dataclass(frozen=True)
class FolderName(Text):
    """The name of one folder inside another, never a path that leads elsewhere."""

    def __iter__(self) -> Iterator[object]:
        yield from super().__iter__()
        yield AfterValidator(_folder_name)

    def allowed(self, whole: bool = False) -> str:
        """Return what is accepted in words."""
        return "the name of a folder, without / or \\"


@dataclass(frozen=True)
class StartDate(Text):
    """The date of day 0 in ISO form, `AUTO`, or nothing."""

    def __iter__(self) -> Iterator[object]:
        yield from super().__iter__()
        yield AfterValidator(_start_date)

    def allowed(self, whole: bool = False) -> str:
        """Return what is accepted in words."""
        return (
            f"a date ({FORM}) within the years {YEARS[0]} to {YEARS[1]}; {AUTO}; or empty text, "
            "for days without dates"
        )


Meta = Quantity | Choice | Flag | Text


def _start_date(value: str) -> str:
    if value not in ("", AUTO):
        read_date(value)
    return value


def _whole(value: float) -> float:
    if math.isfinite(value) and value != int(value):
        raise ValueError("is not a whole number")
    return value


def _printable(value: str) -> str:
    if "\0" in value:
        raise ValueError("contains a NUL character")
    return value


def _folder_name(value: str) -> str:
    if "/" in value or "\\" in value or value in (".", ".."):
        raise ValueError("is a path, but only the name of a folder is expected")
    if len(value.encode(errors="replace")) > _LONGEST_NAME:
        raise ValueError(f"is longer than {_LONGEST_NAME} bytes")
    if any(unicodedata.category(letter) == "Cc" for letter in value):
        raise ValueError("contains control characters")
    return value


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else f"{number:g}"

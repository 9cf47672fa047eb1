"""The law of one setting: a distribution of scipy.stats by name, cut to the setting's range.

Only the names in `LAWS` are accepted, with only their own parameters: nothing in a file is
executed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from truce_sim.errors import InputError, a_kind, closest
from truce_sim.settings.fields import FieldInfo, field_at

if TYPE_CHECKING:
    from collections.abc import Iterator

Floats = NDArray[np.float64]

#: The laws that a prior may use, each with the names of its parameters in scipy.stats.
LAWS: dict[str, tuple[str, ...]] = {
    "norm": ("loc", "scale"),
    "t": ("df", "loc", "scale"),
    "lognorm": ("s", "loc", "scale"),
    "gamma": ("a", "loc", "scale"),
    "weibull_min": ("c", "loc", "scale"),
    "expon": ("loc", "scale"),
    "halfnorm": ("loc", "scale"),
    "uniform": ("loc", "scale"),
    "loguniform": ("a", "b"),
    "triang": ("c", "loc", "scale"),
    "beta": ("a", "b", "loc", "scale"),
    "randint": ("low", "high"),
    "poisson": ("mu", "loc"),
}
_DISCRETE = ("randint", "poisson")
_CUTS = ("least", "most")


@dataclass(frozen=True)
class Law:
    """What is believed of one setting.

    Attributes:
        path: the setting, as in the schema (`<name>` stands for any mediator).
        name: of the distribution in scipy.stats.
        parameters: of that distribution.
        least: smallest value; draws never lie below.
        most: greatest value.
    """

    path: str
    name: str
    parameters: Mapping[str, float]
    least: float
    most: float

    @property
    def info(self) -> FieldInfo:
        """The setting."""
        info = field_at(self.path)
        assert info is not None
        return info

    @property
    def whole(self) -> bool:
        """Whether the setting takes whole numbers only."""
        return self.info.type == "int" or bool(getattr(self.info.meta, "whole", False))

    @property
    def words(self) -> str:
        """The law as written, without cuts: `lognorm(s=0.5, scale=4.5)`."""
        listed = ", ".join(f"{key}={value:g}" for key, value in self.parameters.items())
        return f"{self.name}({listed})"

    @property
    def _family(self) -> Any:
        """The distribution of scipy.stats; one frozen with its parameters takes a millisecond to
        make."""
        from scipy import stats

        return getattr(stats, self.name)

    def _below(self, values: Any) -> Any:
        """The cumulative probabilities at values, before the cuts."""
        return self._family.cdf(values, **self.parameters)

    @cached_property
    def _span(self) -> tuple[float, float]:
        """The cumulative probabilities at the ends of the range."""
        below = self.least - (1 if self.name in _DISCRETE else 0)
        return float(self._below(below)), float(self._below(self.most))

    def values(self, u: Floats) -> Floats:
        """Return the quantiles of the law at the probabilities `u`, of any shape."""
        low, high = self._span
        share = low + np.asarray(u, float) * (high - low)
        found = np.asarray(self._family.ppf(share, **self.parameters), float)
        found = np.rint(found) if self.whole else found
        return np.clip(found, self.least, self.most)

    def probabilities(self, values: Floats) -> Floats:
        """Return the cumulative probabilities at values of the setting; for whole numbers, at
        mid-step."""
        low, high = self._span
        if self.whole:
            shift = 0.0 if self.name in _DISCRETE else 0.5
            under = self._below(values + shift - 1)
            found = (np.maximum(under, low) + self._below(values + shift)) / 2
        else:
            found = self._below(values)
        return np.clip((np.asarray(found, float) - low) / (high - low), 0.0, 1.0)


def read_law(path: str, written: object, origin: str) -> Law:
    """Check and return the law that a file or a mapping gives for a setting.

    Args:
        path: of the setting.
        written: `{law: lognorm, s: 0.5, scale: 4.5, least: 1}`.
        origin: where it is written.

    Raises:
        InputError: no such setting or law, wrong parameters, a law without mass in the range.
    """
    info = field_at(path)
    if info is None or info.low is None or info.type.startswith("list"):
        raise _not_a_number(path, origin)
    if not isinstance(written, Mapping):
        raise InputError(f"is not a law but {a_kind(written)}", setting=path, value=written,
                         allowed="a law with its parameters: {law: lognorm, s: 0.5, scale: 4.5}",
                         origin=origin)  # fmt: skip
    given = {str(key): value for key, value in written.items()}
    name = given.pop("law", None)
    if not isinstance(name, str) or name not in LAWS:
        raise InputError("no such law", setting=f"{path}: law", value=name, origin=origin,
                         allowed=", ".join(LAWS),
                         suggestion=closest(str(name), LAWS))  # fmt: skip
    numbers = dict(_numbers(path, name, given, origin))
    cuts = [numbers.pop(cut, math.nan) for cut in _CUTS]
    low, high = _bounds(info, *cuts)
    law = Law(path, name, numbers, low, high)
    _check_mass(law, origin)
    return law


def law_of_words(path: str, words: str, least: float, most: float) -> Law:
    """Return a law from its words, as `Law.words` writes them."""
    name, _, rest = words.partition("(")
    pairs = (one.partition("=") for one in rest.rstrip(")").split(", ") if one)
    return Law(path, name, {key: float(value) for key, _, value in pairs}, least, most)


def _numbers(
    path: str, name: str, given: Mapping[str, object], origin: str
) -> Iterator[tuple[str, float]]:
    for key, value in given.items():
        if key not in (*LAWS[name], *_CUTS):
            raise InputError(f"is not a parameter of {name}", setting=f"{path}: {key}", value=value,
                             allowed=", ".join((*LAWS[name], *_CUTS)), origin=origin)  # fmt: skip
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            raise InputError("is not a number", setting=f"{path}: {key}", value=value,
                             origin=origin)  # fmt: skip
        yield key, float(value)


def _bounds(info: FieldInfo, least: float, most: float) -> tuple[float, float]:
    """The setting's range, narrowed by the law's own bounds; an open end is excluded."""
    assert info.low is not None
    assert info.high is not None
    low = info.low + (1e-9 if getattr(info.meta, "above", False) else 0.0)
    return max(low, -math.inf if math.isnan(least) else least), min(
        info.high, math.inf if math.isnan(most) else most
    )


def _check_mass(law: Law, origin: str) -> None:
    try:
        low, high = law._span
    except (TypeError, ValueError) as error:  # a parameter is missing
        raise InputError(f"{law.name} cannot be made: {error}", setting=law.path, origin=origin,
                         allowed=", ".join(LAWS[law.name])) from None  # fmt: skip
    if not high - low > 1e-6:  # NaN as well, where scipy refuses parameters
        raise InputError(
            "has no probability within the setting's range", setting=law.path, value=law.words,
            allowed=law.info.meta.allowed(), origin=origin,
        )  # fmt: skip


def _not_a_number(path: str, origin: str) -> InputError:
    from truce_sim.settings.fields import by_path

    if field_at(path) is None:
        return InputError("no such setting", setting=path, origin=origin,
                          suggestion=closest(path, by_path()))  # fmt: skip
    return InputError("is not a number, and only numbers have a prior", setting=path,
                      origin=origin)  # fmt: skip

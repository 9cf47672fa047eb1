"""Priors: what is believed of the settings before data, and draws from it.

Every setting has its own law (`laws.py`). Their dependence is a Gaussian copula: correlated normal
scores, one for each setting, from which `Prior.values` makes settings. Draws that break a rule
between settings (attacks that would multiply without end) are redrawn, so the prior is the one
written, restricted to what the program accepts.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from truce_sim.config.effects import Effects
from truce_sim.config.load import as_setup
from truce_sim.config.option_files import option_file, plain_values
from truce_sim.config.rules import valid_points
from truce_sim.config.setup import Setup
from truce_sim.errors import InputError, a_kind, closest
from truce_sim.inference.laws import Law, read_law
from truce_sim.settings.fields import declared
from truce_sim.settings.nested import get
from truce_sim.simulation.run import Overrides

Floats = NDArray[np.float64]

#: Anything that names a prior: an option of the group, a file, the content of one, or a Prior.
AnyPrior: TypeAlias = "str | os.PathLike[str] | Mapping[str, Any] | Prior"

#: Draws made and checked at a time, however many are asked for: so a smaller sample is a prefix of
#: a larger one.
_BLOCK = 1024
#: A prior is refused if a smaller share of its draws is accepted.
_LEAST_ACCEPTED = 0.02
_PARTS = ("settings", "dependence", "fixed")
_SHAPE = "settings, each with a law; dependence, a list of [setting, setting, correlation]"


@dataclass(frozen=True)
class Prior:
    """What is believed of some settings before data.

    Attributes:
        name: of the option or file.
        laws: setting -> its law, in the order of the columns of draws.
        ties: (setting, setting, correlation of their normal scores).
        fixed: setting -> why it has no law.
        base: the setup that holds all other settings; None before `for_base`.
    """

    name: str
    laws: Mapping[str, Law]
    ties: tuple[tuple[str, str, float], ...] = ()
    fixed: Mapping[str, str] | None = None
    base: Setup | None = None

    @property
    def settings(self) -> tuple[str, ...]:
        """The settings, in the order of the columns of draws."""
        return tuple(self.laws)

    @property
    def correlation(self) -> Floats:
        """The correlations (settings, settings) of the normal scores."""
        place = {path: i for i, path in enumerate(self.laws)}
        found = np.eye(len(place))
        for one, other, r in self.ties:
            if one in place and other in place:
                found[place[one], place[other]] = found[place[other], place[one]] = r
        return found

    def for_base(self, base: Setup, settings: Sequence[str] | None = None) -> Prior:
        """Return the prior of the settings that are free under a base.

        Without a list, these are all settings that have an effect there and that the base leaves at
        their defaults: a setting that it changes is known, so it stays.

        Args:
            base: the setup that holds all other settings.
            settings: the free settings.

        Raises:
            InputError: a setting without a law, or without an effect.
        """
        laws = dict(self._for_mediators(base))
        effects = Effects(asdict(base.config))
        if settings is None:
            chosen = [path for path, law in laws.items()
                      if effects.effective(path) and _untouched(base, path, law)]  # fmt: skip
        else:
            chosen = list(dict.fromkeys(settings))
            for path in chosen:
                self._check_free(path, laws, effects)
        ties = tuple(tie for tie in self.ties if {*tie[:2]} <= {*chosen})
        return replace(self, laws={path: laws[path] for path in chosen}, ties=ties, base=base)

    def _for_mediators(self, base: Setup) -> Iterator[tuple[str, Law]]:
        """Yield the laws, those of mediators once for each mediator of the base."""
        for path, law in self.laws.items():
            if "<name>" not in path:
                yield path, law
                continue
            for name in base.config.mediation.mediators:
                yield path.replace("<name>", name), law

    def _check_free(self, path: str, laws: Mapping[str, Law], effects: Effects) -> None:
        if path not in laws:
            why = (self.fixed or {}).get(declared(path), "")
            raise InputError(
                f"has no prior{f': {why}' if why else ''}", setting=path,
                origin=f"prior={self.name}", suggestion=closest(path, laws),
            )  # fmt: skip
        if not effects.effective(path):
            raise InputError(effects.reason(path), setting=path)

    def scores(self, n: int, rng: np.random.Generator) -> Floats:
        """Return (n, settings) correlated normal scores, without checking the rules."""
        raw = rng.standard_normal((n, len(self.laws)))
        return raw @ np.linalg.cholesky(self.correlation).T if self.ties else raw

    def values(self, scores: Floats) -> pd.DataFrame:
        """Return the settings that normal scores (n, settings) stand for."""
        u = ndtr(np.asarray(scores, float))
        columns = {path: law.values(u[:, i]) for i, (path, law) in enumerate(self.laws.items())}
        whole = {path: np.int64 for path, law in self.laws.items() if law.info.type == "int"}
        return pd.DataFrame(columns).astype(whole)

    def scores_of(self, values: pd.DataFrame) -> Floats:
        """Return the normal scores (n, settings) of settings; for whole numbers, those at
        mid-step."""
        tiny = np.finfo(float).tiny
        columns = [ndtri(np.clip(law.probabilities(values[path].to_numpy(float)), tiny, 1 - 1e-16))
                   for path, law in self.laws.items()]  # fmt: skip
        return np.column_stack(columns)

    def accepts(self, values: pd.DataFrame) -> NDArray[np.bool_]:
        """Return which rows (n,) satisfy the rules between settings."""
        assert self.base is not None
        columns = {name: values[name].to_numpy() for name in values.columns}
        return valid_points(self.base.config, self.base.border, columns)

    def draw_scores(self, n: int, seed: int = 1) -> Floats:
        """Return (n, settings) normal scores of draws that satisfy the rules.

        Raises:
            InputError: hardly any draw does.
        """
        return self._draw_both(n, seed)[0]

    def _draw_both(self, n: int, seed: int) -> tuple[Floats, pd.DataFrame]:
        """Return the scores of n draws and their values, which are slow to compute."""
        rng, made, have = np.random.default_rng(seed), 0, 0
        kept, values = [np.empty((0, len(self.laws)))], [self.values(np.empty((0, len(self.laws))))]
        while have < n:
            scores = self.scores(_BLOCK, rng)
            found = self.values(scores)
            good = self.accepts(found)
            kept.append(scores[good])
            values.append(found[good])
            made, have = made + _BLOCK, have + int(good.sum())
            if made >= 8 * _BLOCK and have < _LEAST_ACCEPTED * made:
                raise InputError(
                    "hardly any of its draws satisfies the rules between settings",
                    setting="prior", value=self.name, allowed="laws nearer to the defaults",
                )  # fmt: skip
        return np.concatenate(kept)[:n], pd.concat(values, ignore_index=True)[:n]

    def draw(self, n: int, seed: int = 1) -> pd.DataFrame:
        """Return `n` draws, a row for each, a column for each setting."""
        return self._draw_both(n, seed)[1]

    def accepted_share(self, seed: int = 1, n: int = 4096) -> float:
        """Return the share of draws that satisfy the rules."""
        return float(self.accepts(self.values(self.scores(n, np.random.default_rng(seed)))).mean())


def _untouched(base: Setup, path: str, law: Law) -> bool:
    """Whether the base leaves a setting at its default."""
    return bool(get(asdict(base.config), path) == law.info.default)


def draw_prior(
    n: Any,
    seed: int = 1,
    *,
    prior: AnyPrior = "default",
    base: Setup | Overrides = None,
    settings: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Draw settings from a prior: a table that `simulate_many` takes.

    A smaller sample with the same seed is a prefix of a larger one.

    Args:
        n: number of draws.
        seed: of the draws of settings; it does not affect the random draws of runs.
        prior: an option of `conf/prior`, the path of a file like those, its content, or a Prior.
        base: a Setup from `load_setup`, or overrides; settings that it moves from their defaults
            stay where it puts them.
        settings: only these; by default all that have an effect.

    Returns:
        A row for each draw, a column for each free setting.

    Raises:
        InputError: a bad prior, a setting without one or without an effect, or a bad number.
    """
    whole = isinstance(n, int | np.integer) and not isinstance(n, bool)
    if not whole or n < 0:
        raise InputError("is not a number of draws", setting="n", value=n,
                         allowed="a whole number from 0 up")  # fmt: skip
    return load_prior(prior).for_base(as_setup(base), settings).draw(int(n), seed)


def load_prior(prior: AnyPrior = "default") -> Prior:
    """Return a prior by name, from a file or from its content.

    Raises:
        InputError: there is no such prior, or something in it is wrong.
    """
    if isinstance(prior, Prior):
        return prior
    if isinstance(prior, Mapping):
        return _read("(given)", prior, "prior")
    if not isinstance(prior, str | os.PathLike):
        raise InputError(f"is not a prior but {a_kind(prior)}", setting="prior", value=prior,
                         allowed="a name, a path, or a mapping")  # fmt: skip
    path = option_file("prior", os.fspath(prior), "prior")
    return _read(path.stem, plain_values(path, "prior", _SHAPE), str(path.name))


def _read(name: str, content: object, origin: str) -> Prior:
    if not isinstance(content, Mapping) or not isinstance(content.get("settings"), Mapping):
        raise InputError("has no settings", setting="prior", value=name, allowed=_SHAPE,
                         origin=origin)  # fmt: skip
    for part in content:
        if part not in _PARTS:
            raise InputError("no such part of a prior", setting=str(part), origin=origin,
                             allowed=", ".join(_PARTS),
                             suggestion=closest(str(part), _PARTS))  # fmt: skip
    laws = {str(path): read_law(str(path), law, origin)
            for path, law in content["settings"].items()}  # fmt: skip
    ties = tuple(_tie(one, laws, origin) for one in content.get("dependence") or ())
    found = Prior(
        name, laws, ties, {str(k): str(v) for k, v in (content.get("fixed") or {}).items()}
    )
    if ties and np.linalg.eigvalsh(found.correlation).min() <= 1e-9:
        raise InputError("these correlations contradict each other", setting="dependence",
                         allowed="weaker ones", origin=origin)  # fmt: skip
    return found


def _tie(written: object, laws: Mapping[str, Law], origin: str) -> tuple[str, str, float]:
    wrong = InputError("is not a dependence", setting="dependence", value=written, origin=origin,
                       allowed="[setting, setting, a correlation between -1 and 1]")  # fmt: skip
    if not isinstance(written, Sequence) or isinstance(written, str) or len(written) != 3:
        raise wrong
    one, other, r = written
    if isinstance(r, bool) or not isinstance(r, int | float) or not abs(r) < 1 or math.isnan(r):
        raise wrong
    for path in (one, other):
        if path not in laws:
            raise InputError("has no law here", setting="dependence", value=str(path),
                             origin=origin, suggestion=closest(str(path), laws))  # fmt: skip
    return str(one), str(other), float(r)

"""What is searched: levers, objectives, limits, worlds and how much to spend, from a file.

A file is an option in `conf/search`, or one of the user's own; docs/search.md describes it.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from truce_sim.config.load import load_setup
from truce_sim.config.option_files import option_file, plain_values
from truce_sim.config.setup import Setup
from truce_sim.config.tokens import as_tokens, setting_of
from truce_sim.errors import InputError, NoEffectWarning, closest
from truce_sim.policy.levers import TODAY, Code, Lever, Policy, check_keys, number, read_lever
from truce_sim.settings.nested import get

#: Anything that names a problem: an option in `conf/search`, a file, or the content of one.
AnyProblem: TypeAlias = "str | os.PathLike[str] | Mapping[str, Any] | Problem"

#: Objectives: what each is, its unit, and whether more of it is better.
OBJECTIVES: Mapping[str, tuple[str, str, bool]] = {
    "holds": ("share of truces that hold", "share", True),
    "deaths": ("deaths per day of truce", "1/d", False),
    "cost": ("cost of the levers", "", False),
    "regret": ("largest regret of any world", "share", False),
}

#: Sizes: what a file may set, with the least value and the default.
SIZES: Mapping[str, tuple[int, int]] = {
    "population": (8, 48), "generations": (1, 25), "luck": (2, 2), "reported": (3, 12),
    "proof_worlds": (20, 256), "proof_luck": (2, 16),
}  # fmt: skip
_RUNGS = (16, 64, 192)
_KEYS = ("question", "base", "levers", "objectives", "limits", "target", "worlds", "sizes", "seed")
_WORLDS = ("prior", "posterior", "scenarios")


@dataclass(frozen=True)
class Problem:
    """A problem of search, checked.

    Attributes:
        name: of the option or file.
        question: what it asks.
        content: of the file, as read: enough to repeat the search.
        shared: overrides that all policies share.
        base: the setup made by these overrides; today's values come from it.
        levers: in the order of the file.
        objectives: names in `OBJECTIVES`.
        limits: objective -> the worst value that a policy may have.
        target: the share that should hold.
        worlds: ("prior" | "posterior" | "scenarios", which).
        sizes: as in `SIZES`.
        rungs: numbers of worlds: the first for many candidates, the last for the few left.
        seed: of everything random.
    """

    name: str
    question: str
    content: Mapping[str, Any]
    shared: tuple[str, ...]
    base: Setup
    levers: tuple[Lever, ...]
    objectives: tuple[str, ...]
    limits: Mapping[str, float]
    target: float
    worlds: tuple[str, Any]
    sizes: Mapping[str, int]
    rungs: tuple[int, ...]
    seed: int

    @property
    def today(self) -> dict[str, Any]:
        """Today's policy."""
        return {lever.name: lever.today for lever in self.levers}

    @property
    def policies(self) -> int:
        """How many policies can be tried: today's, and each combination of the levers' values."""
        return 1 + prod(len(lever.values) for lever in self.levers)

    @property
    def chosen(self) -> set[str]:
        """The settings that policies choose."""
        return {path for lever in self.levers for path in lever.sets(self.base)}

    def scenario(self, name: str) -> Setup:
        """Return the setup of a named scenario, under today's policy."""
        return quiet_setup([*self.shared, *as_tokens(self.worlds[1][name] or [])])

    def policy(self, code: Code) -> dict[str, Any]:
        """Return the policy that a code stands for."""
        if code == TODAY:
            return self.today
        return {lever.name: lever.values[i] for lever, i in zip(self.levers, code, strict=True)}

    def cost(self, policy: Policy) -> float:
        """Return what a policy costs: the sum over its levers."""
        return sum(lever.cost(policy[lever.name]) for lever in self.levers)

    def broken(self, row: Mapping[Any, Any] | pd.Series) -> list[str]:
        """Return the objectives whose limits a policy breaks, given its outcomes."""
        return [
            name
            for name, limit in self.limits.items()
            if (row[name] < limit if OBJECTIVES[name][2] else row[name] > limit)
        ]

    def fixed(self, policy: Policy) -> tuple[str, ...]:
        """Return the overrides that the options chosen by a policy stand for."""
        return tuple(
            token
            for lever in self.levers
            if lever.options
            for token in lever.options[policy[lever.name]]
        )

    def tokens(self, policy: Policy) -> list[str]:
        """Return the overrides that make a policy, with the base, as a command takes them."""
        fixed = [*self.shared, *self.fixed(policy)]
        setup = quiet_setup(fixed)
        usual = asdict(setup.config)
        numbers = {
            path: policy[lever.name]
            for lever in self.levers
            for path in lever.paths(setup)
            if get(usual, path) != policy[lever.name]
        }
        kept = [token for token in fixed if token.partition("=")[0] not in numbers]
        return [*kept, *as_tokens(numbers)]


def quiet_setup(tokens: Sequence[str]) -> Setup:
    """Return the setup of overrides, without warning of those that have no effect."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEffectWarning)
        return load_setup(tokens)


def load_problem(problem: AnyProblem, **changes: Any) -> Problem:
    """Return a problem by name, from a file or from its content.

    Args:
        problem: an option of `conf/search`, the path of a file like those, or its content.
        changes: parts of the file to replace; of `sizes`, only those given.

    Raises:
        InputError: there is no such problem, or something in it is wrong.
    """
    if isinstance(problem, Problem):
        return load_problem({"name": problem.name, **problem.content}, **changes)
    if isinstance(problem, Mapping):
        name, content = str(problem.get("name", "search")), dict(problem)
    else:
        path = option_file("search", os.fspath(problem), "problem")
        name, content = path.stem, _read(path)
    content.pop("name", None)
    given = {key: value for key, value in changes.items() if value is not None}
    sizes = content.get("sizes") or {}
    if not isinstance(sizes, Mapping):
        raise InputError("is not a mapping", setting="sizes", value=sizes,
                         allowed=f"{{{', '.join(SIZES)}, rungs}}, each with a number")  # fmt: skip
    sizes = {**sizes, **given.pop("sizes", {})}
    return _checked(name, {**content, **given, "sizes": sizes})


def _read(path: Path) -> dict[str, Any]:
    content = plain_values(path, "search")
    if not isinstance(content, dict):
        raise InputError("is not a mapping", setting="search", value=str(path),
                         allowed=", ".join(_KEYS))  # fmt: skip
    return {str(key): value for key, value in content.items()}


def _checked(name: str, content: dict[str, Any]) -> Problem:
    check_keys(content, _KEYS, "")
    shared = tuple(as_tokens(content.get("base") or []))
    base = quiet_setup(shared)
    levers = content.get("levers")
    if not isinstance(levers, Mapping) or not levers:
        raise InputError("has no levers", setting="levers", value=levers,
                         allowed="{<name>: {set, low, high, step, cost}}")  # fmt: skip
    made = tuple(read_lever(str(key), entry, base) for key, entry in levers.items())
    sizes, rungs = _sizes(content["sizes"])
    target = number(content.get("target", 0.8), "target")
    if not 0 < target < 1:
        raise InputError("is not a share", setting="target", value=target, allowed="0 to 1")
    seed = content.get("seed", 1)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**31:
        raise InputError("is not a seed", setting="seed", value=seed,
                         allowed="a whole number from 0 up to 2,147,483,647")  # fmt: skip
    problem = Problem(
        name, str(content.get("question", "")), content, shared, base, made,
        _objectives(content.get("objectives", ["holds", "cost"])),
        _limits(content.get("limits") or {}), target, _worlds(content.get("worlds")), sizes,
        rungs, seed,
    )  # fmt: skip
    _check_levers(problem)
    _check_scenarios(problem)
    _check_limits(problem)
    return problem


def _check_levers(problem: Problem) -> None:
    """Refuse options that cannot be set, and settings chosen by two levers."""
    taken: dict[str, str] = {}
    for lever in problem.levers:
        for option, tokens in lever.options.items():
            with _with_origin(f"levers.{lever.name}.options.{option}"):
                quiet_setup([*problem.shared, *tokens])
        for path in lever.sets(problem.base):
            if path in taken:
                raise InputError(f"is chosen by lever {taken[path]} as well", value=path,
                                 setting=f"levers.{lever.name}")  # fmt: skip
            taken[path] = lever.name


def _check_scenarios(problem: Problem) -> None:
    """Refuse scenarios that cannot be set, or that set what policies choose."""
    kind, scenarios = problem.worlds
    for name in scenarios if kind == "scenarios" else ():
        where = f"worlds.scenarios.{name}"
        with _with_origin(where):
            problem.scenario(name)
        for token in as_tokens(scenarios[name] or []):
            path = setting_of(token)
            if path in problem.chosen:
                raise InputError("has no effect: policies choose it", setting=where, value=path)


def _check_limits(problem: Problem) -> None:
    """Refuse limits that no policy can keep."""
    least = sum(min(lever.costs) for lever in problem.levers)
    ranges = {"holds": (0.0, 1.0), "regret": (-1.0, 1.0), "deaths": (0.0, np.inf),
              "cost": (least, np.inf)}  # fmt: skip
    for name, value in problem.limits.items():
        low, high = ranges[name]
        if not low <= value <= high:
            allowed = f"from {low:g} up" + (f" to {high:g}" if np.isfinite(high) else "")
            raise InputError("cannot be kept by any policy", setting=f"limits.{name}", value=value,
                             allowed=allowed)  # fmt: skip


@contextmanager
def _with_origin(where: str) -> Iterator[None]:
    """Make an error say which part of the file it concerns."""
    try:
        yield
    except InputError as error:
        error.origin = ", ".join(filter(None, (where, error.origin)))
        raise


def _objectives(written: object) -> tuple[str, ...]:
    names = list(written) if isinstance(written, Sequence) and not isinstance(written, str) else []
    for name in names:
        if name not in OBJECTIVES:
            raise InputError("no such objective", setting="objectives", value=name,
                             allowed=", ".join(OBJECTIVES),
                             suggestion=closest(str(name), OBJECTIVES))  # fmt: skip
    if len(set(names)) != len(names) or len(names) < 2 or names[:1] != ["holds"]:
        raise InputError(
            "cannot be traded off", setting="objectives", value=names,
            allowed="holds first, then one or more of deaths, cost, regret",
        )  # fmt: skip
    return tuple(names)


def _limits(written: object) -> dict[str, float]:
    if not isinstance(written, Mapping):
        raise InputError("is not a mapping", setting="limits", value=written,
                         allowed="{deaths: 5} or the like")  # fmt: skip
    check_keys(written, tuple(OBJECTIVES), "limits")
    return {str(name): number(value, f"limits.{name}") for name, value in written.items()}


def _worlds(written: object) -> tuple[str, Any]:
    if not isinstance(written, Mapping) or len(written) != 1 or next(iter(written)) not in _WORLDS:
        raise InputError(
            "does not say which worlds", setting="worlds", value=written,
            allowed="{prior: default}, {posterior: FIT}, {scenarios: {<name>: {…}}}",
        )  # fmt: skip
    kind, which = next(iter(written.items()))
    good = isinstance(which, Mapping) and which if kind == "scenarios" else isinstance(which, str)
    if not good:
        raise InputError("does not say which worlds", setting=f"worlds.{kind}", value=which,
                         allowed="{<name>: {<setting>: <value>}}" if kind == "scenarios" else
                         "a name, or a path")  # fmt: skip
    return str(kind), which


def _sizes(written: Mapping[str, Any]) -> tuple[dict[str, int], tuple[int, ...]]:
    check_keys(written, (*SIZES, "rungs"), "sizes")
    found = {}
    for name, (least, default) in SIZES.items():
        value = written.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InputError("is not a size", setting=f"sizes.{name}", value=value,
                             allowed=f"a whole number from {least} up")  # fmt: skip
        found[name] = value
    for name in ("luck", "proof_luck"):
        if found[name] % 2:
            raise InputError(
                "is odd, but one half of the runs checks the other", setting=f"sizes.{name}",
                value=found[name], allowed="an even number",
            )  # fmt: skip
    rungs = written.get("rungs", _RUNGS)
    whole = isinstance(rungs, Sequence) and all(type(n) is int and n > 1 for n in rungs)
    if not whole or not rungs or list(rungs) != sorted(set(rungs)):
        raise InputError(
            "are not rungs", setting="sizes.rungs", value=rungs,
            allowed="numbers of worlds in rising order, such as [16, 64, 192]",
        )  # fmt: skip
    return found, tuple(rungs)

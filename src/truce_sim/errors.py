"""The one kind of error for everything a user can get wrong.

Any bad input (an override, a configuration file, an intervention, a scenario table) raises an
`InputError` that names the setting, the value, what is wrong, what is allowed, where the value came
from and, if something similar exists, what was probably meant.
"""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable

_LONGEST_VALUE = 80
#: A longer message is shortened, line by line.
_LONGEST_MESSAGE = 800


class InputError(ValueError):
    """The user gave a value that cannot be used.

    All arguments are kept as attributes; `str(error)` is the message to show.

    Args:
        problem: what is wrong, in words ("is not a number").
        setting: full dotted path of the setting ("home.threshold"); "" if unknown.
        value: the value as given; None if there is none to show.
        allowed: what would be accepted ("a number from 0 up to 1").
        origin: where the value came from ("command line", "conf/home/x.yaml", "table.csv line 7").
        suggestion: what was probably meant ("home.threshold").
    """

    def __init__(
        self,
        problem: str,
        *,
        setting: str = "",
        value: object = None,
        allowed: str = "",
        origin: str = "",
        suggestion: str = "",
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.setting = setting
        self.value = value
        self.allowed = allowed
        self.origin = origin
        self.suggestion = suggestion

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle every field, so that an error can cross a process boundary."""
        return _rebuild, (self.problem, self._details())

    def __str__(self) -> str:
        lines = [self._headline()]
        lines += [f"  allowed: {self.allowed}"] if self.allowed else []
        lines += [f"  did you mean: {self.suggestion}"] if self.suggestion else []
        lines += [f"  where: {self.origin}"] if self.origin else []
        if sum(map(len, lines)) > _LONGEST_MESSAGE:
            lines = [shortened(line, _LONGEST_MESSAGE // len(lines) - 1) for line in lines]
        return "\n".join(lines)

    def _headline(self) -> str:
        given = "" if self.value is None else f" = {shown(self.value)}"
        subject = f"{self.setting}{given}".removeprefix(" = ")
        return f"{subject}: {self.problem}" if subject else self.problem

    def _details(self) -> dict[str, object]:
        names = ("setting", "value", "allowed", "origin", "suggestion")
        return {name: getattr(self, name) for name in names}

    def at(self, *, setting: str = "", origin: str = "") -> InputError:
        """Fill in `setting` and `origin` where they are missing, and return the same error."""
        self.setting = self.setting or setting
        self.origin = self.origin or origin
        return self


class NoEffectWarning(UserWarning):
    """A setting was given a value that has no effect, at all points of a sweep or at some."""


def check_range(setting: str, value: float, low: float, high: float, unit: str = "") -> None:
    """Refuse a number that is not from `low` to `high`, in the words used for settings.

    Raises:
        InputError: it is out of range, or NaN.
    """
    if not low <= value <= high:
        raise InputError(
            "is out of range", setting=setting, value=value,
            allowed=f"{low:,g} to {high:,g}{unit and f' {unit}'}",
        )  # fmt: skip


def _rebuild(problem: str, details: dict[str, object]) -> InputError:
    return InputError(problem, **details)  # type: ignore[arg-type]


def shown(value: object) -> str:
    """Return `value` for use in a message: text is quoted, very long values are shortened."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an endless number, or lists in lists in lists
        return f"({type(value).__name__} too long to show)"
    return shortened(text, _LONGEST_VALUE)


def a_kind(value: object) -> str:
    """Return what a value is, with an article: "a str", "an int"; "nothing" for None."""
    name = type(value).__name__
    if value is None:
        return "nothing"
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def shortened(text: str, longest: int) -> str:
    """Return a text of at most `longest` characters, with ` … ` in place of its middle."""
    if len(text) <= longest:
        return text
    kept = longest - 3
    return f"{text[: kept - kept // 2]} … {text[len(text) - kept // 2 :]}"


def command(*words: object) -> str:
    """Return a command of this program that can be pasted into a shell: `truce-sim status DIR`."""
    return shlex.join(["truce-sim", *map(str, words)])


def closest(word: str, options: Iterable[str], *, limit: int = 3) -> str:
    """Return the options most similar to `word` as "a or b", or "" if none is similar.

    A word that resembles the last part of a dotted option counts as similar to it, so that
    "threshold" finds "home.threshold".
    """
    known = list(options)
    folded = {option.lower(): option for option in known}
    matches = difflib.get_close_matches(word.lower(), folded, limit, 0.75)
    near = [folded[match] for match in _about_as_close(word.lower(), matches)]
    return " or ".join(near or _by_last_part(word, known, limit))


def _about_as_close(word: str, matches: list[str]) -> list[str]:
    """Return those of `matches` (best first) that are nearly as good as the best."""
    scores = [difflib.SequenceMatcher(None, word, match).ratio() for match in matches]
    return [m for m, score in zip(matches, scores, strict=True) if score > scores[0] - 0.05]


def _by_last_part(word: str, options: list[str], limit: int) -> list[str]:
    leaf = word.rsplit(".", 1)[-1].lower()
    leaves = [option.rsplit(".", 1)[-1].lower() for option in options]
    near = difflib.get_close_matches(leaf, sorted(set(leaves)), 1, 0.75)
    return [option for option, last in zip(options, leaves, strict=True) if last in near][:limit]

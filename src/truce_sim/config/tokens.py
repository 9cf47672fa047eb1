"""Write Python values as Hydra overrides: `{"home.threshold": 5}` is `home.threshold=5`."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import PurePath
from typing import Any

from truce_sim.config.tables import keep_table
from truce_sim.errors import InputError, a_kind
from truce_sim.settings.fields import field_at, fields

_BARE = re.compile(r"[A-Za-z][\w./-]*", re.ASCII)
_KEY = re.compile(r"[\w.-]+")
_WORDS = ("null", "true", "false", "inf", "nan")
MEDIATORS = "mediation.mediators"

Overrides = Mapping[str, object] | Sequence[str] | str


def as_tokens(overrides: Overrides) -> list[str]:
    """Return overrides as strings in Hydra's syntax.

    Args:
        overrides: strings already in that syntax (a single string is split at spaces), or a
            mapping from dotted paths or config groups to Python values, which may be nested:
            `{"home": {"threshold": 5}}` is `{"home.threshold": 5}`.

    Raises:
        InputError: a key is not text, or a value has a type that no setting takes.
    """
    if isinstance(overrides, str):
        return overrides.split()
    if isinstance(overrides, Mapping):
        try:
            return [token for key, value in overrides.items() for token in _tokens(key, value)]
        except RecursionError:
            raise InputError("is nested too deeply", value=overrides) from None
    given: object = overrides
    if not isinstance(given, Iterable) or hasattr(given, "ndim"):
        raise InputError(
            f"is not a set of overrides but {a_kind(overrides)}",
            value=overrides,
            allowed='a mapping such as {"truce": "literal", "home.threshold": 5}, or text such '
            'as "truce=literal home.threshold=5"',
        )
    overrides = list(overrides)
    for item in overrides:
        if not isinstance(item, str):
            raise InputError(
                "is not an override", value=item, allowed="text such as home.threshold=5"
            )
    return overrides


def _tokens(key: object, value: object) -> Iterator[str]:
    if not isinstance(key, str):
        raise InputError(
            "is not a setting", value=key, allowed="a dotted path such as home.threshold"
        )
    if key == MEDIATORS and isinstance(value, Mapping):
        yield from _mediators(value)
    elif isinstance(value, Mapping) and key.lstrip("+") in group_paths():
        for name, inner in value.items():
            yield from _tokens(f"{key}.{name}", inner)
    elif key.startswith(f"{MEDIATORS}.") and isinstance(value, Mapping):
        name = key.removeprefix(f"{MEDIATORS}.")
        yield f"+{MEDIATORS}={literal(key, {name: value})}"
    elif key == "experiment":
        yield f"+experiment={literal(key, value)}"
    else:
        yield f"{key}={literal(key, value)}"


def _mediators(mediators: Mapping[object, object]) -> Iterator[str]:
    if not mediators:
        raise no_mediators()
    for name, mediator in mediators.items():
        yield from _tokens(f"{MEDIATORS}.{name}", mediator)


def setting_of(token: str) -> str:
    """Return the setting that an override sets: home.capacity for "+home.capacity=1"."""
    return token.lstrip("+~").partition("=")[0]


def mediator_of(path: str) -> str:
    """Return the mediator that a setting belongs to; "" if none."""
    head, _, rest = path.partition(f"{MEDIATORS}.")
    return "" if head else rest.partition(".")[0]


def is_there(path: str, mediators: Container[str]) -> bool:
    """Return whether a setting belongs to no mediator, or to one of these."""
    name = mediator_of(path)
    return not name or name in mediators


def no_mediators() -> InputError:
    """Return the error for an empty mapping of mediators: merged by Hydra, it has no effect."""
    return InputError(
        "an empty mapping removes no mediator",
        setting=MEDIATORS,
        value={},
        allowed="mediation=none, or ~mediation.mediators.<name> to remove one",
        suggestion="mediation=none",
    )


@cache
def group_paths() -> frozenset[str]:
    """Return the dotted paths of everything that holds settings, except mediators."""
    prefixes = {info.path.rsplit(".", 1)[0] for info in fields() if "." in info.path}
    return frozenset(p for p in prefixes if not p.startswith(MEDIATORS)) | {"mediation"}


def literal(key: str, value: object) -> str:
    """Write a value in Hydra's syntax."""
    value = plain_value(key, value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return _digits(key, value)
    if isinstance(value, str | PurePath):
        return _quoted(str(value))
    if isinstance(value, Mapping):
        pairs = (f"{_dict_key(key, k)}:{literal(key, v)}" for k, v in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return "[" + ",".join(literal(key, item) for item in value) + "]"
    kinds = "a number, true or false, text, a list or a mapping"
    raise InputError(
        f"has a type ({type(value).__name__}) that no setting takes",
        setting=key,
        value=value,
        allowed=kinds,
    )


def _digits(key: str, number: float) -> str:
    try:
        return repr(number)
    except ValueError:  # more digits than Python writes
        raise InputError("is too large a number", setting=key, value=number) from None


def text_token(setting: str, text: str) -> str:
    """Return the override that sets a setting to a text exactly, whatever it contains."""
    return f"{setting}={_quoted(text.replace('${', chr(92) + '${'))}"


def plain_value(path: str, value: Any) -> Any:
    """Return a value as Python has it: numpy numbers become Python's, and 7.0, as rows of a table
    give it, becomes 7 where a whole number is wanted. A scenario's table may be a DataFrame, and a
    date Python's own.

    Args:
        path: of the setting.
        value: its value, of any type.
    """
    if path == "scenario.table" and hasattr(value, "to_csv"):
        return keep_table(value)
    if hasattr(value, "item") and not getattr(value, "shape", 0):
        value = value.item()
    if isinstance(value, date):
        return (value.date() if isinstance(value, datetime) else value).isoformat()
    if isinstance(value, float) and value.is_integer():
        info = field_at(path)
        return int(value) if info is not None and info.type == "int" else value
    return value


def _quoted(text: str) -> str:
    if _BARE.fullmatch(text) and text.lower() not in _WORDS:
        return text
    # Hydra treats backslashes as escapes only in front of a quote.
    body = re.sub(r"(\\*)'", r"\1\1\\'", text)
    body = re.sub(r"(\\+)$", r"\1\1", body)
    return f"'{body}'"


def _dict_key(setting: str, key: object) -> str:
    text = str(key)
    if not _KEY.fullmatch(text):
        raise InputError(
            f"has a key that is not a name: {text!r}",
            setting=setting,
            allowed="names and dotted paths",
        )
    return text

"""Addresses: what a visitor sees as the query of an address, and back.

A setting is `PATH=VALUE` if it differs from the defaults, so that an address means the same in any
viewer; seed and replicate are always there. What is drafted but not applied is `draft.PATH=VALUE`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from truce_sim.config.load import validate
from truce_sim.errors import InputError
from truce_sim.settings.fields import field_at
from truce_sim.settings.nested import copied, get, put
from truce_sim.settings.schema import Config
from truce_sim.viewer.state.levers import COMMAND_LINE_ONLY
from truce_sim.viewer.state.presets import default_plain, defaults, flat

Words = dict[str, str]
Plain = dict[str, Any]

DRAFT = "draft."
_ALWAYS = ("seed", "replicate")
_ELSEWHERE = ("output.", "sweep.")
_WHOLE = ("mediation.mediators", "interventions")
_LONGEST = 16_000


def read_query(query: str) -> Words:
    """Return the parts of an address's query by name.

    Raises:
        InputError: It is longer than any address that the viewer writes.
    """
    if len(query) > _LONGEST:
        raise InputError("the address is too long", allowed=f"up to {_LONGEST:,} characters")
    return dict(parse_qsl(query, keep_blank_values=True))


def write_query(words: Mapping[str, str]) -> str:
    """Return parts by name as the query of an address."""
    return urlencode(words, quote_via=quote, safe=":,/")


def changed_settings(plain: Plain) -> Plain:
    """Map the settings of a nested configuration that differ from the defaults to their values.

    Settings of output and sweeps are left out, and those that only the command line may set.
    """
    usual = defaults()
    return {
        path: value
        for path, value in flat(plain).items()
        if not path.startswith(_ELSEWHERE) and path not in COMMAND_LINE_ONLY
        and (path in _ALWAYS or json.dumps(value) != json.dumps(usual.get(path)))
    }  # fmt: skip


def settings_words(plain: Plain) -> Words:
    """Return the settings of a nested configuration as parts of an address."""
    return {path: as_word(value) for path, value in changed_settings(plain).items()}


def draft_words(drafted: Plain, shown: Plain) -> Words:
    """Return what a drafted configuration changes in the one shown, as parts of an address."""
    before = flat(shown)
    return {
        f"{DRAFT}{path}": as_word(value)
        for path, value in flat(drafted).items()
        if json.dumps(value) != json.dumps(before[path])
    }


def read_settings(words: Words, opened: Config | None, opened_plain: Plain | None) -> Config:
    """Return the configuration that an address describes.

    Args:
        words: The address's parts; those that are not settings must be left out.
        opened: The configuration the viewer was started with, if any.
        opened_plain: That configuration, nested; it supplies what only the command line may set.

    Raises:
        InputError: An unknown setting, or a bad value.
    """
    plain = copied(default_plain())
    if opened_plain is not None:
        for path in COMMAND_LINE_ONLY:
            if (value := get(opened_plain, path)) is not None:
                put(plain, path, value)
    config = apply_words(words, plain)
    return config if opened is None or config != opened else opened


def apply_words(words: Words, plain: Plain) -> Config:
    """Put parts of an address into a nested configuration, in place, and check it.

    Raises:
        InputError: An unknown setting, one that only the command line may set, or a bad value.
    """
    for path, text in words.items():
        if path in COMMAND_LINE_ONLY or path.startswith(_ELSEWHERE):
            raise InputError("is set on the command line only", setting=path)
        try:
            if field_at(path) is None and path not in _WHOLE:
                raise KeyError(path)
            put(plain, path, read_word(text))
        except KeyError:
            raise InputError("no such setting", setting=path, origin="the address") from None
    return validate(plain, origin="the address")


def as_word(value: object) -> str:
    """Return a value as JSON, or a text unchanged if it is not valid JSON."""
    if isinstance(value, str) and not _is_json(value):
        return value
    return json.dumps(value, separators=(",", ":"))


def read_word(text: str) -> Any:
    """Return the value that `as_word` wrote."""
    return json.loads(text) if _is_json(text) else text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def split_draft(words: Words) -> tuple[Words, Words]:
    """Return the drafted settings, without their prefix, and the rest."""

    def drafted() -> Iterator[tuple[str, str]]:
        for name, text in words.items():
            if name.startswith(DRAFT):
                yield name.removeprefix(DRAFT), text

    return dict(drafted()), {k: v for k, v in words.items() if not k.startswith(DRAFT)}


def refuse_unknown(words: Words, known: Sequence[str]) -> None:
    """Refuse parts of an address that a page does not have.

    Args:
        words: The parts.
        known: Names of parts, or, if they end in a dot, prefixes of names.

    Raises:
        InputError: The page has no such part.
    """
    for word in words:
        if word not in known and not word.startswith(tuple(k for k in known if k[-1:] == ".")):
            raise InputError("the page has no such part", setting=word, origin="the address")

"""PARAMS records of other versions: how to read them, and what identifies a record.

The record grows with the schema. Files say which layout their records have; those of 0.1.0 do not,
so that layout is kept in `data/0.1.0.json`. A setting that a record lacks had its default when the
record was made, because new settings come with a neutral default. A setting removed since must have
the value that the rules now keep in its place.

The identity of a record must not change because a setting was added. So its identity, from which
the keys and own seeds of points derive, is the record in the layout of 0.1.0, plus whatever else in
it differs from its default.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truce_sim.config.params import PARAMS, fill
from truce_sim.engine.params import HOME, HOST, record
from truce_sim.files import first_release
from truce_sim.settings.gone import GONE, taken_out
from truce_sim.settings.schema import Config

#: A layout as JSON: [name, type or layout, shape if there is one] for each field.
Layout = list[list[Any]]
_Way = tuple[str, ...]

#: Fields of 0.1.0 that have moved -> where they are today.
_MOVED: dict[_Way, tuple[_Way, int | None]] = {
    ("home", "capacity"): (("states", "capacity"), int(HOME)),
    ("host", "capacity"): (("states", "capacity"), int(HOST)),
    ("frailty", "gamma_law"): (("frailty", "law"), None),
}

#: Fields of settings removed since -> their path.
_GONE: dict[_Way, str] = {("states", "threshold_floor"): "home.threshold_floor"}


def describe_layout(kind: np.dtype[np.void]) -> Layout:
    """Return the layout of a structured type."""
    layout: Layout = []
    for name in kind.names or ():
        base, shape = kind[name].base, list(kind[name].shape)
        content = describe_layout(base) if base.names else base.str.lstrip("<")
        layout.append([name, content, shape] if shape else [name, content])
    return layout


def build_dtype(layout: Layout) -> np.dtype[np.void]:
    """Return the structured type that a layout describes.

    Raises:
        ValueError: it is not a layout.
        TypeError: it is not a layout.
    """
    kinds: dict[str, object] = {}
    for name, content, *shape in layout:
        kind = build_dtype(content) if isinstance(content, list) else np.dtype(content)
        kinds[name] = (kind, tuple(shape[0])) if shape else kind
    return record(**kinds)


@cache
def first_layout() -> np.dtype[np.void]:
    """Return the type of the records of truce_sim 0.1.0."""
    return build_dtype(first_release()["params"])


def upgrade(old: NDArray[np.void]) -> NDArray[np.void]:
    """Convert records of another layout to PARAMS; missing fields get their default.

    Raises:
        ValueError: a field that no version had.
        InputError: a removed setting had a value other than the one the rules keep.
    """
    if old.dtype == PARAMS:
        return old
    new = np.repeat(_defaults(), old.size)
    for way in _leaves(old.dtype):
        values = _field(old, way)
        if way not in _GONE:
            _today(new, way)[...] = values
        elif (values != GONE[_GONE[way]].value).any():
            raise taken_out(_GONE[way])
    return new


def identities(params: Sequence[NDArray[np.void]]) -> list[bytes]:
    """Return the identity of each array of PARAMS as bytes (see the top of this module)."""
    # Joined as bytes: numpy compares the layouts of all records before it joins them.
    whole = np.frombuffer(b"".join(each.tobytes() for each in params), PARAMS)
    words = whole.view(np.int64).reshape(whole.size, -1)
    content, width = words[:, _first_words()].tobytes(), 8 * len(_first_words())
    later, found, at = _later_settings(whole, words), [], 0
    for count in map(len, params):
        end = at + count
        more = "".join(
            f" {name}={values[at:end]!r}"
            for name, differs, values in later
            if differs[at:end].any()
        )
        found.append(content[at * width : end * width] + more.encode())
        at = end
    return found


def _later_settings(
    params: NDArray[np.void], words: NDArray[np.int64]
) -> list[tuple[str, NDArray[np.bool_], list[Any]]]:
    """Settings added after 0.1.0 that differ from their defaults somewhere: name, in which of the
    records, and the values in all of them."""
    numbers, ways = _later_words()
    differ = (words[:, numbers] != _words(_defaults())[numbers]).any(axis=0)
    found = []
    for way in dict.fromkeys(ways[i] for i in np.flatnonzero(differ)):
        values = _field(params, way)
        differs = (values != _field(_defaults(), way)).reshape(len(params), -1).any(axis=1)
        found.append((".".join(way), differs, values.tolist()))
    return found


# Every field of a record takes eight bytes, so records are compared and rearranged as words.


def _words(records: NDArray[np.void]) -> NDArray[np.int64]:
    """All words of some records, flat."""
    return np.ascontiguousarray(records).view(np.int64)


@cache
def _first_words() -> NDArray[np.int64]:
    """The index in PARAMS of each word of a record of 0.1.0."""
    numbered = np.arange(PARAMS.itemsize // 8).view(PARAMS)
    first = np.zeros(1, first_layout())
    for way in _leaves(first.dtype):
        _field(first, way)[...] = _today(numbered, way)
    return _words(first)


@cache
def _later_words() -> tuple[NDArray[np.int64], list[_Way]]:
    """The words of PARAMS that a record of 0.1.0 does not have, and the field that each is of."""
    numbered = np.arange(PARAMS.itemsize // 8).view(PARAMS)
    known = {_MOVED.get(way, (way, None))[0] for way in _leaves(first_layout())}
    pairs = [(int(word), way) for way in _leaves(PARAMS) if way not in known
             for word in np.ravel(_field(numbered, way).view(np.int64))]  # fmt: skip
    return np.array([word for word, _ in pairs]), [way for _, way in pairs]


@cache
def _defaults() -> NDArray[np.void]:
    """PARAMS (1,) of the schema's defaults."""
    params = np.zeros(1, PARAMS)
    fill(params[0], Config())
    return params


def _leaves(kind: np.dtype[np.void], way: _Way = ()) -> Iterator[_Way]:
    """Yield the names that lead to each field that is not itself a record."""
    for name in kind.names or ():
        if kind[name].base.names:
            yield from _leaves(kind[name].base, (*way, name))
        else:
            yield (*way, name)


def _field(records: NDArray[np.void], way: _Way) -> NDArray[Any]:
    """The values of a field, a view of shape (records, ...)."""
    place: NDArray[Any] = records
    for name in way:
        place = place[name]
    return place


def _today(records: NDArray[np.void], way: _Way) -> NDArray[Any]:
    """The values of a field of 0.1.0 in PARAMS records."""
    now, state = _MOVED.get(way, (way, None))
    place = _field(records, now)
    return place if state is None else place[:, state]

"""Which `${...}` a configuration may contain: other settings, and nothing from outside.

A file from somebody else must not read the environment, files or the clock into a configuration,
which is stored and printed. So text is scanned before OmegaConf resolves anything in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from truce_sim.errors import InputError

#: Resolvers that read only the configuration itself and never treat text as a reference.
ALLOWED = ("oc.select", "oc.dict.keys", "oc.dict.values")

#: `${` with the backslashes before it, and the name up to its end.
_REFERENCE = re.compile(r"(\\*)\$\{([^{}:]*)(:|\}|\{|$)")


def refuse_resolvers(
    node: object, path: str = "", origin: str = "", *, escapes: bool = True
) -> None:
    """Refuse a configuration in which a resolver would read something outside it.

    Args:
        node: an unresolved configuration or any part of one.
        path: where `node` is in the whole.
        origin: where it comes from, for the message.
        escapes: whether a backslash makes `${` plain text, as everywhere but in unparsed overrides.

    Raises:
        InputError: with the path and the name of the first such resolver.
    """
    for where, text in _texts(node, path):
        problem = _outside(text, escapes)
        if problem:
            raise InputError(
                problem, setting=where, value=text, origin=origin,
                allowed="values, or another setting as ${home.threshold}",
            )  # fmt: skip


def _outside(text: str, escapes: bool) -> str:
    """Return what is wrong with the references in a text, or ""."""
    for backslashes, name, end in _REFERENCE.findall(text):
        if escapes and len(backslashes) % 2:
            continue
        if end == "{":
            return "has a reference inside the name of another"
        if end == ":" and name.strip() not in ALLOWED:
            return f"reads from outside the configuration ({name.strip()})"
    return ""


def _texts(node: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield all texts in a node, with their paths."""
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield from _texts(value, f"{path}.{key}".removeprefix("."))
    elif isinstance(node, list | tuple):
        for i, value in enumerate(node):
            yield from _texts(value, f"{path}[{i}]")


def has_references(plain: Mapping[str, object]) -> bool:
    """Whether any setting may take its value from another (`${home.threshold}`)."""
    return "${" in repr(plain)

"""The list of all settings, read off the schema: what messages, viewer and documentation show."""

from __future__ import annotations

from dataclasses import MISSING, Field, dataclass
from dataclasses import fields as dataclass_fields
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from truce_sim.settings.quantities import Choice, Meta, Quantity
from truce_sim.settings.schema import Config


@dataclass(frozen=True)
class FieldInfo:
    """One setting as documentation, messages and the viewer need it.

    `type` is "float", "int", "bool" or "str", or "list[int]" for the calendar; `low` and `high`
    are None where there is no range; `default` is that of the schema. Mediators appear under the
    name `<name>`.
    """

    path: str
    type: str
    default: Any
    meta: Meta

    @property
    def unit(self) -> str:
        """Unit as a short text, "" for a pure number."""
        return self.meta.unit

    @property
    def low(self) -> float | None:
        """Least value (itself left out where `meta.above`)."""
        return self.meta.low if isinstance(self.meta, Quantity) else None

    @property
    def high(self) -> float | None:
        """Greatest value."""
        return self.meta.high if isinstance(self.meta, Quantity) else None

    @property
    def options(self) -> tuple[str, ...]:
        """The words allowed, for a choice."""
        return self.meta.options if isinstance(self.meta, Choice) else ()

    @property
    def meaning(self) -> str:
        """One line on what it is."""
        return self.meta.meaning

    @property
    def symbol(self) -> str:
        """Its symbol in the model, "" if it has none."""
        return self.meta.symbol

    @property
    def source(self) -> str:
        """Where the default comes from: F, C, A or "design"."""
        return self.meta.source

    @property
    def allowed(self) -> str:
        """What is accepted, in words."""
        words = self.meta.allowed(whole=self.type in ("int", "list[int]"))
        return f"a list, each {words}" if self.type.startswith("list") else words


@cache
def fields() -> tuple[FieldInfo, ...]:
    """Return every setting of the schema in order, but for `interventions`, which has no range."""
    return tuple(_walk(Config, ""))


@cache
def by_path() -> dict[str, FieldInfo]:
    """Return the settings by their full dotted path."""
    return {info.path: info for info in fields()}


def field_at(path: str) -> FieldInfo | None:
    """Return the setting at `path` (any mediator's name will do), or None."""
    parts = path.split(".")
    if parts[:2] == ["mediation", "mediators"] and len(parts) > 2:
        parts[2] = "<name>"
    return by_path().get(".".join(parts))


def groups() -> tuple[str, ...]:
    """Return the names of the parts of the configuration ("run", "border", ...)."""
    return tuple(
        f.name for f in dataclass_fields(Config) if _is_part(get_type_hints(Config)[f.name])
    )


def _is_part(hint: Any) -> bool:
    return hasattr(hint, "__dataclass_fields__")


def _walk(part: type, prefix: str) -> list[FieldInfo]:
    hints = get_type_hints(part, include_extras=True)
    found: list[FieldInfo] = []
    for entry in dataclass_fields(part):
        found += _describe(f"{prefix}{entry.name}", hints[entry.name], entry)
    return found


def _describe(path: str, hint: Any, entry: Field[Any]) -> list[FieldInfo]:
    if _is_part(hint):
        return _walk(hint, f"{path}.")
    if get_origin(hint) is dict:
        return _walk(get_args(hint)[1], f"{path}.<name>.")
    listed = get_origin(hint) is list
    item = get_args(hint)[0] if listed else hint
    if not hasattr(item, "__metadata__"):
        return []
    kind, meta = get_args(item)[0].__name__, item.__metadata__[0]
    name = f"list[{kind}]" if listed else kind
    return [FieldInfo(path, name, _default(entry), meta)]


def _default(entry: Field[Any]) -> Any:
    value = entry.default
    if value is MISSING and entry.default_factory is not MISSING:
        value = entry.default_factory()
    return value

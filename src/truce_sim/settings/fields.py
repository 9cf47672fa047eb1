"""The list of all settings, read from the schema, for messages, viewer and documentation."""

from __future__ import annotations

from dataclasses import MISSING, Field, dataclass
from dataclasses import fields as dataclass_fields
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from truce_sim.settings.quantities import Choice, Meta, Quantity
from truce_sim.settings.schema import Config


@dataclass(frozen=True)
class FieldInfo:
    """One setting, as documentation, messages and the viewer need it.

    Attributes:
        path: full dotted path; `<name>` stands for the name of a mediator.
        type: "float", "int", "bool" or "str"; "list[int]" for the calendar.
        default: the schema's.
        meta: its description.
    """

    path: str
    type: str
    default: Any
    meta: Meta

    @property
    def unit(self) -> str:
        """The unit as short text; "" for a pure number."""
        return self.meta.unit

    @property
    def low(self) -> float | None:
        """The least value (excluded if `meta.above`); None without a range."""
        return self.meta.low if isinstance(self.meta, Quantity) else None

    @property
    def high(self) -> float | None:
        """The greatest value; None without a range."""
        return self.meta.high if isinstance(self.meta, Quantity) else None

    @property
    def options(self) -> tuple[str, ...]:
        """The allowed words of a choice; empty for other types."""
        return self.meta.options if isinstance(self.meta, Choice) else ()

    @property
    def meaning(self) -> str:
        """One line that says what it is."""
        return self.meta.meaning

    @property
    def symbol(self) -> str:
        """Its symbol in the model; "" if it has none."""
        return self.meta.symbol

    @property
    def source(self) -> str:
        """The source of the default: F, C, A or "design"."""
        return self.meta.source

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        words = self.meta.allowed(whole=self.type in ("int", "list[int]"))
        return f"a list, each {words}" if self.type.startswith("list") else words


#: The setting that changes others during a run. It has no range and so no field.
INTERVENTIONS = "interventions"
CHANGES = "settings that change during a run, each from a given day on"


@cache
def fields() -> tuple[FieldInfo, ...]:
    """Return every setting of the schema in order, except `interventions`, which has no range."""
    return tuple(_walk(Config, ""))


@cache
def by_path() -> dict[str, FieldInfo]:
    """Return all settings, keyed by full dotted path."""
    return {info.path: info for info in fields()}


@cache
def seasonal() -> tuple[str, ...]:
    """Return the settings whose rules ask for the day of the year if they are above 0."""
    return tuple(
        info.path for info in fields() if isinstance(info.meta, Quantity) and info.meta.seasonal
    )


@cache
def field_at(path: str) -> FieldInfo | None:
    """Return the setting at `path` (with the name of any mediator), or None."""
    return by_path().get(declared(path))


def declared(path: str) -> str:
    """Return a path as the schema has it: with `<name>` in place of a mediator's name."""
    parts = path.split(".")
    if parts[:2] == ["mediation", "mediators"] and len(parts) > 2:
        parts[2] = "<name>"
    return ".".join(parts)


@cache
def groups() -> tuple[str, ...]:
    """Return the names of the parts of the configuration ("run", "border", ...)."""
    hints = get_type_hints(Config)
    return tuple(f.name for f in dataclass_fields(Config) if _is_part(hints[f.name]))


def is_choice(name: str) -> bool:
    """Whether a name can only be that of a config group, of which it chooses an option."""
    return "." not in name and name != "interventions" and field_at(name) is None


def _is_part(hint: Any) -> bool:
    return hasattr(hint, "__dataclass_fields__")


def _walk(part: type, prefix: str) -> list[FieldInfo]:
    hints = get_type_hints(part, include_extras=True)
    infos: list[FieldInfo] = []
    for entry in dataclass_fields(part):
        infos += _describe(f"{prefix}{entry.name}", hints[entry.name], entry)
    return infos


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

"""Turn what Hydra, OmegaConf, YAML and pydantic raise into one `InputError`.

Their exceptions come wrapped in each other; `explain` goes through the causes and translates the
first one it understands. `check_tokens` first refuses what Hydra would silently accept.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from truce_sim.config.checks import (
    from_pydantic,
    how_to_write,
    refuse_index,
    refuse_targets,
    refused_target,
    unknown_setting,
)
from truce_sim.config.compose import CONFIG_NAME, SWEEPER, conf_folder
from truce_sim.config.hydra_settings import refuse_idle_override
from truce_sim.config.tokens import MEDIATORS, no_mediators
from truce_sim.errors import InputError, closest
from truce_sim.settings.fields import FieldInfo, field_at, groups

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override

#: The settings that choose the design of a sweep.
SWEEPER_SETTINGS = tuple(f"hydra.sweeper.{name}" for name in SWEEPER)

_SYNTAX = "setting=value, lists as [1,2], text with special characters in quotes"


# ── before composing ─────────────────────────────────────────────────────────────────────────


def check_tokens(tokens: Sequence[str]) -> None:
    """Refuse overrides that do not describe a single configuration or have no effect.

    Raises:
        InputError: bad syntax, several values, `_target_`, a number for true or false, an empty
            mapping of mediators, a Hydra setting that has no effect here.
    """
    from truce_sim.config.loader import parse_token

    for token in tokens:
        try:
            refuse_index(_key(token))
            override = parse_token(token)
            _check_override(override)
        except InputError as error:
            raise error.at(origin=f"override {token}") from None
        except composing_errors() as error:
            raise explain(error, tokens) from None


def _check_override(override: Override) -> None:
    key = override.key_or_group
    if not key:
        raise InputError("names no setting", value=override.input_line, allowed=_SYNTAX)
    if "_target_" in key:
        raise refused_target(key)
    if key == "prior":
        raise InputError("is for commands that draw settings: nothing is drawn here", setting=key,
                         value=override.value(), allowed="truce-sim prior prior=…")  # fmt: skip
    if key == "search":
        raise InputError("is for the command that searches", setting=key, value=override.value(),
                         allowed="truce-sim search NAME")  # fmt: skip
    refuse_idle_override(override)
    if override.is_sweep_override():
        raise _several(key, (override.input_line or "").partition("=")[2])
    value = override.value()
    refuse_targets(value, key)
    if key == "mediation.mediators" and value == {} and not override.is_delete():
        raise no_mediators()
    no_name = isinstance(value, bool | int | float | None) and not override.is_delete()
    if key in groups() and no_name:
        raise _no_name(key, value)
    if key in _choices() and isinstance(value, list) and not all(isinstance(v, str) for v in value):
        raise _no_name(key, value)
    info = field_at(key)
    if info is not None and info.type == "bool" and not isinstance(value, bool):
        raise _wrong_type(info, key, value)


@cache
def _choices() -> frozenset[str]:
    """Every config group: the folders of the configuration."""
    return frozenset(folder.name for folder in conf_folder().iterdir() if folder.is_dir())


def _no_name(group: str, value: object) -> InputError:
    return InputError(
        "no such option",
        setting=group,
        value="null" if value is None else value,
        allowed=f"the name of an option of {group}",
    )


def _several(key: str, line: str) -> InputError:
    return InputError(
        "several values given, but a run takes only one",
        setting=key,
        value=line or None,
        allowed=f"{how_to_write(key)}, or truce-sim sweep",
    )


# ── after an exception ───────────────────────────────────────────────────────────────────────


def composing_errors() -> tuple[type[Exception], ...]:
    """Return what bad input can raise while composing; anything else is a bug in the program."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError  # type: ignore[import-untyped]

    of_values = (ValueError, OverflowError, RecursionError)
    return (HydraException, OmegaConfBaseException, YAMLError, OSError, *of_values)


def explain(exc: BaseException, overrides: Sequence[str] = ()) -> InputError:
    """Explain an exception from composing or checking a configuration as an InputError.

    Args:
        exc: the exception; an InputError among its causes is returned unchanged.
        overrides: the overrides that were being applied, to name the one at fault.
    """
    chain = list(_causes(exc))
    for error in chain:
        if isinstance(error, InputError):
            return error
    for read in _READERS:
        for error in chain:
            explained = read(error, overrides)
            if explained is not None:
                return explained.at(origin=_origin(explained.setting, chain, overrides))
    given = f"overrides {' '.join(overrides)}" if overrides else ""
    return InputError(_first_line(chain), origin=_origin("", chain, overrides) or given)


def _causes(exc: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = exc
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _origin(setting: str, chain: Sequence[BaseException], overrides: Sequence[str]) -> str:
    for error in chain:
        named = re.match(r"In '([^']+)': (?:\w+ raised while composing|Could not)", str(error))
        if named and named[1] != CONFIG_NAME:
            return f"{named[1]}.yaml"
    for token in reversed(overrides):
        key = _key(token)
        if setting and (setting == key or setting.startswith((f"{key}.", f"{key}["))):
            return f"override {token}"
    return ""


def _first_line(chain: Sequence[BaseException]) -> str:
    for error in reversed(chain):
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        if lines:
            return lines[0]
    return f"the configuration cannot be read ({type(chain[0]).__name__})"


def _key(token: str) -> str:
    return token.split("=", 1)[0].lstrip("+~").split("@", 1)[0]


def _pydantic(error: BaseException, overrides: Sequence[str]) -> InputError | None:
    from pydantic import ValidationError

    return from_pydantic(error) if isinstance(error, ValidationError) else None


def _override_syntax(error: BaseException, overrides: Sequence[str]) -> InputError | None:
    from hydra.errors import OverrideParseException

    if not isinstance(error, OverrideParseException):
        return None
    key, equals, value = error.override.partition("=")
    if not equals and not key.startswith("~"):
        problem, suggestion = "has no value", f"{key}=<value>"
    else:
        problem, suggestion = "cannot be read", ""
    return InputError(
        problem,
        setting=key,
        value=value if equals else None,
        allowed=_SYNTAX,
        origin=f"override {error.override}",
        suggestion=suggestion,
    )


def _missing_option(error: BaseException, overrides: Sequence[str]) -> InputError | None:
    from hydra.errors import MissingConfigException

    if not isinstance(error, MissingConfigException):
        return None
    named = re.search(r"Could not (?:find|load) '([^']+)'", str(error))
    group, _, option = (named[1] if named else str(error.missing_cfg_file)).rpartition("/")
    options = list(
        error.options or _printed_options(str(error)) or _folder_options(group, str(error))
    )
    return InputError(
        "no such option" if group else "no such configuration",
        setting=group,
        value=option,
        allowed=_listed(options),
        suggestion=closest(option, options),
    )


def _listed(options: Sequence[str]) -> str:
    """List options in words, no more than can be taken in at a glance."""
    more = f" … ({len(options)} in all: --help lists them)"
    return textwrap.shorten(", ".join(options), 240, placeholder=more)


def _printed_options(message: str) -> list[str]:
    _, _, tail = message.partition("Available options")
    return [line.strip() for line in tail.splitlines()[1:] if line.startswith("\t")]


def _folder_options(group: str, message: str) -> list[str]:
    """Return the options of a group in the folders that the message says were searched."""
    folders = re.findall(r"path=file://(.+)", message)
    return sorted({file.stem for folder in folders for file in Path(folder, group).glob("*.yaml")})


def _composition(error: BaseException, overrides: Sequence[str]) -> InputError | None:
    from hydra.errors import ConfigCompositionException

    if not isinstance(error, ConfigCompositionException):
        return None
    text = str(error)
    for pattern, make_error in _PHRASES.items():
        match = re.search(pattern, text)
        if match:
            return make_error(match[1])
    return None


def _no_group(name: str) -> InputError:
    name = name.split("@", 1)[0]
    if name in groups():
        return InputError(
            "no such config group or setting", setting=name, allowed=f"{name}.<setting>=<value>"
        )
    if (conf_folder() / name).is_dir():  # experiment, size, ablation: not in the defaults
        return InputError("must be added with +", setting=name, suggestion=f"+{name}")
    return unknown_setting(name, [*groups(), "+experiment", *SWEEPER_SETTINGS])


def _already_there(name: str) -> InputError:
    return InputError("already exists; write it without +", setting=name, suggestion=name)


def _cannot_delete(name: str) -> InputError:
    return unknown_setting(name.split("@", 1)[0], groups())


def _chosen_twice(name: str) -> InputError:
    return InputError("is chosen more than once", setting=name, allowed="one option")


def _not_last(group: str) -> InputError:
    return InputError(
        "its `override` comes before other entries of the defaults list", setting=group,
        allowed="`- override …` after all other entries",
    )  # fmt: skip


_PHRASES: dict[str, Callable[[str], InputError]] = {
    r"Could not override '([^']+)'": _no_group,
    r"Could not append to config. An item is already at '([^']+)'": _already_there,
    r"Could not delete (?:from config. )?'([^']+)'": _cannot_delete,
    r"Could not delete from config. The value of '([^']+)'": _already_there,
    r"Multiple values for ([\w/]+)": _chosen_twice,
    r"Ambiguous value for argument '([^'=]+)": lambda key: _several(_key(key), ""),
    r"Sweep parameters '([^'=]+)": lambda key: _several(_key(key), ""),
    r"Override '/?([^' @]+)[^']*' is defined before": _not_last,
    r"Override ([^\s=@]+)": _no_group,
}


def _omegaconf(error: BaseException, overrides: Sequence[str]) -> InputError | None:
    from omegaconf.errors import (
        ConfigAttributeError,
        ConfigKeyError,
        MissingMandatoryValue,
        OmegaConfBaseException,
    )

    if not isinstance(error, OmegaConfBaseException):
        return None
    if "subclass of MediatorConfig" in str(error):
        path = _blame(MEDIATORS, overrides)
        return _no_mediator(path, overrides) if path.count(".") < 3 else _no_setting(path)
    named = str(error.full_key or "")
    path = _blame(named, overrides)
    if isinstance(error, MissingMandatoryValue):
        return InputError("has no value", setting=path)
    if "nterpolation" in type(error).__name__ or "Resolver" in str(error):
        return InputError(f"cannot be resolved: {_first_line([error])}", setting=path)
    if isinstance(error, ConfigAttributeError | ConfigKeyError):
        return _no_setting(path) if named.count(".") < 3 else unknown_setting(named)
    return _bad_value(path, error, overrides)


def _no_mediator(path: str, overrides: Sequence[str]) -> InputError:
    """Explain a mediator that was given something other than a mapping of its settings."""
    one = path if path != MEDIATORS else f"{MEDIATORS}.<name>"
    return InputError(
        "is not a mapping of a mediator's settings", setting=path,
        value=_override_value(path, overrides),
        allowed=f"{{call: <number>, skill: <number>}}, or one of them: {one}.call=0.3; "
        f"'~{one}' removes a mediator",
    )  # fmt: skip


def _no_setting(path: str) -> InputError:
    parts = path.split(".")
    if parts[:2] == ["mediation", "mediators"] and len(parts) > 2:
        return InputError(
            "no such mediator",
            setting=path,
            allowed="a mediator of the chosen option; "
            f"'+mediation.mediators={{{parts[2]}:{{call:0.3,skill:0.5}}}}' adds one",
        )
    if path == "experiment":
        return InputError(
            "its settings are in the wrong place",
            setting=path,
            allowed="a file that starts with the line '# @package _global_'",
        )
    return unknown_setting(path, [*groups(), *SWEEPER_SETTINGS])


def _bad_value(path: str, error: BaseException, overrides: Sequence[str]) -> InputError:
    named = re.search(r"Value '(.*?)' of type", str(error), re.DOTALL)
    value = named[1] if named else _override_value(path, overrides)
    info = field_at(re.sub(r"\[\d+\]$", "", path))
    if info is not None:
        return _wrong_type(info, path, value)
    above = field_at(path.rpartition(".")[0])
    if above is not None:
        return InputError("no such setting", setting=path, suggestion=above.path)
    if path.startswith(f"{MEDIATORS}."):
        return _no_mediator(path, overrides)
    if path == MEDIATORS:
        adds = "'+mediation.mediators={<name>:{call:0.3,skill:0.5}}' adds a mediator"
        allowed = f"{adds}; mediation=none for none"
        return InputError("is not a mapping", setting=path, value=value, allowed=allowed)
    if path.startswith("interventions"):
        changes = "a list of {day: <day>, set: {<setting>: <value>}}"
        return InputError("is not a list of changes", setting=path, value=value, allowed=changes)
    allowed = f"{path}.<setting>=<value>" if path in groups() else ""
    return InputError(_first_line([error]), setting=path, value=value, allowed=allowed)


def _wrong_type(info: FieldInfo, path: str, value: object) -> InputError:
    kinds = {"float": "a number", "int": "a whole number", "bool": "true or false", "str": "text"}
    element = "[" in path.rsplit(".", 1)[-1]
    wanted = kinds.get("int" if element else info.type, "a list of whole numbers")
    given = "null" if value is None else value
    return InputError(f"is not {wanted}", setting=path, value=given, allowed=info.allowed)


def _override_value(path: str, overrides: Sequence[str]) -> Any:
    for token in reversed(overrides):
        if _key(token) == path:
            return token.partition("=")[2]
    return None


def _blame(path: str, overrides: Sequence[str]) -> str:
    """Return the setting of the override that reaches further into `path`, or else `path` itself.

    If an exception names no path and there is only one override, that one is at fault.
    """
    keys = [_key(token) for token in overrides]
    deeper = [key for key in keys if key.startswith(f"{path}.")] if path else keys
    return deeper[0] if len(deeper) == 1 or (path and deeper) else path


def _yaml(error: BaseException, overrides: Sequence[str]) -> InputError | None:
    from yaml import YAMLError

    if not isinstance(error, YAMLError):
        return None
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or _first_line([error])
    file = str(getattr(error, "name", ""))
    where = f"{mark.name} line {mark.line + 1}" if mark is not None else file
    return InputError(f"is not YAML: {problem}", setting="configuration file", origin=where)


def _size(error: BaseException, overrides: Sequence[str]) -> InputError | None:
    """Explain a number that is too large, or lists nested too deeply."""
    if not isinstance(error, OverflowError | RecursionError):
        return None
    longest = max(overrides, key=len, default="")
    setting, _, value = _key(longest), *longest.partition("=")[1:]
    too_large = isinstance(error, OverflowError)
    info = field_at(setting)
    return InputError(
        "is too large a number" if too_large else "is nested too deeply",
        setting=setting, value=value or None, allowed=info.allowed if info else "",
    )  # fmt: skip


_READERS: tuple[Callable[[BaseException, Sequence[str]], InputError | None], ...] = (
    _pydantic,
    _override_syntax,
    _missing_option,
    _omegaconf,
    _composition,
    _yaml,
    _size,
)

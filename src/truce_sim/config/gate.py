"""What stands between the command line and Hydra.

Hydra composes configurations, and instantiates callbacks, loggers, launchers and sweepers from what
they name. A configuration file must not name code to run, so every command composes here first, and
goes on only with what comes with this program or with Hydra.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from truce_sim.errors import InputError

if TYPE_CHECKING:
    from argparse import Namespace

    from omegaconf import DictConfig

#: Flags of Hydra that are followed by a value.
VALUE_FLAGS = (
    "--config-dir", "-cd", "--config-name", "-cn", "--config-path", "-cp", "--cfg", "-c",
    "--package", "-p",
)  # fmt: skip

_SWEEPER = "hydra_plugins.truce_sweeper.TruceSweeper"


def flags_first(arguments: Sequence[str]) -> list[str]:
    """Return the arguments as Hydra's parser wants them, however the user ordered them."""
    flags: list[str] = []
    overrides: list[str] = []
    todo = list(arguments)
    while todo:
        word = todo.pop(0)
        if word in VALUE_FLAGS and todo:
            flags += [word, todo.pop(0)]
        else:
            (flags if word.startswith("-") else overrides).append(_quoted(word))
    return [*flags, *overrides]


def _quoted(word: str) -> str:
    """The word, its value in quotes if it is a constraint whose `>` or `(` Hydra cannot read."""
    setting, _, value = word.partition("=")
    if setting != "hydra.sweeper.where":
        return word
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    from truce_sim.config.tokens import as_tokens

    try:
        OverridesParser.create().parse_override(word)
    except HydraException:
        return as_tokens({setting: value})[0]
    return word


@contextmanager
def explained(arguments: Sequence[str]) -> Iterator[None]:
    """Turn what Hydra and OmegaConf raise into one clear InputError."""
    from truce_sim.config.explain import composing_errors, explain

    try:
        yield
    except composing_errors() as error:
        overrides = [word for word in arguments if "=" in word and not word.startswith("-")]
        raise explain(error, overrides) from error


def compose_checked(command: str, arguments: Sequence[str]) -> DictConfig:
    """Compose the configuration of a command.

    Raises InputError for bad overrides, for a configuration that names code, and for a sweep where
    one run was asked for.
    """
    from hydra.types import RunMode

    from truce_sim.config.compose import loader_for
    from truce_sim.config.explain import check_tokens
    from truce_sim.config.launchers import check_installed

    parsed = _parsed(arguments)
    _refuse_flags(command, parsed)
    check_installed(parsed.overrides)
    mode = RunMode.MULTIRUN if command == "sweep" else RunMode.RUN
    with explained(arguments), loader_for(parsed.config_dir) as loader:
        several = _several_values(parsed.overrides)
        check_tokens([word for word in parsed.overrides if word not in several])
        if command == "run" and several:
            raise InputError(
                "several values, but `run` makes one run",
                value=several[0],
                allowed="one value, or truce-sim sweep",
            )
        composed = loader.load_configuration("config", parsed.overrides, run_mode=mode)
    if command == "run" and str(composed.hydra.mode).endswith("MULTIRUN"):
        raise InputError(
            "this experiment is a sweep", setting="hydra.mode", value="MULTIRUN",
            allowed="truce-sim sweep " + " ".join(parsed.overrides),
        )  # fmt: skip
    _refuse_code(composed.hydra)
    return composed


def _parsed(arguments: Sequence[str]) -> Namespace:
    """The arguments as Hydra parses them; a flag that it does not know is an InputError."""
    from hydra._internal.utils import get_args_parser

    parser = get_args_parser()

    def refuse(message: str) -> NoReturn:
        raise InputError(message, allowed="flags of truce-sim run --hydra-help, before or after")

    parser.error = refuse  # type: ignore[method-assign]
    return parser.parse_args(list(arguments))


def _refuse_flags(command: str, parsed: Namespace) -> None:
    """Refuse flags of Hydra that would run code, or have no effect here."""
    refused = {
        "experimental_rerun": "this flag is not supported: it would run what a file holds",
        "config_name": "this flag is not supported: the configuration is always config",
        "config_path": "this flag is not supported: --config-dir adds a folder of your own",
    }
    if command == "run":
        refused["multirun"] = "`run` makes one run; truce-sim sweep makes several"
    for name, problem in refused.items():
        if getattr(parsed, name):
            raise InputError(problem, setting=f"--{name.replace('_', '-')}")


def _several_values(overrides: Sequence[str]) -> list[str]:
    """The overrides that a sweep takes apart; what cannot be parsed is left to others."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    found = []
    for word in overrides:
        try:
            if OverridesParser.create().parse_override(word).is_sweep_override():
                found.append(word)
        except HydraException:
            continue
    return found


def _refuse_code(hydra: DictConfig) -> None:
    """Only known sweepers and launchers; no callbacks; no logging that names code."""
    from truce_sim.config.checks import unknown
    from truce_sim.config.explain import SWEEPER_SETTINGS
    from truce_sim.config.launchers import check_launcher

    problem = "a configuration may not name code to run"
    node = hydra.sweeper
    target = node if isinstance(node, str) else node.get("_target_")
    if target != _SWEEPER:
        raise InputError(problem, setting="hydra.sweeper._target_", value=target, allowed=_SWEEPER)
    check_launcher(hydra.launcher)
    for name in hydra.sweeper:
        setting = f"hydra.sweeper.{name}"
        if name != "_target_" and setting not in SWEEPER_SETTINGS:
            raise unknown(setting, SWEEPER_SETTINGS)
    for place in ("callbacks", "job_logging", "hydra_logging"):
        content = str(hydra.get(place) or "")
        names_code = any(word in content for word in ("_target_", "'()'", "ext://", "class"))
        if names_code or (place == "callbacks" and content):
            raise InputError(
                problem, setting=f"hydra.{place}", value=content, allowed="leave it out"
            )

"""The gate between the command line and Hydra.

Hydra composes configurations and instantiates the launchers, callbacks and loggers that they name.
A configuration file must not name code to run, so every command composes here, once, and continues
only with what this program or Hydra provides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from truce_sim.errors import InputError
from truce_sim.errors import command as command_line

if TYPE_CHECKING:
    from argparse import Namespace

    from omegaconf import DictConfig

    from truce_sim.config.loader import Loader
    from truce_sim.config.setup import Setup

#: Flags of Hydra that take a value.
VALUE_FLAGS = (
    "--config-dir", "-cd", "--config-name", "-cn", "--config-path", "-cp", "--cfg", "-c",
    "--package", "-p",
)  # fmt: skip


def flags_first(arguments: Sequence[str]) -> list[str]:
    """Return the arguments in the order that Hydra's parser expects: flags before overrides."""
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


def over_posterior(arguments: Sequence[str]) -> list[str]:
    """Return arguments with `+posterior=FIT` and `posterior.draws=N` as settings of a design."""
    found: list[str] = []
    for word in arguments:
        name, _, value = word.lstrip("+").partition("=")
        if name == "posterior":
            found += ["hydra.sweeper.design=posterior", _as_text("hydra.sweeper.table", value)]
        elif name == "posterior.draws":
            found.append(f"hydra.sweeper.points={value}")
        else:
            found.append(word)
    return found


def _quoted(word: str) -> str:
    """Quote a question, or a constraint whose `>` or `(` Hydra cannot read; leave others alone."""
    setting, _, value = word.partition("=")
    if setting.lstrip("+") == "sweep.question":
        return word if _is_quoted(word, value) else _as_text(setting, value)
    if setting == "hydra.sweeper.where":
        return word if _can_be_read(word) else _as_text(setting, value)
    return word


def _as_text(setting: str, value: str) -> str:
    from truce_sim.config.tokens import text_token

    return text_token(setting, value)


def _is_quoted(word: str, value: str) -> bool:
    """Whether a value is a single quoted text, as Hydra writes it, not a text containing quotes."""
    return value[:1] in ("'", '"') and value[-1:] == value[0] and _can_be_read(word)


def _can_be_read(word: str) -> bool:
    from hydra.errors import HydraException

    from truce_sim.config.loader import parse_token

    try:
        parse_token(word)
    except HydraException:
        return False
    return True


@contextmanager
def explain_errors(arguments: Sequence[str]) -> Iterator[None]:
    """Turn whatever Hydra and OmegaConf raise into one clear InputError."""
    from truce_sim.config.explain import composing_errors, explain

    try:
        yield
    except composing_errors() as error:
        overrides = [word for word in arguments if "=" in word and not word.startswith("-")]
        raise explain(error, overrides) from None


@dataclass(frozen=True)
class Composed:
    """The configuration of a command, composed and checked to name no code.

    Attributes:
        tokens: the overrides.
        config: including Hydra's own node.
        loader: the one that composed it; it can compose more.
    """

    tokens: list[str]
    config: DictConfig
    loader: Loader


@contextmanager
def compose_arguments(command: str, arguments: Sequence[str]) -> Iterator[Composed]:
    """Compose the configuration of a command, and explain whatever Hydra raises meanwhile.

    Args:
        command: "run" or "sweep".
        arguments: its arguments, flags first.

    Raises:
        InputError: bad overrides, a configuration that names code, Hydra settings that have no
            effect, a sweep where a single run was requested.
    """
    from hydra.types import RunMode

    from truce_sim.config.compose import CONFIG_NAME, loader_for
    from truce_sim.config.hydra_settings import refuse_idle_settings
    from truce_sim.config.launchers import check_installed
    from truce_sim.config.options import refuse_merged_options

    parsed = _parsed(arguments)
    tokens = list(parsed.overrides)
    _refuse_flags(command, parsed)
    check_installed(tokens)
    mode = RunMode.MULTIRUN if command == "sweep" else RunMode.RUN
    with explain_errors(arguments), loader_for(parsed.config_dir) as loader:
        _check_overrides(command, tokens)
        loader.validate_sweep_overrides_legal(loader.parse(tokens), mode, from_shell=True)
        config = loader.load_configuration(
            CONFIG_NAME, tokens, RunMode.RUN, validate_sweep_overrides=False
        )
        _refuse_code(config.hydra)
        refuse_idle_settings(config)
        refuse_merged_options(config)
        _refuse_other_mode(command, config.hydra, tokens)
        yield Composed(tokens, config, loader)


def setup_from_arguments(arguments: Sequence[str]) -> Setup:
    """Return the setup of the run that the arguments of a command describe.

    Raises:
        InputError: as `compose_arguments` does, or because the configuration is refused.
    """
    from truce_sim.config.effects import warn_of_no_effect
    from truce_sim.config.load import prepare_composed

    with compose_arguments("run", arguments) as composed:
        setup = prepare_composed(composed.config, composed.tokens)
    warn_of_no_effect(setup.config, composed.tokens)
    return setup


def _check_overrides(command: str, tokens: Sequence[str]) -> None:
    from truce_sim.config.explain import check_tokens

    several = _several_values(tokens)
    check_tokens([word for word in tokens if word not in several])
    if command == "run" and several:
        raise InputError(
            "several values given, but `run` makes one run",
            value=several[0],
            allowed="one value, or truce-sim sweep",
        )


def _refuse_other_mode(command: str, hydra: DictConfig, tokens: Sequence[str]) -> None:
    """Refuse a sweep, or its settings, where a run was requested, and vice versa."""
    from truce_sim.config.compose import SWEEPER
    from truce_sim.config.launchers import BASIC

    mode = "" if hydra.mode is None else hydra.mode.name
    if command == "sweep":
        if mode == "RUN":
            raise InputError(
                "has no effect on a sweep", setting="hydra.mode", value=mode,
                allowed="truce-sim run makes one run",
            )  # fmt: skip
        return
    of_sweeps = {f"sweeper.{name}": value for name, value in SWEEPER.items()}
    of_sweeps["launcher._target_"] = BASIC
    again = command_line("sweep", *tokens)
    allowed = again if len(again) < 200 else "truce-sim sweep, with the same settings"
    if mode == "MULTIRUN":
        raise InputError(
            "this experiment is a sweep", setting="hydra.mode", value=mode, allowed=allowed
        )
    for name, value in of_sweeps.items():
        part, _, last = name.partition(".")
        given = hydra[part].get(last)
        if given != value:
            raise InputError(
                "has no effect on a single run", setting=f"hydra.{name}", value=str(given),
                allowed=allowed,
            )  # fmt: skip


def _parsed(arguments: Sequence[str]) -> Namespace:
    """Parse the arguments as Hydra does; a flag unknown to it is an InputError."""
    from hydra._internal.utils import get_args_parser

    parser = get_args_parser()

    def refuse(message: str) -> NoReturn:
        raise InputError(message, allowed="the flags that truce-sim run --hydra-help lists")

    parser.error = refuse  # type: ignore[method-assign]
    return parser.parse_args(list(arguments))


def _refuse_flags(command: str, parsed: Namespace) -> None:
    """Refuse flags of Hydra that would run code or have no effect here."""
    refused = {
        "experimental_rerun": "this flag is not supported: it would run code from a file",
        "config_name": "this flag is not supported: the configuration is always `config`",
        "config_path": "this flag is not supported: --config-dir adds a folder of your own",
    }
    if command == "run":
        refused["multirun"] = "`run` makes one run; truce-sim sweep makes several"
    for name, problem in refused.items():
        if getattr(parsed, name):
            raise InputError(problem, setting=f"--{name.replace('_', '-')}")


def _several_values(overrides: Sequence[str]) -> list[str]:
    """Return the overrides with several values; those that cannot be parsed are left for later
    checks."""
    from hydra.errors import HydraException

    from truce_sim.config.loader import parse_token

    several = []
    for word in overrides:
        try:
            if parse_token(word).is_sweep_override():
                several.append(word)
        except HydraException:
            continue
    return several


def _refuse_code(hydra: DictConfig) -> None:
    """Refuse every sweeper except this program's, and every unknown launcher."""
    from truce_sim.config.checks import unknown_setting
    from truce_sim.config.explain import SWEEPER_SETTINGS
    from truce_sim.config.launchers import check_launcher

    if not hasattr(hydra.sweeper, "keys"):
        raise InputError(
            "a configuration must not name code to run",
            setting="hydra.sweeper",
            value=hydra.sweeper,
            allowed="hydra/sweeper=truce, the default",
        )
    for name in hydra.sweeper:
        setting = f"hydra.sweeper.{name}"
        if setting not in SWEEPER_SETTINGS:
            raise unknown_setting(setting, SWEEPER_SETTINGS)
    check_launcher(hydra.launcher)

"""The command line: `truce-sim run | sweep | completion`.

Only the standard library is imported here; a command imports what it needs when it runs. Hydra
composes the configuration and parses overrides; this file keeps its manners: one clear message
and exit code 2 for bad input, nothing written, nothing executed that a config file names.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from hydra.types import TaskFunction
    from omegaconf import DictConfig

HELP = """\
truce-sim: a laboratory for one-clause truces

  truce-sim run [overrides]        one run, told as it happened
  truce-sim sweep [overrides]      many runs: every combination of the values given
  truce-sim completion bash        a script for tab completion (bash, zsh or fish)

  truce-sim run --help             the settings' groups and how to override them
  truce-sim run --cfg job          the whole configuration
  truce-sim --version

Examples
  truce-sim run truce=literal seed=7
  truce-sim sweep truce=literal,practised home.capacity=0.5,0.85 sweep.replicates=200
  truce-sim sweep 'home.threshold=range(2,12,2)' mediation=none,qatar_turkiye
  truce-sim sweep +experiment=doha

It simulates policy, abstractly, on assumptions that are marked as such; it forecasts nothing.
"""

_VALUE_FLAGS = (
    "--config-dir", "-cd", "--config-name", "-cn", "--config-path", "-cp", "--cfg", "-c",
    "--package", "-p", "--shell-completion-query",
)  # fmt: skip


def main() -> NoReturn:
    """Entry point of the console script."""
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: Sequence[str]) -> int:
    """Run a command; returns its exit code: 0, 1 for failed runs, 2 for bad input."""
    command, *rest = arguments or ["--help"]
    if command in ("-h", "--help", "help"):
        print(HELP, end="")
        return 0
    if command == "--version":
        from . import __version__

        print(f"truce-sim {__version__}")
        return 0
    if command not in _COMMANDS:
        from .errors import closest

        hint = closest(command, _COMMANDS)
        guess = f" Did you mean {hint}?" if hint else ""
        print(f"truce-sim: no command {command!r}.{guess} See truce-sim --help.", file=sys.stderr)
        return 2
    return _guarded(command, rest)


def _guarded(command: str, arguments: list[str]) -> int:
    """A command with its errors told in words."""
    from .errors import InputError

    try:
        return _COMMANDS[command](arguments)
    except InputError as error:
        print(f"truce-sim {command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    except RuntimeError as error:
        print(f"truce-sim {command}: {error}", file=sys.stderr)
        return 1


def run(arguments: list[str]) -> int:
    """`truce-sim run`: one run, its folder, its account."""
    composed: list[DictConfig] = []
    _through_hydra("run", arguments, composed.append)
    if composed:  # empty where Hydra only printed something
        from .config import validate
        from .runs import run_into_folder
        from .terminal import tell_run, warn_of_compiling

        config = validate(composed[0])
        warn_of_compiling()
        tell_run(*run_into_folder(config))
    return 0


def sweep(arguments: list[str]) -> int:
    """`truce-sim sweep`: many runs."""
    _through_hydra("sweep", arguments, lambda _: None)  # the sweeper does the work
    return 0


def completion(arguments: list[str]) -> int:
    """`truce-sim completion SHELL`: a completion script; `query SHELL` answers it."""
    from .completion import answer, script

    if len(arguments) == 2 and arguments[0] == "query":
        answer(arguments[1])
    else:
        print(script(arguments[0] if arguments else "bash"), end="")
    return 0


_COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "run": run,
    "sweep": sweep,
    "completion": completion,
}


def _through_hydra(command: str, arguments: list[str], task: TaskFunction) -> None:
    """Hand the command to Hydra, once what it would execute has been checked."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # exceptions reach us, not the terminal
    import hydra
    from hydra.core.plugins import Plugins
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from hydra_plugins.truce_sweeper import TruceSweeper

    from .config import conf_folder, explain

    Plugins.instance().register(TruceSweeper)  # some editable installs hide the plug-in
    ordered = flags_first(arguments)
    overrides = [a for a in ordered if "=" in a or a.startswith("~")]
    try:
        if not _only_asks(ordered):
            check_hydra(command, ordered)
        sys.argv = [
            f"truce-sim {command}",
            *(["--multirun"] if command == "sweep" else []),
            *ordered,
        ]
        hydra.main(version_base="1.3", config_path=str(conf_folder()), config_name="config")(task)()
    except (HydraException, OmegaConfBaseException) as error:
        raise explain(error, overrides) from error


def flags_first(arguments: Sequence[str]) -> list[str]:
    """Hydra's parser wants its flags before the overrides; users put them anywhere."""
    flags: list[str] = []
    overrides: list[str] = []
    todo = list(arguments)
    while todo:
        word = todo.pop(0)
        if word in _VALUE_FLAGS and todo:
            flags += [word, todo.pop(0)]
        elif word.startswith("-") and "=" not in word.split("-")[0]:
            flags.append(word)
        else:
            overrides.append(word)
    return [*flags, *overrides]


def _only_asks(arguments: Sequence[str]) -> bool:
    """Whether Hydra will only print something."""
    asks = ("--help", "-h", "--hydra-help", "--version", "--shell-completion", "-sc")
    return any(a in asks for a in arguments)


def check_hydra(command: str, arguments: Sequence[str]) -> None:
    """Refuse what would run code named in a configuration, and a sweep where one run was asked for.

    Hydra instantiates callbacks, loggers, launchers and sweepers from `_target_` entries; only
    those that come with this program and with Hydra are let through.
    """
    from hydra._internal.utils import get_args_parser
    from hydra.types import RunMode

    from .config import loader_for
    from .errors import InputError

    parsed = get_args_parser().parse_args(list(arguments))
    for flag, word in (("experimental_rerun", "--experimental-rerun"), ("run", "--run")):
        if getattr(parsed, flag, None):
            raise InputError(
                setting=word, value=getattr(parsed, flag), problem="this flag is not supported",
                allowed="truce-sim run or truce-sim sweep",
            )  # fmt: skip
    _check_overrides(command, parsed.overrides)
    with loader_for(parsed.config_dir) as loader:
        mode = RunMode.MULTIRUN if command == "sweep" else RunMode.RUN
        composed = loader.load_configuration("config", parsed.overrides, run_mode=mode)
    hooks = composed.hydra
    if command == "run" and str(hooks.mode).endswith("MULTIRUN"):
        raise InputError(
            setting="hydra.mode", value="MULTIRUN", problem="this experiment is a sweep",
            allowed="truce-sim sweep " + " ".join(parsed.overrides),
        )  # fmt: skip
    for place, allowed in _TARGETS.items():
        _check_target(hooks, place, allowed)
    _check_inert(hooks)


#: What Hydra may instantiate.
_TARGETS = {
    "sweeper": ("hydra_plugins.truce_sweeper.TruceSweeper",),
    "launcher": ("hydra._internal.core_plugins.basic_launcher.BasicLauncher",),
}


def _check_overrides(command: str, overrides: Sequence[str]) -> None:
    """A list of values is for `sweep`."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    from .errors import InputError

    for override in OverridesParser.create().parse_overrides(list(overrides)):
        if command == "run" and override.is_sweep_override():
            raise InputError(
                setting=override.key_or_group, value=override.input_line,
                problem="several values, but `run` makes one run",
                allowed="one value, or truce-sim sweep",
            )  # fmt: skip


def _check_target(hooks: Any, place: str, allowed: Sequence[str]) -> None:
    from .errors import InputError

    target = hooks[place].get("_target_")
    if target not in allowed:
        raise InputError(
            setting=f"hydra.{place}._target_", value=target,
            problem="a configuration may not name code to run", allowed=" or ".join(allowed),
        )  # fmt: skip


def _check_inert(hooks: Any) -> None:
    """No callbacks, and logging as it comes: both could name code."""
    from .errors import InputError

    for place in ("callbacks", "job_logging", "hydra_logging"):
        content = hooks.get(place)
        names_code = "_target_" in str(content) or "()" in str(content) or "ext://" in str(content)
        if content and (place == "callbacks" or names_code):
            raise InputError(
                setting=f"hydra.{place}", value=content,
                problem="a configuration may not name code to run", allowed="leave it out",
            )  # fmt: skip

"""The command line: `truce-sim run | sweep | list | status | resume | verify | …`.

Only the standard library is imported here; a command imports what it needs when it runs. Hydra
composes the configuration and parses overrides; this file keeps its manners: one clear message
and exit code 2 for bad input, nothing written, nothing executed that a config file names.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

HELP = """\
truce-sim: a laboratory for one-clause truces

  truce-sim run [overrides]        one run, told as it happened
  truce-sim sweep [overrides]      many runs: every combination of the values given
  truce-sim sweep … --dry-run      what it would run, how long it takes, how much disk

  truce-sim list [DIR]             the sweeps under a folder
  truce-sim status DIR             what is done of one, how fast, the time left
  truce-sim resume DIR             run what is missing
  truce-sim verify DIR             run some rows again, compare every value exactly
  truce-sim rerun DIR --failed     run failed runs again
  truce-sim worker DIR             do a share of the work (clusters)

  truce-sim summary DIR            how long truces last, by factor, with intervals
  truce-sim compare DIR [FACTOR]   its levels against a baseline, run by run, in words
  truce-sim report DIR             one HTML file: the answer, and what it rests on

  truce-sim validate               the model held against the record, passes and failures

  truce-sim view [overrides]       watch a run in the browser; fork it
  truce-sim view DIR               the same for a sweep, or one of its runs (--run 12:7)
  truce-sim movie [overrides]      a run as a GIF or MP4 file

  truce-sim completion bash        a script for tab completion (bash, zsh or fish)

  truce-sim run --help             the settings' groups and how to override them
  truce-sim run --cfg job          the whole configuration
  truce-sim --version

Examples
  truce-sim run truce=literal seed=7
  truce-sim sweep truce=literal,practised home.capacity=0.85,1.2 sweep.replicates=200
  truce-sim sweep 'home.threshold=range(2,12,2)' mediation=none,qatar_turkiye
  truce-sim sweep +experiment=doha

It simulates policy, abstractly, on assumptions that are marked as such; it forecasts nothing.
"""


_FOLDER_COMMANDS = ("resume", "status", "list", "verify", "rerun", "worker")
_ANALYSES = ("summary", "compare", "report", "validate")


def main() -> NoReturn:
    """Entry point of the console script."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to be stopped is like Ctrl-C
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: Sequence[str]) -> int:
    """Run a command; returns its exit code: 0, 1 for failed runs, 2 for bad input."""
    command, *rest = arguments or ["--help"]
    if command in ("-h", "--help", "help"):
        print(HELP, end="")
        return 0
    if command == "--version":
        from truce_sim.version import __version__

        print(f"truce-sim {__version__}")
        return 0
    if command not in COMMANDS:
        from truce_sim.errors import closest

        hint = closest(command, COMMANDS)
        guess = f" Did you mean {hint}?" if hint else ""
        print(f"truce-sim: no command {command!r}.{guess} See truce-sim --help.", file=sys.stderr)
        return 2
    return _run_safely(command, rest)


def _run_safely(command: str, arguments: list[str]) -> int:
    """A command with its errors told in words."""
    from truce_sim.errors import InputError

    try:
        return COMMANDS[command](arguments)
    except InputError as error:
        print(f"truce-sim {command}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, such as `head`, had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit as end:  # how Hydra ends, and a sweep with failed runs
        return end.code if isinstance(end.code, int) else 1
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    except RuntimeError as error:
        print(f"truce-sim {command}: {error}", file=sys.stderr)
        return int(getattr(error, "exit_code", 1))


def run(arguments: list[str]) -> int:
    """`truce-sim run`: one run, its folder, its account."""
    from truce_sim.config.gate import flags_first, setup_of

    ordered = flags_first(arguments)
    if _only_asks(ordered):
        return _ask_hydra("run", ordered)
    from truce_sim.cli.tell.run import tell_run
    from truce_sim.simulation.folder import run_into_folder
    from truce_sim.terminal import warn_of_compiling

    setup = setup_of(ordered)
    warn_of_compiling()
    tell_run(*run_into_folder(setup))
    return 0


def sweep(arguments: list[str]) -> int:
    """`truce-sim sweep`: many runs, on this machine or as jobs of a launcher of Hydra's."""
    from truce_sim.config.gate import flags_first

    actions = {"--dry-run": "describe", "--prepare": "prepare"}
    chosen = [f"hydra.sweeper.action={actions[word]}" for word in arguments if word in actions]
    ordered = flags_first([word for word in arguments if word not in actions])
    if _only_asks(ordered):
        return _ask_hydra("sweep", ordered)
    from truce_sim.cli.from_hydra import sweep_composed
    from truce_sim.config.gate import composed

    with composed("sweep", [*ordered, *chosen]) as found:
        sweep_composed(found)
    return 0


def _on_folder(command: str) -> Callable[[list[str]], int]:
    """A command on a sweep's folder, imported when it is used."""

    def carry_out(arguments: list[str]) -> int:
        from truce_sim.cli.sweeps import COMMANDS

        return COMMANDS[command](arguments)

    return carry_out


def _analysis(command: str) -> Callable[[list[str]], int]:
    """A command that analyses, imported when it is used."""

    def carry_out(arguments: list[str]) -> int:
        from truce_sim.cli.analysis import COMMANDS

        return COMMANDS[command](arguments)

    return carry_out


def completion(arguments: list[str]) -> int:
    """`truce-sim completion SHELL`: a completion script; `query SHELL` answers it."""
    from truce_sim.cli.completion import answer, script

    if len(arguments) == 2 and arguments[0] == "query":
        answer(COMMANDS)
    else:
        print(script(arguments[0] if arguments else "bash"), end="")
    return 0


def view(arguments: list[str]) -> int:
    """`truce-sim view`: the viewer in the browser, until it is stopped."""
    from truce_sim.cli.viewer import view as command

    command(arguments)


def movie(arguments: list[str]) -> int:
    """`truce-sim movie`: a run as a film."""
    from truce_sim.cli.viewer import movie as command

    return command(arguments)


#: Every command, by name; each returns its exit code.
COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "run": run,
    "sweep": sweep,
    "view": view,
    "movie": movie,
    "completion": completion,
    **{name: _on_folder(name) for name in _FOLDER_COMMANDS},
    **{name: _analysis(name) for name in _ANALYSES},
}


def _only_asks(arguments: Sequence[str]) -> bool:
    """Whether Hydra will only print something."""
    asks = ("--help", "-h", "--hydra-help", "--cfg", "-c", "--info", "-i")
    return any(word.split("=")[0] in asks for word in arguments)


def _ask_hydra(command: str, arguments: list[str]) -> int:
    """Let Hydra print its help, the configuration or what it knows of itself."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # exceptions reach us, not the terminal
    import hydra

    from truce_sim.compat import version_base
    from truce_sim.config.compose import CONFIG_NAME, conf_folder
    from truce_sim.config.gate import composed

    sys.argv = [f"truce-sim {command}", *arguments]
    start = hydra.main(config_path=str(conf_folder()), config_name=CONFIG_NAME, **version_base())
    with composed(command, arguments):
        start(lambda config: None)()
    return 0

"""The command line: `truce-sim run | sweep | list | status | resume | verify | …`.

Only the standard library is imported at the top, so that the program starts fast; each command
imports what it needs when it runs. Hydra composes the configuration and parses overrides. Bad
input gives one clear message and exit code 2; nothing is written, and nothing that a config file
names is executed.
"""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NoReturn

HELP = """\
truce-sim: a laboratory for one-clause truces

  truce-sim run [overrides]        run once and print an account, day by day
  truce-sim sweep [overrides]      run every combination of the values given, many times
  truce-sim sweep … --dry-run      show what it would run, the time and the disk space
  truce-sim sweep … --prepare      make the folder, for workers to fill

  truce-sim list [DIR]             list the sweeps in a folder
  truce-sim status DIR             show what is done, the speed and the time left
  truce-sim resume DIR             run what is missing
  truce-sim verify DIR             run some rows again and compare every value exactly
  truce-sim rerun DIR --failed     run the failed runs again
  truce-sim worker DIR             do a share of the work (clusters)

  truce-sim summary DIR            show how long truces last, by factor, with intervals
  truce-sim compare DIR [FACTOR]   compare a factor's levels with a baseline, run by run
  truce-sim report DIR             write the answer, and what it rests on, as one HTML file
  truce-sim export DIR --to dta    write runs and points for Excel, Stata, SPSS and others

  truce-sim validate               test the model against the record, pattern by pattern
  truce-sim nowcast --record FILE  say what comes next in a truce, given its record so far
  truce-sim futures --day DAY      follow a run many times from one of its days on

  truce-sim prior [overrides]      show what the model can do before it has seen any data
  truce-sim fit NAME [overrides]   infer settings from data: draws, checks, a page
  truce-sim search NAME            search for policies that hold, choose three and prove them

  truce-sim border make NAME       make a border of your own from a line and an event file
  truce-sim border describe NAME   estimate settings from a border's events, next to the defaults

  truce-sim view [overrides]       watch a run in the browser, and fork it
  truce-sim view DIR               view a sweep, or one of its runs (--run 12:7)
  truce-sim movie [overrides]      write a run as a GIF or MP4 file

  truce-sim completion bash        print a script for tab completion (bash, zsh or fish)

  truce-sim run --help             show the groups of settings and how to override them
  truce-sim run --cfg job          print the whole configuration
  truce-sim --version              print the version

Examples
  truce-sim run truce=literal seed=7
  truce-sim sweep truce=literal,practised home.capacity=0.85,1.2 sweep.replicates=200
  truce-sim sweep 'home.threshold=range(2,12,2)' mediation=none,qatar_turkiye
  truce-sim sweep +experiment=doha

The model explores policies in the abstract, on assumptions marked as such. It makes no forecasts.
"""


_FOLDER_COMMANDS = ("resume", "status", "list", "verify", "rerun", "worker")
_ANALYSES = ("summary", "compare", "report", "export", "validate")
_INFERENCES = ("prior", "fit")


def main() -> NoReturn:
    """Run the console script."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # SIGTERM acts like Ctrl-C
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a file on Windows has no arrow, say
            stream.reconfigure(errors="replace")
    exit_code = run_command(sys.argv[1:])
    gc.freeze()  # what is left ends with the process: Python need not collect it
    sys.exit(exit_code)


def run_command(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code.

    Args:
        arguments: the words after `truce-sim`.

    Returns:
        0 for success, 1 for failed runs, 2 for bad input, 130 if interrupted.
    """
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
        print(
            f"truce-sim: no such command: {command!r}.{guess} See truce-sim --help.",
            file=sys.stderr,
        )
        return 2
    return _run_safely(command, rest)


def _run_safely(command: str, arguments: list[str]) -> int:
    """Run a command; print its errors as messages."""
    from truce_sim.errors import InputError

    try:
        with _warnings_as_lines(command):
            return COMMANDS[command](arguments)
    except InputError as error:
        return _complain(command, error, 2)
    except BrokenPipeError:  # the reader, such as `head`, has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit as end:  # raised by Hydra, and by a sweep with failed runs
        return end.code if isinstance(end.code, int) else 1
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    except RuntimeError as error:
        return _complain(command, error, int(getattr(error, "exit_code", 1)))
    except ValueError as error:
        if not type(error).__module__.startswith("pyarrow"):
            raise
        return _complain(command, error, 1)  # a file of results that is cut short
    except OSError as error:  # a full disk, a folder that may not be read
        place = f"{error.filename}: " if error.filename else ""
        return _complain(command, f"{place}{error.strerror or error}", 1)


def _complain(command: str, message: object, exit_code: int) -> int:
    from truce_sim.terminal import clean

    print(clean(f"truce-sim {command}: {message}"), file=sys.stderr)
    return exit_code


@contextmanager
def _warnings_as_lines(command: str) -> Iterator[None]:
    """Print each warning about a setting without effect as a line, and other warnings as usual."""
    from truce_sim.errors import NoEffectWarning

    with warnings.catch_warnings():
        warnings.simplefilter("always", NoEffectWarning)
        usual = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *rest: Any) -> None:
            if issubclass(category, NoEffectWarning):
                _complain(command, f"note: {message}", 0)
            else:
                usual(message, category, *rest)

        warnings.showwarning = show  # type: ignore[assignment]
        yield


@contextmanager
def _making_no_garbage() -> Iterator[None]:
    """Do not collect garbage while a command is imported and composed, nor later among the objects
    made then.

    There is hardly any, and looking for it takes a sixth of the time of a short command.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def run(arguments: list[str]) -> int:
    """`truce-sim run`: run once, write the folder, print the account."""
    with _making_no_garbage():
        from truce_sim.config.gate import flags_first, setup_from_arguments

        ordered = flags_first(arguments)
        if _only_asks(ordered):
            return _ask_hydra("run", ordered)
        from truce_sim.cli.printing.run import print_run
        from truce_sim.simulation.folder import run_into_folder
        from truce_sim.terminal import warn_of_compiling

        setup = setup_from_arguments(ordered)
    warn_of_compiling()
    print_run(*run_into_folder(setup), arguments)
    return 0


def sweep(arguments: list[str]) -> int:
    """`truce-sim sweep`: many runs, on this machine or as jobs of a Hydra launcher."""
    with ExitStack() as composing:
        with _making_no_garbage():
            from truce_sim.config.gate import flags_first, over_posterior

            actions = {"--dry-run": "describe", "--prepare": "prepare"}
            chosen = [f"hydra.sweeper.action={actions[w]}" for w in arguments if w in actions]
            ordered = flags_first([w for w in over_posterior(arguments) if w not in actions])
            if _only_asks(ordered):
                return _ask_hydra("sweep", ordered)
            from truce_sim.cli.from_hydra import sweep_composed
            from truce_sim.config.gate import compose_arguments

            composed = composing.enter_context(compose_arguments("sweep", [*ordered, *chosen]))
        sweep_composed(composed)
    return 0


def _folder_command(command: str) -> Callable[[list[str]], int]:
    """Return a command on a sweep's folder, which is imported on first use."""

    def carry_out(arguments: list[str]) -> int:
        from truce_sim.cli.sweeps import COMMANDS

        return COMMANDS[command](arguments)

    return carry_out


def _analysis_command(command: str) -> Callable[[list[str]], int]:
    """Return an analysis command, which is imported on first use."""

    def carry_out(arguments: list[str]) -> int:
        from truce_sim.cli.analysis import COMMANDS

        return COMMANDS[command](arguments)

    return carry_out


def _inference_command(command: str) -> Callable[[list[str]], int]:
    """Return a command about priors and posteriors, which is imported on first use."""

    def carry_out(arguments: list[str]) -> int:
        from truce_sim.cli.inference import COMMANDS

        return COMMANDS[command](arguments)

    return carry_out


def search(arguments: list[str]) -> int:
    """`truce-sim search`: find policies that hold in many worlds."""
    from truce_sim.cli.search import search as command

    return command(arguments)


def completion(arguments: list[str]) -> int:
    """`truce-sim completion SHELL`: print a script; `query SHELL` answers its questions."""
    from truce_sim.cli.completion import answer, script

    if len(arguments) == 2 and arguments[0] == "query":
        answer(COMMANDS)
    else:
        print(script(arguments[0] if arguments else "bash"), end="")
    return 0


def border(arguments: list[str]) -> int:
    """`truce-sim border ACTION …`: make your own border, describe its events."""
    from truce_sim.cli.border import border as command

    return command(arguments)


def nowcast(arguments: list[str]) -> int:
    """`truce-sim nowcast`: what comes next in a truce, given its record so far."""
    from truce_sim.cli.nowcast import nowcast as command

    return command(arguments)


def futures(arguments: list[str]) -> int:
    """`truce-sim futures`: one run followed many times from one of its days on."""
    from truce_sim.cli.futures import futures as command

    return command(arguments)


def view(arguments: list[str]) -> int:
    """`truce-sim view`: serve the viewer in the browser until stopped."""
    from truce_sim.cli.viewer import view as command

    command(arguments)


def movie(arguments: list[str]) -> int:
    """`truce-sim movie`: write a run as a film."""
    from truce_sim.cli.viewer import movie as command

    return command(arguments)


#: Every command by name. Each takes its arguments and returns an exit code.
COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "run": run,
    "sweep": sweep,
    "border": border,
    "nowcast": nowcast,
    "futures": futures,
    "search": search,
    "view": view,
    "movie": movie,
    "completion": completion,
    **{name: _folder_command(name) for name in _FOLDER_COMMANDS},
    **{name: _analysis_command(name) for name in _ANALYSES},
    **{name: _inference_command(name) for name in _INFERENCES},
}


def _only_asks(arguments: Sequence[str]) -> bool:
    """Whether Hydra will only print something and run nothing."""
    asks = ("--help", "-h", "--hydra-help", "--cfg", "-c", "--info", "-i")
    return any(word.split("=")[0] in asks for word in arguments)


def _ask_hydra(command: str, arguments: list[str]) -> int:
    """Let Hydra print its help, the configuration or information about itself."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # exceptions reach us, not the terminal
    import hydra

    from truce_sim.compat import version_base
    from truce_sim.config.compose import CONFIG_NAME, conf_folder
    from truce_sim.config.gate import compose_arguments

    sys.argv = [f"truce-sim {command}", *arguments]
    start = hydra.main(config_path=str(conf_folder()), config_name=CONFIG_NAME, **version_base())
    with compose_arguments(command, arguments):
        start(lambda config: None)()
    return 0

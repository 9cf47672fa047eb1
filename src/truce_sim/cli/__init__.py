"""The command line: commands, their arguments, and all that they print."""

from truce_sim.cli.commands import COMMANDS, HELP, main, run_command

__all__ = ["COMMANDS", "HELP", "main", "run_command"]

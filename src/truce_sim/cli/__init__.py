"""The command line: commands, their arguments, and everything they print."""

from truce_sim.cli.commands import COMMANDS, HELP, main, run_command

__all__ = ["COMMANDS", "HELP", "main", "run_command"]

"""Tab completion of settings, groups and their options, through Hydra."""

from __future__ import annotations

import os
from collections.abc import Iterable

from truce_sim.errors import InputError

_SCRIPTS = {
    "bash": """\
# truce-sim completion for bash: eval "$(truce-sim completion bash)"
_truce_sim() {
  local words
  words=$(COMP_LINE="$COMP_LINE" truce-sim completion query bash 2>/dev/null)
  COMPREPLY=( $( compgen -o nospace -W "$words" -- "$2" ) )
}
COMP_WORDBREAKS=${COMP_WORDBREAKS//=}
complete -o nospace -o default -F _truce_sim truce-sim
""",
    "zsh": """\
# truce-sim completion for zsh: eval "$(truce-sim completion zsh)"
_truce_sim() {
  local -a words
  words=( ${(f)"$(COMP_LINE="$words" truce-sim completion query zsh 2>/dev/null)"} )
  compadd -S '' -- $words
}
compdef _truce_sim truce-sim
""",
    "fish": """\
# truce-sim completion for fish: truce-sim completion fish | source
complete -c truce-sim -f -a '(env COMP_LINE=(commandline -cp) truce-sim completion query fish)'
""",
}

#: Commands that take overrides; the others take folders, which the shell completes.
_WITH_OVERRIDES = ("run", "sweep", "view", "movie")


def script(shell: str) -> str:
    """Return the completion script for a shell.

    Raises:
        InputError: if the shell is unknown.
    """
    if shell not in _SCRIPTS:
        raise InputError(
            "there is no completion for this shell",
            setting="completion",
            value=shell,
            allowed=", ".join(_SCRIPTS),
        )
    return _SCRIPTS[shell]


def answer(commands: Iterable[str]) -> None:
    """Print the possible completions of COMP_LINE, one word per line."""
    line = os.environ.get("COMP_LINE", "")
    _, _, rest = line.partition(" ")
    command, space, overrides = rest.partition(" ")
    if not space:
        words = [f"{name} " for name in commands if name.startswith(command)]
    else:
        words = candidates(overrides) if command in _WITH_OVERRIDES else []
    print("\n".join(words))


def candidates(line: str) -> list[str]:
    """Return the overrides that complete the last word of `line`."""
    from hydra._internal.core_plugins.bash_completion import BashCompletion

    from truce_sim.config.compose import loader_for

    with loader_for(None) as loader:
        found: list[str] = BashCompletion(loader)._query("config", line)
    return found

"""What is shown, as a command and as Python: either repeats it anywhere."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from typing import Any

from truce_sim.config.load import load_config, to_plain
from truce_sim.errors import InputError
from truce_sim.settings.nested import leaves
from truce_sim.settings.schema import Config
from truce_sim.viewer.state.levers import as_text
from truce_sim.viewer.state.presets import default_plain, matching_option, options


def overrides_of(config: Config) -> list[str] | None:
    """Return the overrides that make a configuration from the defaults: options of groups, then
    the settings in which it differs from them. None if no overrides reproduce it exactly."""
    plain, usual = to_plain(config), default_plain()
    chosen = {group: matching_option(plain, group) for group in options()}
    groups = [
        f"{group}={option}"
        for group, option in chosen.items()
        if option and option != matching_option(usual, group)
    ]
    try:
        base = leaves(to_plain(load_config(groups)))
        changes = [
            f"{path}={_as_override(value)}"
            for path, value in leaves(plain).items()
            if path in ("seed", "replicate") or json.dumps(value) != json.dumps(base[path])
        ]
        same = load_config([*groups, *changes]) == config
    except (InputError, KeyError):
        return None
    return [*groups, *changes] if same else None


def as_command(overrides: list[str]) -> str:
    """Return the command that repeats the run and stores it."""
    return shlex.join(["truce-sim", "run", *overrides])


def as_python(overrides: list[str]) -> str:
    """Return the Python that repeats the run."""
    return f"from truce_sim import simulate\n\nrun = simulate([{_listed(overrides)}])"


def of_ensemble(plain: Config, fork: Config, n: int) -> list[tuple[str, str]]:
    """Return the ensemble of a run and its fork as a sweep over both, by name; none if no overrides
    reproduce these runs exactly."""
    words = overrides_of(fork)
    if words is None:
        return []
    shared = [w for w in words if not w.startswith(("interventions=", "replicate="))]
    both = [to_plain(config)["interventions"] for config in (plain, fork)]
    levels = ",".join(map(_as_override, both))
    tokens = [*shared, f"interventions={levels}", f"sweep.replicates={n}"]
    python = (
        "from truce_sim import sweep\n\n"
        f"both = {both!r}\n"
        f'found = sweep({{"interventions": both}}, [{_listed(shared)}], replicates={n}, '
        'compare="interventions")\n'
        "print(found.contrasts)"
    )
    command = shlex.join(["truce-sim", "sweep", *tokens, "sweep.compare=interventions"])
    return [("command", command), ("Python", python)]


def of_futures(configs: Sequence[Config], day: int, n: int) -> list[tuple[str, str]]:
    """Return futures of a run, and of its fork, as commands and as Python, by name; none if no
    overrides reproduce these runs exactly."""
    words = [overrides_of(config) for config in configs]
    given = [each for each in words if each is not None]
    if len(given) < len(words):
        return []
    lines = [
        shlex.join(["truce-sim", "futures", *each, "--day", str(day), "--futures", str(n)])
        for each in given
    ]
    made = [
        f"{name} = futures([{_listed(each)}], day={day}, n={n})\n"
        for name, each in zip(("run", "fork"), given, strict=False)
    ]
    shown = "run.compare(fork)" if len(made) > 1 else "run.survival"
    python = f"from truce_sim import futures\n\n{''.join(made)}print({shown})"
    return [("command" if len(lines) == 1 else "commands", "\n".join(lines)), ("Python", python)]


def _listed(words: Sequence[str]) -> str:
    return ", ".join(json.dumps(word, ensure_ascii=False) for word in words)


def _as_override(value: Any) -> str:
    """A value in Hydra's syntax."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_as_override(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_as_override(each) for each in value) + "]"
    if value is None:
        return "null"
    if isinstance(value, float):
        return repr(value)
    text = as_text(value)
    plain_word = not isinstance(value, str) or re.fullmatch(r"[A-Za-z0-9_./-]+", text)
    return text if plain_word else json.dumps(text, ensure_ascii=False)

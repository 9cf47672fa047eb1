"""What every picture says about itself: a caveat, the draw, the settings, the version."""

from __future__ import annotations

from textwrap import shorten

from truce_sim.config.load import to_plain
from truce_sim.settings.schema import Config
from truce_sim.version import __version__
from truce_sim.viewer.state.levers import as_text
from truce_sim.viewer.state.presets import defaults, flat

CAVEAT = "A model's run on assumed values, not a forecast"

#: Maximum number of changed settings listed.
_LISTED = 8


def caption(config: Config) -> str:
    """Return the caption of a run's picture."""
    changed = changed_settings(config)
    listed = ", ".join(changed[:_LISTED]) or "default settings"
    more = f" and {len(changed) - _LISTED} more" if len(changed) > _LISTED else ""
    draw = f"seed {config.seed}, replicate {config.replicate}"
    return f"{CAVEAT} · {draw} · {listed}{more} · truce_sim {__version__}"


def changed_settings(config: Config) -> list[str]:
    """List the settings that differ from the defaults as `name=value`, without seed and
    replicate."""
    usual = defaults()
    return [
        f"{path}={shorten(as_text(value), 60, placeholder=' …')}"
        for path, value in flat(to_plain(config)).items()
        if path not in ("seed", "replicate") and (path not in usual or usual[path] != value)
    ]

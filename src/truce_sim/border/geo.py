"""The libraries of the extra `geo`, needed only for making a border."""

from __future__ import annotations

from importlib.util import find_spec

from truce_sim.errors import InputError

LIBRARIES = ("geopandas", "pyogrio", "pyproj", "shapely")


def need_geo(what: str) -> None:
    """Refuse what cannot be done because the extra `geo` is not installed.

    Args:
        what: what needs it, such as "border make".

    Raises:
        InputError: a library is not installed; it says how to install them all.
    """
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise InputError(
            f"needs {', '.join(missing)}, which {verb} not installed", setting=what,
            allowed="pip install 'truce-sim[geo]', then again; running a border needs none of them",
        )  # fmt: skip

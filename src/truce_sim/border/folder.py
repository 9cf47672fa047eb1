"""A border folder: everything the program knows about a border.

segments.csv   km_from, km_to, weight, ruggedness, host_province, home_district, crossing
line.geojson   its first feature is the line (longitude, latitude, WGS84) from km 0 on; `home_side`
               and `length_km` (along the ellipsoid) are among its properties
base.geojson   a light base map, if there is one
border.yaml    name, title, home, host, group, mediators, epoch, sources, filters, …

`make.py` writes one for a user's own border; those in `data/borders` come with the program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from truce_sim.border.segments import read_segments
from truce_sim.errors import InputError, closest
from truce_sim.files import BORDERS, DATA, shipped_borders
from truce_sim.settings.schema import ScenarioConfig

if TYPE_CHECKING:
    import pandas as pd


#: The segments of the Durand line, which have weights by period.
DURAND_TABLE = DATA / "durand_segments.csv"


@dataclass(frozen=True)
class BorderFolder:
    """A border folder on disk.

    Attributes:
        path: the folder.
    """

    path: Path

    @property
    def name(self) -> str:
        """The name of the border: from `border.yaml`, or else the folder's."""
        return str(self.about.get("name") or self.path.resolve().name)

    @property
    def title(self) -> str:
        """The name in words."""
        return str(self.about.get("title") or self.name)

    @property
    def segments(self) -> Path:
        """The table of segments."""
        return self.path / "segments.csv"

    @property
    def line(self) -> Path:
        """The course of the line."""
        return self.path / "line.geojson"

    @property
    def span(self) -> tuple[float, float]:
        """The km at the ends of the line, as the table of segments counts them."""
        column = "weight" if self.path != BORDERS / "durand" else "ttp_events_2004_2021"
        table = self.segments if column == "weight" else DURAND_TABLE
        edges = read_segments(table, column, "scenario.path").edges
        return float(edges[0]), float(edges[-1])

    @property
    def base(self) -> Path:
        """The base map, which may be missing."""
        return self.path / "base.geojson"

    @cached_property
    def about(self) -> Mapping[str, Any]:
        """The content of `border.yaml`; empty without one.

        Raises:
            InputError: it is not a mapping in YAML.
        """
        file = self.path / "border.yaml"
        if not file.is_file():
            return {}
        status = file.stat()
        return _read_about(file, (status.st_mtime_ns, status.st_size))

    @property
    def epoch(self) -> date | None:
        """The date of day 0, if `border.yaml` gives one.

        Raises:
            InputError: it is not a date.
        """
        text = str(self.about.get("epoch") or "")
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise _bad(self.path / "border.yaml", f"its epoch {text!r} is not a date") from None


@dataclass
class MadeBorder:
    """A newly made border folder, and what was found in making it.

    Attributes:
        folder: the folder.
        segments: its table.
        length_km: of the line, along the ellipsoid.
        events: the events that were counted, with km_along and km_depth; None without any.
        account: what was done and decided, in sentences.
    """

    folder: BorderFolder
    segments: pd.DataFrame
    length_km: float
    events: pd.DataFrame | None
    account: list[str] = field(default_factory=list)


def find_folder(border: str | Path) -> BorderFolder:
    """Return the folder of a border.

    Args:
        border: the name of one that comes with the program ("durand"), or the path of a folder.

    Raises:
        InputError: there is no such border, or the folder is not that of one.
    """
    path = Path(border).expanduser()
    if str(border) in shipped_borders():
        path = BORDERS / border
    elif not path.is_dir():
        raise InputError(
            "no such folder", setting="scenario.path", value=str(border),
            allowed=f"a border folder, made by truce-sim border make; or {_names()}",
            suggestion=closest(str(border), shipped_borders()),
        )  # fmt: skip
    elif not (path / "segments.csv").is_file():
        raise InputError(
            "has no segments.csv", setting="scenario.path", value=str(border),
            allowed="a border folder, made by truce-sim border make",
        )  # fmt: skip
    return BorderFolder(path)


def folder_of(scenario: ScenarioConfig) -> BorderFolder | None:
    """Return the folder of a scenario's border; None for a synthetic one or a table without a
    folder."""
    if scenario.kind in ("synthetic", "table") or scenario.table:
        return None
    return find_folder(scenario.path or scenario.kind)


@lru_cache(maxsize=64)
def _read_about(file: Path, version: tuple[int, int]) -> Mapping[str, Any]:
    """Read each version of a file once; the result is shared, so do not change it."""
    from omegaconf import OmegaConf

    try:
        found = OmegaConf.to_container(OmegaConf.load(file), resolve=False)
    except Exception as error:  # YAML, OmegaConf and the file system share no class
        raise _bad(file, f"cannot be read: {str(error).splitlines()[0]}") from None
    if not isinstance(found, dict):
        raise _bad(file, "is not a mapping")
    return {str(key): value for key, value in found.items()}


def _names() -> str:
    return ", ".join(f"scenario={name}" for name in shipped_borders())


def _bad(file: Path, problem: str) -> InputError:
    return InputError(
        problem, setting="scenario.path", value=str(file), allowed="a mapping in YAML"
    )

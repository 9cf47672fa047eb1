"""Where the grid of each border lies: how much of it is in the states that it is named after."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from conftest import REPOSITORY
from truce_sim import load_setup
from truce_sim.border.folder import find_folder
from truce_sim.border.places import cell_places
from truce_sim.files import shipped_borders

shapely = pytest.importorskip("shapely", reason="shapely is not installed (extra: geo)")

PAGE = (REPOSITORY / "docs/borders.md").read_text(encoding="utf-8")
#: A border, its two states as the base map names them.
STATES = {
    "durand": ("Pakistan", "Afghanistan"),
    "line_of_control": ("India", "Pakistan"),
    "israel_lebanon": ("Israel", "Lebanon"),
    "armenia_azerbaijan": ("Armenia", "Azerbaijan"),
    "thailand_cambodia": ("Thailand", "Cambodia"),
    "congo_rwanda": ("Democratic Republic of the Congo", "Rwanda"),
}


def shares(name: str, *more: str) -> tuple[float, float]:
    """Shares of the middles of cells on the home and the host side that lie in these states."""
    setup = load_setup([f"scenario={name}", *more])
    host, home = setup.config.border.host_depth, setup.config.border.home_depth
    sectors = setup.border.sectors.size
    sector, depth = np.indices((sectors, host + home)).reshape(2, -1)
    places = cell_places(setup.config, setup.border, sector, depth)
    assert places is not None
    base = json.loads(find_folder(name).base.read_text(encoding="utf-8"))["features"]
    countries = {
        one["properties"]["name"]: shapely.from_geojson(json.dumps(one["geometry"]))
        for one in base if one["properties"]["kind"] == "country"
    }  # fmt: skip
    points = shapely.points(*places)
    inside = [shapely.contains(countries[state], points) for state in STATES[name]]
    return float(inside[0][depth >= host].mean()), float(inside[1][depth < host].mean())


@pytest.mark.parametrize("name", shipped_borders())
def test_the_page_says_how_much_of_the_grid_is_elsewhere(name: str) -> None:
    (told,) = re.findall(rf"^\| `{name}` \| (\d+) % \| (\d+) % \|", PAGE, re.MULTILINE)
    assert [round(100 * share) for share in shares(name)] == [int(share) for share in told]


def test_a_shallower_grid_keeps_to_the_states() -> None:
    home, host = shares("israel_lebanon", "border.home_depth=3", "border.host_depth=2")
    told = f"leave {100 * home:.0f} % of the home side in Israel and {100 * host:.0f} % of the host"
    assert f"(`border.home_depth=3 border.host_depth=2`) {told}" in " ".join(PAGE.split())

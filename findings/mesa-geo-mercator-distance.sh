#!/bin/sh
# Mesa-Geo 0.9.3: a GeoSpace() measures in Web Mercator, which stretches distances by 1 / cos(latitude).
# At 34 degrees north, on the Durand line, two points 46 km apart are "55.7 km" apart, and one is no
# neighbour of the other within 50 km. It warns of the conversion, not of what distances then mean.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check mesa-geo==0.9.3 mesa==3.5.1 \
    networkx==3.5 numpy==2.3.5 shapely==2.1.2 pyproj==3.7.2 geopandas==1.1.1 pandas==2.3.3
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
import sys

import mesa
import mesa_geo
from pyproj import Geod
from shapely.geometry import Point

HERE, THERE = (71.0, 34.1), (71.5, 34.1)
model = mesa.Model()
model.space = mesa_geo.GeoSpace()
creator = mesa_geo.AgentCreator(mesa_geo.GeoAgent, model=model, crs="epsg:4326")
here, there = (creator.create_agent(Point(*place)) for place in (HERE, THERE))
model.space.add_agents([here, there])

measured = model.space.distance(here, there)
true = Geod(ellps="WGS84").inv(*HERE, *THERE)[2]
near = list(model.space.get_neighbors_within_distance(here, 50_000))
print(f"mesa-geo {mesa_geo.__version__}, GeoSpace() in {model.space.crs}")
print(f"distance() {measured:,.0f} m, along the ellipsoid {true:,.0f} m, ratio {measured / true:.3f}")
print(f"neighbours within 50 km: {len(near)}, itself among them: {here in near}; the other: {there in near}")
sys.exit(not (measured / true > 1.2 and there not in near))
PY

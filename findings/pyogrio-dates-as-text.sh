#!/bin/sh
# pyogrio 0.13.0: whether a column of dates is written to a GeoPackage as dates or as text depends on
# use_arrow, a switch that is about speed: text without it, which is the default, and dates with it.
# GIS programs then sort and filter the days of events as words, and geopandas reads strings back.
# Nothing is said. It cost us exports whose days QGIS took for words.
# Exits with 0 while that is so, with 1 once it is not.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pyogrio==0.13.0 geopandas==1.2.0 \
    pandas==2.3.3 numpy==2.3.5 shapely==2.1.2 pyproj==3.7.2 pyarrow==22.0.0
cd "$work"
"$work/venv/bin/python" -W error - <<'PY'
import datetime
import sys

import geopandas
import pyogrio
from shapely.geometry import Point

events = geopandas.GeoDataFrame(
    {"day": [datetime.date(2025, 10, 19), datetime.date(2025, 11, 25)]},
    geometry=[Point(70, 33), Point(71, 34)],
    crs=4326,
)
print(f"pyogrio {pyogrio.__version__}, GDAL {pyogrio.__gdal_version_string__}: a column of datetime.date")
kinds = {}
for arrow in (False, True):
    events.to_file("events.gpkg", use_arrow=arrow)
    kinds[arrow] = pyogrio.read_info("events.gpkg")["ogr_types"][0]
    print(f"use_arrow={arrow}: {kinds[arrow]} in the file, read as {geopandas.read_file('events.gpkg')['day'].dtype}")
sys.exit(kinds != {False: "OFTString", True: "OFTDate"})
PY

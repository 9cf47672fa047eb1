"""A sweep in the formats of other programs: CSV, Excel, Stata, SPSS, and maps for QGIS.

Each format allows different names and types. Names are changed as little as a format demands,
labels say what each column is, and words and flags become labelled numbers in programs that know
them.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from truce_sim.analysis.opened import opened
from truce_sim.errors import InputError
from truce_sim.results.outputs import writing
from truce_sim.results.spreadsheets import as_csv, guarded
from truce_sim.results.store import write_whole
from truce_sim.sweeps.sweep import Sweep

#: Rows of an Excel sheet, its header included.
_EXCEL_ROWS = 1_048_576
#: The greatest whole number in Stata's longest type, and the greatest exact one in a double.
_LONG, _EXACT = 2_147_483_620, 2**53

_STATA_WORDS = (
    "byte", "double", "float", "if", "in", "int", "long", "using", "with", "strL", "_all", "_b",
    "_coef", "_cons", "_n", "_N", "_pi", "_pred", "_rc", "_skip",
)  # fmt: skip
_SPSS_WORDS = (
    "ALL", "AND", "BY", "EQ", "GE", "GT", "LE", "LT", "NE", "NOT", "OR", "TO", "WITH",
)  # fmt: skip


_Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Labelled:
    """A table with plain numbers and text, and what they mean.

    Attributes:
        frame: the values; words and flags as numbers.
        names: name in the sweep -> name in the file.
        labels: name in the file -> what the column is.
        values: name in the file -> number -> word.
    """

    frame: pd.DataFrame
    names: Mapping[str, str]
    labels: Mapping[str, str]
    values: Mapping[str, Mapping[int, str]]


@opened
def export_sweep(sweep: Sweep, form: str, out: str | Path | None = None) -> list[Path]:
    """Write a sweep's runs and points, and daily series and events if kept, for other programs.

    Args:
        sweep: the sweep.
        form: "csv", "xlsx", "dta" (Stata) or "sav" (SPSS); "geojson" or "gpkg" for the events with
        a location.
        out: folder to write into; by default `export-<form>` in the folder of the sweep.

    Returns:
        The files.

    Raises:
        InputError: an unknown format or one whose library is not installed, a file that exists, or
            a table that the format cannot hold.
    """
    if form not in FORMATS:
        raise InputError("no such format", setting="--to", value=form, allowed=", ".join(FORMATS))
    needed, write = FORMATS[form]
    if needed and find_spec(needed) is None:
        extra = "geo" if form in _MAPS else "export"
        raise InputError(
            f"needs {needed}, which is not installed", setting="--to", value=form,
            allowed=f"pip install 'truce-sim[{extra}]', then again; csv, dta and geojson need "
            "nothing more",
        )  # fmt: skip
    folder = Path(out or sweep.path / f"export-{form}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            "exists and is not an empty folder", setting="--out", value=str(folder),
            allowed="a new folder; nothing is overwritten",
        )  # fmt: skip
    tables = {"events": _placed_events(sweep)} if form in _MAPS else _tables(sweep)
    meanings = {name: sweep.meanings(name) for name in tables}
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        return write(folder, tables, meanings)


def _tables(sweep: Sweep) -> dict[str, pd.DataFrame]:
    tables = {"runs": sweep.runs, "points": sweep.points.reset_index()}
    for kind in ("series", "events"):
        if (sweep.path / kind).is_dir():
            tables[kind] = sweep.load(None, kind)
    return tables


def _placed_events(sweep: Sweep) -> pd.DataFrame:
    """The events with a location, with longitude and latitude; dates have no time.

    Columns that are empty for all of them (those about decisions) are left out: programs would read
    them as text.
    """
    events = sweep.load(None, "events")
    if "longitude" not in events:
        raise InputError(
            "has no course: its events have no place on the earth", setting="--to",
            value=str(sweep.path), allowed="csv, xlsx, dta or sav; or a border with a line.geojson",
        )  # fmt: skip
    placed = events[events["longitude"].notna()].dropna(axis=1, how="all")
    dates = placed.select_dtypes("datetime").columns
    return placed.assign(**{name: placed[name].dt.date for name in dates})


# ── names, types, labels ─────────────────────────────────────────────────────────────────────


def stata_names(names: Iterable[str]) -> dict[str, str]:
    """Return the name of each column in Stata: at most 32 letters, digits and underscores."""
    return _unique(names, lambda name: _cut(re.sub(r"\W", "_", name), 32, _STATA_WORDS), 32)


def spss_names(names: Iterable[str]) -> dict[str, str]:
    """Return the name of each column in SPSS: at most 64 letters, digits, dots and underscores."""
    return _unique(
        names, lambda name: _cut(re.sub(r"[^\w.]", "_", name).rstrip("._"), 64, _SPSS_WORDS), 64
    )


def _cut(name: str, most: int, reserved: Iterable[str]) -> str:
    """Shorten a name from the left, since settings differ at the end of their paths."""
    short = name[-most:].lstrip("._0123456789") or "x"
    taken = short.upper() in {word.upper() for word in reserved}
    return f"{short[: most - 1]}_" if taken else short


def _unique(names: Iterable[str], shorten: Callable[[str], str], most: int) -> dict[str, str]:
    """Shorten names, and number those that would become equal."""
    found: dict[str, str] = {}
    for name in names:
        ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        short = shorten(ascii_name)
        taken = {other.lower() for other in found.values()}
        tries = (f"{short[: most - len(str(i)) - 1]}_{i}" for i in range(2, 10_000))
        found[name] = next(t for t in (short, *tries) if t.lower() not in taken)
    return found


def label(frame: pd.DataFrame, meanings: pd.DataFrame, names: Mapping[str, str]) -> Labelled:
    """Return a table as Stata and SPSS store it: numbers, text, and labels for both.

    Whole numbers beyond the exact range of a double, and columns with an infinite number, become
    text, because these programs cannot hold them.

    Args:
        frame: a table of a sweep.
        meanings: unit and meaning of each column, by its name (`Sweep.meanings`).
        names: name in the sweep -> name in the file.
    """
    columns: dict[str, Any] = {}
    values: dict[str, dict[int, str]] = {}
    for name in frame.columns:
        short = names[name]
        columns[short], words = _plain(frame[name])
        if words:
            values[short] = words
    labels = {names[name]: _meaning(name, meanings) for name in frame.columns}
    return Labelled(pd.DataFrame(columns), names, labels, values)


def _plain(column: pd.Series) -> tuple[pd.Series, dict[int, str]]:
    """Return a column as numbers or text, and what its numbers stand for."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        words = {code: str(word) for code, word in enumerate(column.cat.categories)}
        codes = column.cat.codes.astype(float).where(column.notna())
        return (codes.astype(np.int32) if column.notna().all() else codes), words
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column, {}
    if pd.api.types.is_bool_dtype(column.dtype):
        return _numbers(column), {0: "no", 1: "yes"}
    if pd.api.types.is_numeric_dtype(column.dtype):
        numbers = _numbers(column)
        if np.isinf(numbers.to_numpy(float)).any() or abs(numbers).max() > _EXACT:
            return column.astype(str), {}
        return numbers, {}
    return column.astype(object).where(column.notna(), "").astype(str), {}


def _numbers(column: pd.Series) -> pd.Series:
    """Return numbers as 32-bit integers if they fit, otherwise as floats."""
    if column.isna().any() or pd.api.types.is_float_dtype(column.dtype):
        return column.astype(float)
    whole = column.astype(np.int64)
    fits = abs(whole).max() <= _LONG if len(whole) else True
    return whole.astype(np.int32 if fits else float if abs(whole).max() <= _EXACT else np.int64)


def _meaning(name: str, meanings: pd.DataFrame) -> str:
    base = re.sub(r"_(low|high)$", "", name)
    if base not in meanings.index:
        return name
    unit, meaning = meanings.loc[base, ["unit", "meaning"]]
    end = {"_low": ", lower end of 95 %", "_high": ", upper end of 95 %"}.get(name[len(base) :], "")
    return f"{meaning}{end}{f' [{unit}]' if unit else ''}"


def codebook(tables: _Tables, meanings: _Tables) -> pd.DataFrame:
    """Return a row for each column of each table: table, column, unit and meaning."""
    rows = [
        {"table": table, "column": name}
        | (known.loc[name].to_dict() if name in (known := meanings[table]).index else {})
        for table, frame in tables.items()
        for name in frame.columns
    ]
    return pd.DataFrame(rows, columns=["table", "column", "unit", "meaning"]).fillna("")


# ── the formats ──────────────────────────────────────────────────────────────────────────────


def _write_csv(folder: Path, tables: _Tables, meanings: _Tables) -> list[Path]:
    paths = []
    for name, frame in {**tables, "columns": codebook(tables, meanings)}.items():
        paths.append(folder / f"{name}.csv")
        text = as_csv(frame)
        write_whole(paths[-1], lambda path, text=text: path.write_text(text, encoding="utf-8"))  # type: ignore[misc]
    return paths


def _write_excel(folder: Path, tables: _Tables, meanings: _Tables) -> list[Path]:
    for name, frame in tables.items():
        if len(frame) >= _EXCEL_ROWS:
            raise InputError(
                f"{name} has {len(frame):,} rows, more than a sheet of Excel holds",
                setting="--to", value="xlsx", allowed="csv, dta or sav",
            )  # fmt: skip
    path = folder / "sweep.xlsx"

    def write(temporary: Path) -> None:
        with pd.ExcelWriter(temporary, engine="openpyxl") as book:
            for name, frame in {**tables, "columns": codebook(tables, meanings)}.items():
                guarded(frame).to_excel(book, sheet_name=name, index=False, freeze_panes=(1, 0))

    write_whole(path, write)
    return [path]


def _write_stata(folder: Path, tables: _Tables, meanings: _Tables) -> list[Path]:
    def write(table: Labelled, path: Path) -> None:
        table.frame.to_stata(
            path, write_index=False, version=118,
            variable_labels={name: text[:80] for name, text in table.labels.items()},
            value_labels={name: dict(words) for name, words in table.values.items()},  # type: ignore[arg-type]
        )  # fmt: skip

    return _write_labelled(folder, "dta", tables, meanings, stata_names, write)


def _write_spss(folder: Path, tables: _Tables, meanings: _Tables) -> list[Path]:
    import pyreadstat

    def write(table: Labelled, path: Path) -> None:
        pyreadstat.write_sav(
            table.frame, str(path),
            column_labels={name: text[:256] for name, text in table.labels.items()},
            variable_value_labels={name: dict(words) for name, words in table.values.items()},  # type: ignore[arg-type]
        )  # fmt: skip

    return _write_labelled(folder, "sav", tables, meanings, spss_names, write)


def _write_labelled(
    folder: Path,
    ending: str,
    tables: _Tables,
    meanings: _Tables,
    names: Callable[[Iterable[str]], dict[str, str]],
    write: Callable[[Labelled, Path], None],
) -> list[Path]:
    """Write each table to its own file, with labels and names that the format allows."""
    paths = []
    for name, frame in tables.items():
        table = label(frame, meanings[name], names(frame.columns))
        paths.append(folder / f"{name}.{ending}")
        write_whole(paths[-1], partial(write, table))
    return paths


def _write_geojson(folder: Path, tables: _Tables, meanings: _Tables) -> list[Path]:
    events = tables["events"]
    path = folder / "events.geojson"

    def write(temporary: Path) -> None:
        dates = events.columns.intersection(["date"])
        whole = events.assign(**{name: events[name].map(str, na_action="ignore") for name in dates})
        plain = json.loads(whole.to_json(orient="records"))
        with temporary.open("w", encoding="utf-8") as file:
            file.write('{"type": "FeatureCollection", "features": [')
            for i, row in enumerate(plain):
                at = {"type": "Point", "coordinates": [row.pop("longitude"), row.pop("latitude")]}
                feature = {"type": "Feature", "properties": row, "geometry": at}
                file.write(f"{',' if i else ''}\n{json.dumps(feature)}")
            file.write("\n]}\n")

    write_whole(path, write)
    return [path]


def _write_geopackage(folder: Path, tables: _Tables, meanings: _Tables) -> list[Path]:
    import geopandas

    events = tables["events"]
    words = events.select_dtypes("category").columns
    points = geopandas.points_from_xy(events["longitude"], events["latitude"], crs="EPSG:4326")
    frame = geopandas.GeoDataFrame(events.astype(dict.fromkeys(words, str)), geometry=points)
    path = folder / "events.gpkg"

    def write(temporary: Path) -> None:
        named = temporary.with_name(f"{temporary.name}.gpkg")  # as the format demands
        frame.to_file(named, driver="GPKG", layer="events", use_arrow=True)  # Arrow keeps dates
        named.replace(temporary)

    write_whole(path, write)
    return [path]


#: Formats for maps, which hold only the events.
_MAPS = ("geojson", "gpkg")

#: Name -> the extra library that it needs, and the function that writes it.
FORMATS: dict[str, tuple[str, Callable[[Path, _Tables, _Tables], list[Path]]]] = {
    "csv": ("", _write_csv),
    "xlsx": ("openpyxl", _write_excel),
    "dta": ("", _write_stata),
    "sav": ("pyreadstat", _write_spss),
    "geojson": ("", _write_geojson),
    "gpkg": ("geopandas", _write_geopackage),
}

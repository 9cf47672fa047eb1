"""Event files as researchers have them: every row that does not count is counted by its reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_series_equal

from truce_sim.analysis import micro
from truce_sim.analysis.incidents import read_incidents
from truce_sim.border.folder import find_folder
from truce_sim.errors import InputError
from truce_sim.events.files import separator
from truce_sim.events.layouts import GED_COLUMNS
from truce_sim.events.rules import Events, read_events

N = 400


def ged(n: int = N, seed: int = 1) -> pd.DataFrame:
    """Events of a Poisson process beside the Durand line, in UCDP's layout."""
    rng = np.random.default_rng(seed)
    day = np.sort(rng.integers(0, 4 * 365, n))
    date = (pd.Timestamp("2015-01-02") + pd.to_timedelta(day, "D")).strftime("%Y-%m-%d")
    return pd.DataFrame({
        "id": 1000 + np.arange(n), "date_start": date, "date_end": date, "best": 1 + day % 5,
        "low": 1, "high": 9, "longitude": rng.normal(70.5, 0.3, n).round(4),
        "latitude": rng.normal(33.2, 0.3, n).round(4), "where_prec": 1, "date_prec": 1,
        "event_clarity": 1, "dyad_name": "Government - TTP", "country": "Pakistan",
    })  # fmt: skip


def acled(n: int = N) -> pd.DataFrame:
    """The same in ACLED's layout."""
    table = ged(n)
    return pd.DataFrame({
        "event_id_cnty": [f"PAK{i}" for i in table["id"]], "event_date": table["date_start"],
        "year": table["date_start"].str[:4], "time_precision": 1, "event_type": "Battles",
        "actor1": "TTP", "actor2": "Police", "country": "Pakistan",
        "latitude": table["latitude"], "longitude": table["longitude"], "geo_precision": 1,
        "fatalities": table["best"],
    })  # fmt: skip


def written(folder: Path, table: pd.DataFrame, sep: str = ",", header: bool = True) -> Path:
    table.to_csv(folder / "events.csv", index=False, sep=sep, header=header)
    return folder / "events.csv"


def read(folder: Path, table: pd.DataFrame, **arguments: str) -> Events:
    return read_events(written(folder, table), **arguments)


def test_repeated_rows_count_once(tmp_path: Path) -> None:
    """Two concatenated releases: the Fano factor would double."""
    once = read_incidents(written(tmp_path, ged()), within_km=400)
    twice = read_incidents(written(tmp_path, pd.concat([ged(), ged()])), within_km=400)
    fano = micro.fano(once).value
    assert micro.fano(twice).value == fano
    assert f"{N} repeated (id seen before)" in twice.account[0]
    other = ged().assign(id=5000 + np.arange(N))
    doubled = read_incidents(written(tmp_path, pd.concat([ged(), other])), within_km=400)
    assert micro.fano(doubled).value == pytest.approx(2 * fano, rel=0.02)
    assert "repeated (event_id_cnty" in read(tmp_path, pd.concat([acled(), acled()])).account()


@pytest.mark.parametrize(
    ("make", "column", "value", "told"),
    [
        (acled, "geo_precision", 3, "40 placed in a region (geo_precision above 2)"),
        (acled, "time_precision", 3, "40 dated to a week or worse (time_precision above 1)"),
        (ged, "where_prec", 5, "40 placed in a province or worse (where_prec above 3)"),
        (ged, "date_prec", 4, "40 dated to a week or worse (date_prec above 2)"),
        (ged, "where_prec", "", "40 with a blank where_prec"),
        (ged, "latitude", "", "40 without a place"),
        (ged, "date_start", "", "40 without a date"),
        (ged, "best", "", "40 without a number in best"),
        (ged, "best", 0, "40 without deaths"),
    ],
)
def test_rows_are_left_out_by_a_stated_rule_and_counted(
    tmp_path, make, column, value, told
) -> None:
    table = make().astype(object)
    table.loc[table.index < 40, column] = value
    found = read(tmp_path, table)
    assert told in found.account()
    assert f"{N - 40} of {N} rows count" in found.account()


def test_imprecise_places_do_not_pile_up_at_a_capital(tmp_path: Path) -> None:
    """30 % at a provincial capital raised the Gini coefficient."""
    table = acled()
    clean = read_incidents(written(tmp_path, table[120:]), within_km=400)
    table.loc[:119, ["longitude", "latitude", "geo_precision"]] = 71.58, 34.01, 3
    found = read_incidents(written(tmp_path, table), within_km=400)
    assert micro.gini(found).value == pytest.approx(micro.gini(clean).value, abs=0.005)
    piled = read_incidents(written(tmp_path, table.assign(geo_precision=1)), within_km=400)
    assert "120 of 400 events lie on one place, 71.58, 34.01" in piled.account[-1]


def test_several_days_and_summaries_are_said(tmp_path: Path) -> None:
    table = ged()
    start = pd.to_datetime(table["date_start"])
    table.loc[:16, "date_end"] = (start + pd.Timedelta(days=9))[:17].dt.strftime("%Y-%m-%d")
    table.loc[20:24, "event_clarity"] = 2
    found = read(tmp_path, table)
    assert (
        found.remarks[0]
        == "17 events cover more than 2 days (up to 10): they count on their first day"
    )
    assert found.remarks[1].startswith("5 events are summaries of several events")
    assert len(found.frame) == N
    strict = read(tmp_path, table, coarse="drop")
    assert len(strict.frame) == N - 22
    assert "17 that cover more than 2 days (up to 10), 5 summaries" in strict.account()
    spread = read(tmp_path, table, coarse="spread")
    assert spread.remarks[0].endswith("(up to 10): they count once, on one of their days")
    later = (spread.frame["date"] - found.frame["date"]).dt.days
    assert len(spread.frame) == N
    assert later[17:].eq(0).all()
    assert later[:17].between(0, 9).all()
    assert later[:17].value_counts().max() <= 3  # evenly: each of ten days once or twice


def test_events_of_many_days_are_spread_over_all_of_them(tmp_path: Path) -> None:
    """The last event may end after the first day of any other; the file gives the same dates."""
    table = ged()
    last = pd.to_datetime(table["date_start"]).max()
    table["date_end"] = (pd.to_datetime(table["date_start"]) + pd.Timedelta(days=29)).dt.strftime(
        "%Y-%m-%d"
    )
    found = read(tmp_path, table, coarse="spread")
    assert len(found.frame) == N
    assert found.until >= found.frame["date"].max() >= last
    later = (found.frame["date"] - read(tmp_path, table).frame["date"]).dt.days
    assert set(later) == set(range(30))
    assert_series_equal(found.frame["date"], read(tmp_path, table, coarse="spread").frame["date"])


def test_sums_of_weeks_and_months_are_noticed(tmp_path: Path) -> None:
    saturdays = pd.date_range("2021-01-02", periods=8, freq="7D").strftime("%Y-%m-%d")
    found = read(tmp_path, acled(8).assign(event_date=saturdays))
    assert "all 8 events are on a Saturday: they may be sums of weeks" in found.remarks
    month = acled()
    month.loc[:149, "event_date"] = month["event_date"].str[:8] + "01"
    assert "are on the first of a month" in read(tmp_path, month).remarks[0]
    weekly = pd.DataFrame({"WEEK": saturdays, "EVENTS": 3, "FATALITIES": 2,
                           "CENTROID_LATITUDE": 33, "CENTROID_LONGITUDE": 70})  # fmt: skip
    with pytest.raises(InputError, match="holds weekly sums of regions, not events"):
        read(tmp_path, weekly)
    assert read(tmp_path, acled()).remarks == []


def test_few_events_on_one_weekday_are_noticed_before_others_are_left_out(tmp_path: Path) -> None:
    """Six weeks on one weekday come by chance once in 16,807 files."""
    saturdays = pd.date_range("2021-01-02", periods=8, freq="7D").strftime("%Y-%m-%d")
    table = acled(8).assign(event_date=saturdays)
    table.loc[:1, "fatalities"] = 0
    found = read(tmp_path, table)
    assert "all 6 events are on a Saturday: they may be sums of weeks" in found.remarks


@pytest.mark.parametrize(
    ("make", "column", "value", "told"),
    [
        (ged, "where_prec", "exact", "where_prec = 'exact': is not a number"),
        (acled, "geo_precision", "town", "geo_precision = 'town': is not a number"),
        (ged, "event_clarity", "clear", "event_clarity = 'clear': is not a number"),
        (ged, "longitude", "70,5", "a number with a decimal point"),
        (ged, "latitude", 999, "latitude = '999': is not on the earth"),
        (ged, "date_start", "0025-03-01", "years from 1945 on"),
    ],
)
def test_text_for_a_number_is_refused_with_its_row(tmp_path, make, column, value, told) -> None:
    table = make().astype(object)
    table.loc[7, column] = value
    with pytest.raises(InputError) as caught:
        read(tmp_path, table)
    assert told in str(caught.value)
    assert str(caught.value.origin).endswith("events.csv, row 8")


@pytest.mark.parametrize("setting", ["since", "until"])
@pytest.mark.parametrize("text", ["0018-01-01", "9999-01-01", "01/02/2018", "2018-02-30"])
def test_dates_that_cannot_have_been_watched_are_refused(tmp_path, setting, text) -> None:
    with pytest.raises(InputError, match=r"is not a date|is not in a year of event data"):
        read(tmp_path, ged(), **{setting: text})


def test_events_that_end_before_they_begin_are_counted(tmp_path: Path) -> None:
    table = ged()
    table.loc[:9, "date_end"] = "2014-01-01"
    assert "10 that end before they begin" in read(tmp_path, table).account()


def test_without_ids_rows_that_are_alike_are_said(tmp_path: Path) -> None:
    table = acled().drop(columns="event_id_cnty")
    found = read(tmp_path, pd.concat([table, table]))
    assert found.remarks[0].startswith(f"{N} rows are the same as an earlier one")
    assert len(found.frame) == 2 * N


def test_a_missing_column_and_a_missing_header_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lacks a column latitude"):
        read(tmp_path, ged().drop(columns="latitude"))
    with pytest.raises(InputError) as caught:
        read_events(written(tmp_path, ged(), header=False))
    assert "the first row, which has numbers, must name the columns" in str(caught.value)


@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
def test_separators_are_found_out(tmp_path: Path, sep: str) -> None:
    path = written(tmp_path, ged().assign(dyad_name="A, B; C"), sep)
    assert separator(path.read_text()) == sep
    assert len(read_events(path).frame) == N


def test_tag_rows_other_names_and_other_encodings(tmp_path: Path) -> None:
    """Rows of HXL tags, best_est of GED 17, names in capitals, Latin-1."""
    tags = pd.DataFrame([{name: f"#{name}" for name in ged().columns}])
    assert len(read(tmp_path, pd.concat([tags, ged()])).frame) == N
    assert len(read(tmp_path, ged().rename(columns={"best": "best_est"})).frame) == N
    assert len(read(tmp_path, ged().rename(columns=str.upper)).frame) == N
    some = tags.assign(country="", dyad_name="", id="", low="", high="", where_prec="")
    assert len(read(tmp_path, pd.concat([some, ged()])).frame) == N  # few columns have a tag
    path = written(tmp_path, ged().assign(dyad_name="Côte"))
    text = path.read_text(encoding="utf-8")
    for kind, ends in (("utf-8-sig", "\r\n"), ("utf-16", "\n"), ("utf-8", "\r")):
        path.write_bytes(text.replace("\n", ends).encode(kind))
        assert len(read_events(path, actor="côte").frame) == N
    path.write_bytes(text.encode("latin-1"))
    assert len(read_events(path, actor="côte").frame) == N


def test_a_candidate_release_without_a_header(tmp_path: Path) -> None:
    table = ged()
    whole = pd.DataFrame({name: table.get(name, 0) for name in GED_COLUMNS})
    whole["side_a"], whole["source_article"] = "", "text"
    found = read_events(written(tmp_path, whole, header=False), actor="TTP")
    assert len(found.frame) == found.rows == N
    assert found.frame["deaths"].tolist() == table["best"].tolist()


def test_dates_as_ucdp_and_acled_write_them(tmp_path: Path) -> None:
    dates = [
        "2021-03-01 00:00:00.000",
        "2021-03-02T10:00",
        "02 April 2021",
        "5-May-2021",
        "2021-06-01",
    ]
    found = read(tmp_path, acled(5).assign(event_date=dates))
    assert found.frame["date"].dt.strftime("%m-%d").tolist() == [
        "03-01",
        "03-02",
        "04-02",
        "05-05",
        "06-01",
    ]
    with pytest.raises(InputError, match=r"events.csv, row 3|is not a date") as caught:
        read(tmp_path, acled(5).assign(event_date=[*dates[:2], "3/4/2021", *dates[3:]]))
    assert caught.value.origin.endswith("row 3")


def test_nothing_left_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, acled(9), actor="TTP", until="2015-01-02", since="2015-01-02")
    assert "0 of 9 rows count; 9 at other dates" in str(caught.value)
    with pytest.raises(InputError, match="leaves no days"):
        read(tmp_path, acled(9), since="2030-01-01")
    with pytest.raises(InputError, match="leaves no days"):
        read(tmp_path, acled(9), since="2016-02-01", until="2016-01-01")


def own_border(folder: Path, start: float, length: float) -> Path:
    """A border along a parallel, whose km do not begin at 0."""
    path = folder / "own"
    path.mkdir()
    edges = np.linspace(start, start + length, 11)
    pd.DataFrame(
        {"km_from": edges[:-1], "km_to": edges[1:], "weight": 1, "ruggedness": 0.5}
    ).to_csv(path / "segments.csv", index=False)
    east = length / 111.3195
    (path / "line.geojson").write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"home_side":"left"},'
        '"geometry":{"type":"LineString","coordinates":'
        f"{[[x, 0.0] for x in np.linspace(0, east, 60).tolist()]}"
        "}}]}"
    )
    return path


def test_events_lie_beside_their_own_border(tmp_path: Path) -> None:
    """518 km from km 700 on, with the same number of events in each 100 km: no inequality."""
    rng = np.random.default_rng(4)
    table = acled(500).assign(
        longitude=(np.arange(500) * 500 / 500 + 0.5) / 111.3195,
        latitude=rng.uniform(-0.2, 0.3, 500),
    )
    border = own_border(tmp_path, 700, 500)
    found = read_incidents(written(tmp_path, table), border=border)
    assert found.line_km == 500
    assert found.frame["km_along"].max() == pytest.approx(499.5, abs=0.1)
    assert micro.gini(found).value == pytest.approx(0, abs=0.01)
    home = read_incidents(written(tmp_path, table), border=border, side="home")
    assert len(home.frame) == (table["latitude"] > 0).sum()
    assert "not on the home side" in home.account[0]
    with pytest.raises(InputError, match="no event is near the line: 500 of 500 events"):
        read_incidents(written(tmp_path, table), border="durand")
    assert find_folder(border).span == (700, 1200)

"""The picture of a day: one geometry, a mark for everything, a caption; films that leave out
nothing that happens to the truce."""

from __future__ import annotations

import io
import json
import re
import shutil
from base64 import b64decode

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from truce_sim.analysis.plots.ground import round_length
from truce_sim.analysis.plots.marks import BANDS, MARKS
from truce_sim.border.atlas import Plane, make_atlas
from truce_sim.border.border import make_border
from truce_sim.config.load import load_config
from truce_sim.errors import InputError
from truce_sim.files import BORDERS, shipped_borders
from truce_sim.viewer.pictures.figure import DayFigure
from truce_sim.viewer.pictures.movie import film_days, write_movie
from truce_sim.viewer.state import week
from truce_sim.viewer.state.caption import caption, changed_settings
from truce_sim.viewer.state.ground import ground_of, map_data, what_it_is
from truce_sim.viewer.state.opening import Opening
from truce_sim.viewer.state.picture import day_incidents, list_bands, struck_sectors
from truce_sim.viewer.state.session import Session
from truce_sim.viewer.state.track import Track, run_track
from truce_sim.viewer.state.week import DAYS, Week, frame_data, past_incidents


@pytest.fixture(scope="module")
def track() -> Track:
    """A run with a home strike that destroys a band on day 57, its last."""
    return run_track(load_config(["seed=3"]))


@pytest.fixture(scope="module")
def figure(track: Track) -> DayFigure:
    return DayFigure(track, "home_effort", dpi=50)


def on(track: Track, figure: DayFigure, day: int):
    """The model on a day, shown."""
    model, week = track.model(), Week()
    while model.day < day:
        week.note(model)
        model.step()
    figure.show(model, week)
    return model


def test_every_incident_has_its_mark_at_its_place(track, figure) -> None:
    """Each kind as often as it happened; a band destroyed is not drawn as an attack."""
    days = track.run.events.query("kind == 'band_destroyed'")["day"].unique()
    assert len(days)
    for day in (*days, 20):
        model = on(track, figure, day)
        today = day_incidents(model, day)
        for kind, dots in figure.marks.items():
            here = np.array([(s, d) for each, s, d, *_ in today if each == kind]).reshape(-1, 2)
            expected = figure.atlas.place(here[:, 0] + 0.5, here[:, 1] + 0.5)
            assert_allclose(np.asarray(dots.get_offsets()), expected)
    shown = {kind: len(dots.get_offsets()) for kind, dots in figure.marks.items()}
    assert sum(shown.values()) == len(today)


def test_marks_can_be_told_apart() -> None:
    looks = [(mark.colour, mark.shape) for mark in MARKS.values()]
    assert len(set(looks)) == len(MARKS)
    assert MARKS["band_destroyed"].shape != MARKS["attack"].shape


def test_bands_on_the_move_and_waiting(track, figure) -> None:
    seen = set()
    for day in range(15, 30):
        bands = list_bands(on(track, figure, day))
        for status, dots in figure.bands.items():
            number = sum(now == status for *_, now in bands)
            assert len(dots.get_offsets()) == number
            seen |= {status} if number else set()
    assert seen == set(BANDS)


def test_a_strike_has_its_frame_and_words(track, figure) -> None:
    series = track.run.series
    struck = series.index[series["strikes_by_home"] > 0]
    model = on(track, figure, struck[0])
    first, last = struck_sectors(model)
    frame = figure.atlas.outline((first, last + 1), (0, model.config.border.host_depth))
    assert figure.struck.get_visible()
    assert_allclose(figure.struck.get_xy()[: len(frame)], frame)
    assert "home" in figure.strikes.get_text()
    quiet = series.index[(series[["strikes_by_home", "strikes_by_host"]] == 0).all(axis=1)]
    on(track, figure, quiet[0])
    assert not figure.struck.get_visible()
    assert figure.strikes.get_text() == ""


def test_a_week_fades(track, figure) -> None:
    """Incidents and strikes of the six days before are there, the older the fainter, and so are the
    ways of bands; after a jump to a day they are the same as after stepping to it."""
    model, session = on(track, figure, 57), Session(Opening(track.setup))
    events = track.run.events.query("51 <= day < 57")
    past = past_incidents(model)
    assert len(past) == events["kind"].isin(MARKS).sum()
    for kind, marks in figure.past.items():
        ages = [age for incident, age in past if incident[0] == kind]
        assert len(marks.get_offsets()) == len(ages)
        assert_allclose(marks.get_alpha() if ages else [], [0.6 * (1 - age / DAYS) for age in ages])
    struck = events.query("kind == 'strike' and actor == 'home'")
    assert len(figure.struck_before.get_paths()) == len(struck)
    way = max(figure.trails.get_segments(), key=len)
    assert 2 < len(way) <= DAYS
    for day in (57, 20, 3):
        walked, jumped = Week(), session.clock.value.at(day)
        walk = track.model()
        while walk.day < day:
            walked.note(walk)
            walk.step()
        assert frame_data(walk, "activity", 1.0, walked) == frame_data(
            jumped.models[0], "activity", 1.0, jumped.weeks[0]
        )


def test_what_a_strike_destroyed_was_where_it_struck(track) -> None:
    model, week = track.model(), Week()
    for day in range(track.last_day + 1):
        week.note(model)
        model.step()
        gone = track.run.events.query(f"day == {day} and kind == 'band_destroyed'")
        for sector in gone["sector"]:
            first, last = struck_sectors(model)
            assert first <= sector <= last


def test_a_frame_is_the_picture_of_its_day_whatever_was_drawn_before(track, figure) -> None:
    """What stays is laid out once; on the day of a strike, all that moves is elsewhere."""
    on(track, figure, 20)
    before = figure.pixels()
    on(track, figure, 57)
    fresh = DayFigure(track, "home_effort", dpi=50)
    on(track, fresh, 57)
    assert (figure.pixels() == fresh.pixels()).all()
    assert (figure.pixels() != before).any()


def test_the_key_lists_every_mark(figure) -> None:
    _, labels = figure.border.get_legend_handles_labels()
    for mark in MARKS.values():
        assert mark.words in labels
    for *_, words in BANDS.values():
        assert words in labels


def test_no_words_cover_the_title_or_the_caption(track, figure) -> None:
    """Title, caption and strikes stand apart from the border and from each other."""
    on(track, figure, 57)
    figure.pixels()
    boxes = [text.get_window_extent() for text in (figure.title, figure.strikes, figure.caption)]
    boxes += [figure.border.get_window_extent()]
    for i, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[i + 1 :])
    names = [text for text in figure.border.texts if text.get_text()]
    extents = [text.get_window_extent() for text in names]
    frame = figure.border.get_window_extent()
    assert len(names) > 30
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 for box in extents)


def test_the_caption_says_what_the_picture_is(figure) -> None:
    config = load_config(["truce=literal", "seed=7", "replicate=2", "home.threshold=3"])
    said = caption(config)
    for words in ("not a forecast", "seed 7, replicate 2", "home.threshold=3", "truce_sim "):
        assert words in said
    assert changed_settings(load_config(["seed=9"])) == []
    assert "default settings" in figure.caption.get_text()


def test_an_svg_holds_the_caption(track, figure) -> None:
    out = io.BytesIO()
    figure.save(out, "svg")
    text = out.getvalue().decode()
    assert text.startswith("<?xml")
    assert "not a forecast" in text


@pytest.mark.parametrize("every", [1, 5, 40])
def test_films_show_all_that_happens_to_the_truce(track, every) -> None:
    series = track.run.series
    days = film_days(track, 0, track.last_day, every)
    assert set(range(0, track.last_day + 1, every)) <= set(days)
    assert days == sorted(set(days))
    struck = series.index[(series[["strikes_by_home", "strikes_by_host"]] > 0).any(axis=1)]
    changed = series.index[1:][(series["status"] != series["status"].shift())[1:]]
    assert {*struck, *changed, track.last_day} <= set(days)
    quiet = set(range(track.last_day)) - {*struck, *changed} - set(range(0, 999, every))
    assert not quiet & set(days)


def test_part_of_a_run_as_a_film(track, tmp_path) -> None:
    days = film_days(track, 40, 50, 100)
    assert days[0] == 40
    assert days[-1] == 50
    with pytest.raises(InputError, match="the run ends on day"):
        write_movie(track, tmp_path / "a.gif", days=(900, 901))


def test_a_gif_has_the_colours_of_the_picture(track, figure, tmp_path) -> None:
    """Those of the ground, which are faint, and those of the marks, which are small."""
    write_movie(track, tmp_path / "a.gif", days=(57, 57), dpi=50)
    with Image.open(tmp_path / "a.gif") as gif:
        shown = np.asarray(gif.convert("RGB")).astype(int)
    on(track, figure, 57)
    off = np.abs(shown - figure.pixels()).max(axis=2)
    assert np.mean(off > 4) < 0.1
    assert off.max() < 32


def test_a_border_without_a_course_is_a_strip() -> None:
    config = load_config(["scenario=synthetic"])
    atlas = make_atlas(config, make_border(config))
    assert not atlas.is_map
    assert_allclose(atlas.place(2.5, 3.25), [2.5, -3.25])
    assert len([label for label in atlas.labels if label.kind == "crossing"]) == 5
    track = run_track(load_config(["scenario=synthetic", "run.horizon_days=20"]))
    figure = DayFigure(track, "activity", dpi=40)
    on(track, figure, 3)
    assert figure.pixels().std() > 10


@pytest.mark.parametrize("course", [True, False])
def test_a_border_of_ones_own_has_the_names_its_folder_gives(tmp_path, course) -> None:
    """In the heading and on the map, with a course or without; a generic heading without names."""
    folder = tmp_path / "mine"
    shutil.copytree(BORDERS / "israel_lebanon", folder)
    about = (folder / "border.yaml").read_text(encoding="utf-8")
    assert "host: Lebanon" in about
    (folder / "border.yaml").write_text(about.replace("host: Lebanon", "host: North"))
    if not course:
        (folder / "line.geojson").unlink()
    config = load_config([f"scenario.path={folder}", "border.sectors=10"])
    ground = ground_of(config, make_border(config))
    assert ground["sides"] == ("North", "Israel")
    assert "between Israel (home state) and North (host state)" in what_it_is(ground)
    if course:
        sides = {name: side for kind, name, *_, side in ground["map"]["labels"] if side}
        assert sides == {"North": "host", "Israel": "home"}
    bare = load_config(["scenario=synthetic"])
    said = what_it_is(ground_of(bare, make_border(bare)))
    assert said == "a simulated truce, made up, no forecast"


def test_the_map_of_the_durand_line() -> None:
    """Cells are as large as they should be, the sides are named, and north is up."""
    config = load_config()
    atlas = make_atlas(config, make_border(config))
    assert atlas.is_map
    assert atlas.sides == ("Afghanistan", "Pakistan")
    assert {shape.kind for shape in atlas.shapes} == {"country", "province"}
    steps = np.linalg.norm(np.diff(atlas.line, axis=0), axis=1).sum()
    assert_allclose(steps, 2244.7, rtol=0.005)
    across = np.linalg.norm(np.diff(atlas.corners, axis=0), axis=2)
    assert_allclose(np.median(across), 10.0, atol=1.5)
    towns = ("place", "capital")
    where = {label.name: label.xy for label in atlas.labels if label.kind in towns}
    apart = pytest.importorskip("pyproj").Geod(ellps="WGS84").inv(69.1813, 34.5186, 67.02, 30.22)
    assert_allclose(np.linalg.norm(where["Kabul"] - where["Quetta"]), apart[2] / 1000, rtol=0.01)
    assert where["Kabul"][1] > where["Quetta"][1]
    assert where["Kabul"][0] < where["Islamabad"][0]


def test_an_outline_is_closed_around_its_cells() -> None:
    config = load_config()
    atlas = make_atlas(config, make_border(config))
    outline = atlas.outline((3, 5), (0, 5))
    assert_allclose(outline[0], outline[-1])
    assert_allclose(outline[0], atlas.place(3, 0))
    assert len(outline) == 2 * (2 * atlas.pieces + 1) + 2 * 6


def test_the_plane_keeps_distances_from_its_centre() -> None:
    plane = Plane(70.0, 33.0)
    places = plane([70.0, 71.0, 70.0], [33.0, 33.0, 34.0])
    assert_allclose(places[0], [0.0, 0.0], atol=1e-9)
    assert_allclose(np.linalg.norm(places[1:], axis=1), [93.26, 111.19], rtol=1e-3)


@pytest.mark.parametrize(("most", "length"), [(130, 100), (0.3, 0.2), (5, 5), (9.9, 5), (1, 1)])
def test_scale_bars_have_round_lengths(most: float, length: float) -> None:
    assert round_length(most) == pytest.approx(length)
    assert re.match(r"^[125]0*$", f"{round_length(most * 1000):g}")


def test_the_browser_gets_the_same_geometry_and_marks() -> None:
    """Corners to single precision, every mark; no map for a border without a course."""
    config = load_config()
    atlas = make_atlas(config, make_border(config))
    data = map_data(atlas)
    sent = np.frombuffer(b64decode(data["map"]["corners"]), "<f4").reshape(atlas.corners.shape)
    assert_allclose(sent, atlas.corners, atol=1e-3)
    assert data["map"]["pieces"] == atlas.pieces
    assert [tuple(look) for look in data["marks"].values()] == list(MARKS.values())
    sides = {name: side for kind, name, *_, side in data["map"]["labels"] if side}
    assert sides == {"Afghanistan": "host", "Pakistan": "home"}
    assert len(json.dumps(data)) < 400_000
    other = load_config(["scenario=synthetic"])
    assert map_data(make_atlas(other, make_border(other)))["map"] is None


@pytest.mark.parametrize("name", shipped_borders())
def test_every_border_that_ships_names_its_states_on_its_map(name: str) -> None:
    """Both, near the grid, on a base map that surrounds it."""
    config = load_config([f"scenario={name}"])
    atlas = make_atlas(config, make_border(config))
    assert atlas.is_map
    named = {label.name: label.xy for label in atlas.labels if label.kind == "country"}
    grid = atlas.corners.reshape(-1, 2)
    for state in atlas.sides:
        assert (grid.min(0) <= named[state]).all()
        assert (named[state] <= grid.max(0)).all()
    land = np.concatenate([shape.xy for shape in atlas.shapes])
    assert (land.min(0) <= grid.min(0)).all()
    assert (land.max(0) >= grid.max(0)).all()


def test_a_day_may_be_noted_while_the_days_before_are_read(monkeypatch) -> None:
    """As when a run plays: its player notes days while the page of the day before is made."""
    noted = week.Week()

    class Places(dict[int, tuple[int, int]]):
        def __contains__(self, band: object) -> bool:
            noted.note(None)  # type: ignore[arg-type]
            return super().__contains__(band)

    monkeypatch.setattr(week, "band_places", lambda _: Places({7: (1, 2)}))
    monkeypatch.setattr(week, "struck_sectors", lambda _: None)
    for _ in range(3):
        noted.note(None)  # type: ignore[arg-type]
    assert noted.trail(7) == [(1, 2)] * 3
    assert len(noted.trail(7)) == week.DAYS - 1

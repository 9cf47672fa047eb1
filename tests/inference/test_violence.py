"""An event file as data of a fit: the patterns of `validate`, by the same readers; bad files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from truce_sim import InputError, load_setup
from truce_sim.analysis.incidents import read_incidents
from truce_sim.analysis.micro import micro_table
from truce_sim.border.course import read_course
from truce_sim.border.folder import find_folder
from truce_sim.cli.commands import run_command
from truce_sim.inference.data import read_truces
from truce_sim.inference.prior import load_prior
from truce_sim.inference.task import Task
from truce_sim.inference.violence import in_years, read_violence

LINE = "line_of_control"
FREE = ["militants.attempts_per_day", "host.will"]


def events(folder: Path, days: int = 400, n: int = 120, border: str = LINE) -> Path:
    """A made-up UCDP file of events at random days and places near a line."""
    rng = np.random.default_rng(7)
    course = read_course(find_folder(border).line, find_folder(border).span)
    at = course.points[rng.integers(0, len(course.points), n)]
    day = pd.Timestamp("2020-01-01") + pd.to_timedelta(
        np.sort(np.append(rng.integers(0, days, n - 2), [0, days - 1])), "D"
    )
    frame = pd.DataFrame({
        "id": np.arange(n), "date_start": day.strftime("%Y-%m-%d"),
        "date_end": day.strftime("%Y-%m-%d"), "longitude": at[:, 0], "latitude": at[:, 1],
        "best": rng.integers(1, 20, n), "where_prec": 1, "date_prec": 1, "event_clarity": 1,
        "side_a": "A", "side_b": "B", "country": "C",
    })  # fmt: skip
    path = folder / "events.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return events(tmp_path_factory.mktemp("events"))


def test_summaries_are_the_patterns_of_validate(file: Path) -> None:
    """Within a year nothing is cut off, so they agree but for the halves that keep logs finite."""
    found = read_violence(file, load_setup(f"scenario={LINE}"), within_km=50.0)
    table = micro_table(read_incidents(file, border=LINE, within_km=50.0)).set_index("measure")
    seen = {s.name: x for s, x in zip(found.summaries, found.observed, strict=True)}
    assert (found.runs, found.horizon) == (1, 400)
    value = table["value"]
    assert np.exp(seen["log Fano factor of 7 days"]) == pytest.approx(value.iloc[0], rel=0.02)
    assert seen["Gini over 100 km"] == pytest.approx(value.iloc[1])
    assert np.exp(seen["log near-repeat ratio, 50 km and 14 days"]) == pytest.approx(
        value.iloc[2], rel=0.02
    )
    assert seen["share with at least 11 deaths"] == pytest.approx(value.iloc[5])
    assert seen["share within 20 km"] == pytest.approx(value.iloc[6])
    assert {s.name for s in found.summaries if not s.fitted} >= {"median deaths"}
    assert "120 of 120 rows count" in found.account[0]


def test_simulations_are_summarised_like_the_file_one_by_one(file: Path) -> None:
    """Runs of many draws, reduced at once, give what each draw gives by itself."""
    setup = load_setup(f"scenario={LINE}")
    found = read_violence(file, setup, within_km=50.0)
    values = load_prior().for_base(setup, FREE).draw(5, 1).assign(seed=range(5))
    together = found.simulate(values)
    alone = [found.simulate(values.iloc[[i]])[0] for i in range(5)]
    np.testing.assert_allclose(together, alone)
    assert np.isfinite(together).all()
    none = found.simulate(values.assign(**{"militants.attempts_per_day": 1e-6}))
    assert np.isfinite(none).all()


def test_events_of_years_are_cut_into_years(tmp_path: Path) -> None:
    path = events(tmp_path, days=1100)
    whole = read_incidents(path, border=LINE, within_km=50.0)
    cut = in_years(whole)
    assert cut.days.tolist() == [366] * 3
    assert 0 <= len(whole.frame) - len(cut.frame) < 5  # days 1098 and 1099 are left over
    assert cut.frame["day"].max() < 366


def test_events_and_truces_are_fitted_together(file: Path) -> None:
    """Truces end and violence goes on: each has runs of its own."""
    setup = load_setup(f"scenario={LINE}")
    truces = read_truces([{"days": 30, "ended": 1}, {"days": 80, "ended": 0}])
    prior = load_prior().for_base(setup, FREE)
    both = Task(setup, prior, (truces,), 1, read_violence(file, setup, within_km=50.0))
    alone = Task(setup, prior, (truces,), 1)
    scores = prior.draw_scores(3)
    found = both.simulate(scores, 0)
    assert found.shape == (3, len(both.summaries))
    np.testing.assert_array_equal(found[:, : len(alone.summaries)], alone.simulate(scores, 0))
    assert both.digest != alone.digest
    left = Task(setup, prior, (truces,), 1, None, ("mean log length",))
    assert left.fitted.sum() == alone.fitted.sum() - 1


BAD: list[tuple[list[str], tuple[str, ...]]] = [
    ([f"scenario={LINE}", "--since", "2030-01-01"], ("2030",)),
    ([f"scenario={LINE}", "--actor", "nobody"], ("has no such event", "other actors")),
    (["scenario=thailand_cambodia"], ("km",)),
    (["scenario=synthetic"], ("needs a border that lies somewhere",)),
    ([f"scenario={LINE}", "--until", "2020-01-20"], ("too few",)),
    ([f"scenario={LINE}", "--leave-out", "Gini"], ("no such summary", "Gini over 100 km")),
]


@pytest.mark.parametrize(("words", "said"), BAD)
def test_bad_events_get_clear_answers(
    words: list[str], said: tuple[str, ...], file: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    pytest.importorskip("flowjax")
    monkeypatch.chdir(tmp_path)
    assert run_command(["fit", "bad", "--events", str(file), *words]) == 2
    printed = capsys.readouterr().err
    assert all(word in printed for word in said), printed
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "empty"), ("a,b\n1,2\n", "layout"),
     ("id,date_start,date_end,longitude,latitude,best,where_prec,date_prec\n", "")],
)  # fmt: skip
def test_empty_files_get_clear_answers(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_violence(path, load_setup())
    print(caught.value)
    assert said in str(caught.value)


def test_repeated_events_count_once_and_are_said_to(file: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(file)
    twice = tmp_path / "twice.csv"
    pd.concat([frame, frame.head(9)]).to_csv(twice, index=False)
    found = read_violence(twice, load_setup(f"scenario={LINE}"), within_km=50.0)
    assert len(found.incidents.frame) == 120
    assert "9 " in found.account[0]


def test_filters_without_events_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("flowjax")
    words = ["fit", "bad", "--pattern", "stopped_at_border=0.3..0.5", "--actor", "TTP"]
    assert run_command(words) == 2
    assert "has no effect without events" in capsys.readouterr().err

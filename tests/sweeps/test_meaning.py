"""A name in a folder of runs stands for one thing, whatever becomes of the file it was read from.

Each test has its own copy of a place of work: a configuration file, a border table, and a sweep
made with both by the command below.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from folders import contents, parts, rows, sweep_into
from truce_sim import TruceModel, load_config, open_sweep, simulate
from truce_sim.analysis.report.write import write_report
from truce_sim.cli.commands import run_command
from truce_sim.errors import InputError
from truce_sim.results.seal import run_notes
from truce_sim.results.store import Damaged, write_table
from truce_sim.sweeps.execution import create
from truce_sim.sweeps.folder.folder import read_folder
from truce_sim.sweeps.folder.replay import replay
from truce_sim.sweeps.sweep import Sweep
from truce_sim.viewer.state.opening import open_folder

TABLE = """\
km_from,km_to,weight,ruggedness,host_province,home_district,crossing
0,400,3,0.6,North,Upper,
400,900,1,0.4,South,Lower,Gate
"""
MINE = "defaults: [baseline, _self_]\nwill: 0.6\n"

COMMAND = [
    "--config-dir", "myconf", "host=baseline,mine", "scenario.kind=table",
    "scenario.table=border.csv", "run.horizon_days=60", "sweep.events=true",
]  # fmt: skip
FEW = "sweep.replicates=3"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("made") / "lab"
    (place / "myconf/host").mkdir(parents=True)
    (place / "myconf/host/mine.yaml").write_text(MINE)
    (place / "border.csv").write_text(TABLE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert sweep_into(Path("s"), *COMMAND, FEW) == 0
    return place


@pytest.fixture
def lab(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = shutil.copytree(made, tmp_path / "lab")
    monkeypatch.chdir(place)
    return place


def edit(file: str, old: str, new: str) -> None:
    text = Path(file).read_text()
    assert old in text
    Path(file).write_text(text.replace(old, new))


@pytest.fixture
def moved(lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sweep in another place, the rest gone."""
    folder = (lab / "s").rename(tmp_path / "elsewhere")
    shutil.rmtree(lab)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    return folder


# ── the command typed again ──────────────────────────────────────────────────────────────────

EDITS: dict[str, tuple[list[str], tuple[str, str, str], tuple[str, ...]]] = {
    "option": (
        COMMAND,
        ("myconf/host/mine.yaml", "will: 0.6", "will: 0.9"),
        ("host.will = 0.9", "with host=mine have 0.6", "myconf/host/mine.yaml",
         "--config-dir s/sources/config"),
    ),
    "option_not_asked_for": (
        [word.replace("baseline,mine", "mine,unable") for word in COMMAND],
        ("myconf/host/mine.yaml", "will: 0.6", "will: 0.6\ncapacity: 0.5"),
        ("host.capacity = 0.5", "with host=mine have 0.8", "mine.yaml"),
    ),
    "override_of_one_level": (
        [*COMMAND, "host.will=0.3"],  # what the default option has anyway
        ("border.csv", "North", "North"),
        ("host.will = 0.3", "with host=mine have 0.6", "override host.will=0.3"),
    ),
    "table": (
        COMMAND,
        ("border.csv", "400,900,1,", "400,900,2,"),
        ("scenario.table = 'border.csv'", "'400,900,1,0.4,South,Lower,Gate'",
         "'400,900,2,0.4,South,Lower,Gate'", "border.csv line 3", "s/sources/tables/"),
    ),
    "labels_of_table": (
        COMMAND, ("border.csv", "Upper", "Nether"), ("scenario.table", "border.csv line 2"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "more"), [*((name, "sweep.replicates=5") for name in EDITS), ("option", FEW)]
)
def test_a_changed_meaning_is_refused(
    lab: Path, name: str, more: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file and the setting are named, with what was and what is; nothing is written."""
    words, change, told = EDITS[name]
    edit(*change)
    before = contents(lab / "s")
    capsys.readouterr()
    assert sweep_into(Path("s"), *words, more) == 2
    said = capsys.readouterr().err
    assert "cannot be mixed" in said
    for text in told:
        assert text in said
    assert contents(lab / "s") == before


def test_a_swept_table_whose_content_changed(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("other.csv").write_text(TABLE.replace("400,3,", "400,1,"))
    words = [word.replace("border.csv", "border.csv,other.csv") for word in COMMAND[4:]]
    assert sweep_into(Path("t"), *words, FEW) == 0
    edit("other.csv", "400,1,", "400,2,")
    assert sweep_into(Path("t"), *words, "sweep.replicates=5") == 2
    said = capsys.readouterr().err
    assert "scenario.table = 'other.csv'" in said
    assert "other.csv line 2" in said


def test_an_option_that_is_not_swept(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--config-dir", "myconf", "host=mine", "home.threshold=4,5", "run.horizon_days=60"]
    assert sweep_into(Path("t"), *words, FEW, "--prepare") == 0
    edit("myconf/host/mine.yaml", "will: 0.6", "will: 0.9")
    assert sweep_into(Path("t"), *words, FEW) == 2
    said = capsys.readouterr().err
    assert "host.will = 0.9: the runs in t have 0.6" in said
    assert "myconf/host/mine.yaml" in said


def test_another_name_for_another_meaning(lab: Path) -> None:
    """The advice of the message: both meanings in one folder, each under a name of its own."""
    Path("myconf/host/mine2.yaml").write_text(MINE.replace("0.6", "0.9"))
    words = [word.replace("baseline,mine", "baseline,mine,mine2") for word in COMMAND]
    assert sweep_into(Path("s"), *words, FEW) == 0
    assert rows(lab / "s")["host"].value_counts().to_dict() == dict.fromkeys(
        ("baseline", "mine", "mine2"), 3
    )
    assert sorted(p.name for p in (lab / "s/sources/config/host").iterdir()) == [
        "mine.yaml", "mine2.yaml",
    ]  # fmt: skip


def test_the_same_meaning_in_other_words(lab: Path) -> None:
    """A comment, a table that was moved: the folder is extended."""
    edit("myconf/host/mine.yaml", "will: 0.6", "will: 0.60  # of a survey")
    Path("border.csv").rename(lab / "moved.csv")
    words = [word.replace("border.csv", "moved.csv") for word in COMMAND]
    assert sweep_into(Path("s"), *words, "sweep.replicates=5") == 0
    assert len(rows(lab / "s")) == 10
    assert run_command(["verify", "s"]) == 0


def test_a_mixed_folder_is_found(
    lab: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that an earlier version made, which did not refuse."""
    for check in ("refuse_other_settings", "refuse_other_keys"):
        monkeypatch.setattr(create, check, lambda *_: None)
    edit("myconf/host/mine.yaml", "will: 0.6", "will: 0.9")
    assert sweep_into(Path("s"), *COMMAND, FEW) == 0
    assert run_command(["verify", "s"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert (
        "One label, two meanings: host.will with host=mine is 0.6 for some points, and 0.9" in said
    )


# ── the files gone, the folder moved ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "words",
    [["status"], ["verify"], ["summary"], ["resume"], ["rerun", "--failed"], ["worker"],
     ["report"], ["movie", "--run", "1:2", "--days", "0-2", "--dpi", "20"]],
    ids=lambda words: words[0],
)  # fmt: skip
def test_every_command_on_a_moved_folder(
    moved: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command([words[0], str(moved), *words[1:]]) == 0
    assert "Traceback" not in capsys.readouterr().err


def test_lost_runs_are_made_again(moved: Path) -> None:
    before = rows(moved)
    parts(moved)[0].unlink()
    assert run_command(["resume", str(moved)]) == 0
    pd.testing.assert_frame_equal(rows(moved), before, check_exact=True)
    assert run_command(["verify", str(moved)]) == 0


def test_rows_are_repeated(moved: Path) -> None:
    """From the setup, from the configuration, and by the viewer; with the table's labels."""
    sweep = open_sweep(moved)
    row = sweep.runs.iloc[-1]
    point, replicate = int(row["point"]), int(row["replicate"])
    opening = open_folder(moved, run=f"{point}:{replicate}")
    for described in (sweep.folder.setup_of(point), sweep.folder.config_of(point), opening.setup):
        run = simulate(described, replicate=replicate)
        assert run.outcome["mean_will"] == row["mean_will"]
        assert run.border.name == "border"
        assert set(run.border.home_district) == {"Upper", "Lower"}
    assert opening.row is not None
    assert opening.row.differences(run.outcome) == []


def test_it_is_extended_from_what_it_keeps(moved: Path, made: Path, tmp_path: Path) -> None:
    """The configuration folder and the table in it serve the command like the originals."""
    (table,) = (moved / "sources/tables").rglob("*.csv")
    words = ["--config-dir", str(moved / "sources/config"), *COMMAND[2:]]
    words = [word.replace("border.csv", str(table)) for word in words]
    assert sweep_into(moved, *words, "sweep.replicates=5") == 0
    assert sweep_into(tmp_path / "whole", *words, "sweep.replicates=5") == 0
    pd.testing.assert_frame_equal(rows(moved), rows(tmp_path / "whole"), check_exact=True)
    assert run_command(["verify", str(moved)]) == 0


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        ("border.csv", ("scenario.table = 'border.csv': no such file", "s/sources/tables/")),
        ("myconf/host/mine.yaml", ("host = 'mine': no such option", "--config-dir s/sources/conf")),
    ],
)
def test_where_the_copy_of_a_lost_file_is(
    lab: Path, gone: str, told: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """The command typed again without the file: the message points to the copy."""
    Path(gone).unlink()
    assert sweep_into(Path("s"), *COMMAND, "sweep.replicates=5") == 2
    said = capsys.readouterr().err
    for text in told:
        assert text in said


@pytest.mark.parametrize("change", [Path.unlink, lambda file: file.write_text(TABLE + "\n")])
def test_a_kept_table_that_is_lost(
    moved: Path, change: Callable[[Path], object], capsys: pytest.CaptureFixture[str]
) -> None:
    """It is named, with no traceback; what does not need it still works."""
    (table,) = (moved / "sources/tables").rglob("*.csv")
    change(table)
    assert run_command(["verify", str(moved)]) != 0
    assert str(table) in capsys.readouterr().err
    with pytest.raises((InputError, Damaged)):
        read_folder(moved).config_of(0)
    assert run_command(["status", str(moved)]) == 0
    assert run_command(["summary", str(moved)]) == 0


# ── replays ──────────────────────────────────────────────────────────────────────────────────


def test_a_replay_is_of_what_was_run(lab: Path) -> None:
    """Even where the configuration now says otherwise, which is said."""
    folder = read_folder(lab / "s")
    folder.manifest["bases"][1]["host"]["will"] = 0.9
    run, differing = replay(folder, 1, 2)
    row = folder.runs(points=[1]).set_index("replicate").loc[2]
    assert run.outcome["mean_will"] == row["mean_will"]
    assert differing == ["its configuration"]


def test_the_report_says_that_a_run_is_not_its_row(
    lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = read_folder(lab / "s")
    stored = folder.runs
    page = write_report(Sweep(folder), lab / "before.html").read_text(encoding="utf-8")
    assert "Timeline of" in page
    assert "is not shown" not in page
    monkeypatch.setattr(folder, "runs", lambda *a, **k: stored(*a, **k).assign(deaths=-1))
    page = write_report(Sweep(folder), lab / "after.html").read_text(encoding="utf-8")
    assert "Timeline of" not in page
    assert "differs from its row in deaths" in page


def test_no_film_of_a_run_that_is_not_its_row(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["run", "output.dir=.", "output.name=r", "run.horizon_days=30"]) == 0
    path = Path("r/outcome.parquet")
    table, place = pq.read_table(path), pq.read_schema(path).get_field_index("attempts")
    more = pc.cast(pc.add(table["attempts"], 1), table.schema.field(place).type)
    notes = run_notes(json.loads(Path("r/manifest.json").read_text()), "outcome")
    write_table(path, table.set_column(place, table.schema.field(place), more), notes)
    assert run_command(["movie", "r"]) == 1
    assert "differs from its row in attempts" in capsys.readouterr().err
    assert not Path("truce.gif").exists()


# ── one run ──────────────────────────────────────────────────────────────────────────────────


def test_a_run_keeps_its_table(lab: Path, tmp_path: Path) -> None:
    """Edited, then gone, and the folder moved: it opens as it was."""
    words = ["scenario.kind=table", "scenario.table=border.csv", "run.horizon_days=60"]
    assert run_command(["run", *words, "output.dir=.", "output.name=r"]) == 0
    edit("border.csv", "400,3,", "400,1,")
    for place in (Path("r"), tmp_path / "r"):
        if place != Path("r"):
            Path("border.csv").unlink()
            Path("r").rename(place)
        opening = open_folder(place)
        assert opening.row is not None
        run = simulate(opening.setup)
        assert opening.row.differences(run.outcome) == []
        assert run.border.sectors["weight"][0] > 1.5 * run.border.sectors["weight"][-1]


def test_a_run_without_a_table_keeps_none(lab: Path) -> None:
    assert run_command(["run", "output.dir=.", "output.name=r", "run.horizon_days=30"]) == 0
    assert not Path("r/sources").exists()
    assert json.loads(Path("r/manifest.json").read_text())["tables"] == {}


# ── lists for groups ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("overrides", [["truce=[literal,tolerant]"], {"truce": ["literal"]}])
@pytest.mark.parametrize("take", [load_config, simulate, TruceModel])
def test_a_list_is_not_an_option_in_python(take: Callable[..., object], overrides: object) -> None:
    with pytest.raises(InputError, match="one option, such as truce=literal; truce-sim sweep"):
        take(overrides)


def test_no_option_by_null() -> None:
    with pytest.raises(InputError, match="truce = 'null': no such option"):
        load_config(["truce=null"])

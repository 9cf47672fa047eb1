"""The folder of a sweep: what it says of itself, and that others than truce_sim can read it."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import REPOSITORY
from folders import contents, edit_manifest, parts, rows, sweep_into
from truce_sim import simulate, sweep
from truce_sim.cli.commands import run_command
from truce_sim.config.load import load_config, to_plain
from truce_sim.engine.compile import DIGEST
from truce_sim.engine.run import run
from truce_sim.errors import InputError
from truce_sim.results import columns
from truce_sim.results.frames import outcome_frame
from truce_sim.results.store import Damaged
from truce_sim.sweeps.folder.folder import read_folder
from truce_sim.version import __version__

LEVELS = {"truce": ["literal", "practised"], "home.threshold": [3.0, 5.0]}
WORDS = [
    "truce=literal,practised", "home.threshold=3,5", "run.horizon_days=90", "seed=7",
    "sweep.replicates=15", "sweep.series_every_days=10", "sweep.events=true",
    "sweep.only_if_collapsed=true", "sweep.compare=truce",
]  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four points and fifteen replicates, of which some collapse; series and events of those."""
    folder = tmp_path_factory.mktemp("finished") / "s"
    assert sweep_into(folder, *WORDS) == 0
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "s")


def settings_of(row: Any) -> dict[str, object]:
    return {"run.horizon_days": 90, **{name: row[name] for name in LEVELS}}


# ── what it says of itself ───────────────────────────────────────────────────────────────────


def test_the_manifest_says_where_it_came_from(finished: Path) -> None:
    """Everything that is needed to make the same sweep again, or to see why it would differ."""
    manifest = json.loads((finished / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["schema_version"] == 3
    assert manifest["truce_sim"] == __version__
    assert manifest["python"] == platform.python_version()
    for name in ("numpy", "numba", "scipy", "pandas", "pyarrow", "mesa", "hydra-core"):
        assert manifest["libraries"][name] == metadata.version(name)
    assert manifest["rules"] == DIGEST
    assert manifest["seed"] == 7
    assert set(WORDS) <= set(manifest["overrides"])
    assert manifest["machine"]["cores"] > 0
    assert platform.system() in manifest["machine"]["system"]
    assert manifest["machine"]["processor"].startswith(platform.machine())
    started, ended = (pd.Timestamp(manifest[name]) for name in ("started", "finished"))
    assert started.tzinfo is not None
    assert started <= ended <= pd.Timestamp.now(tz="UTC").ceil("s")
    assert manifest["seconds"] > 0
    assert (manifest["points"], manifest["runs"], manifest["failed"]) == (4, 60, 0)
    assert manifest["factors"] == list(LEVELS)


def test_the_manifest_says_of_which_commit(finished: Path) -> None:
    """The commit of the checkout, and whether it had changes."""
    git = ["git", "-C", str(REPOSITORY)]
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    if head.returncode:
        pytest.skip("no git checkout")
    changes = [*git, "status", "--porcelain", "--untracked-files=no"]
    state = subprocess.run(changes, capture_output=True, text=True, check=True)
    manifest = json.loads((finished / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["git_commit"] == head.stdout.strip()
    assert manifest["git_dirty"] == bool(state.stdout)


def test_the_manifest_has_the_full_configurations(finished: Path) -> None:
    """One for each choice of config groups, complete: with the swept values, a point's own."""
    manifest = json.loads((finished / "manifest.json").read_text(encoding="utf-8"))
    assert len(manifest["bases"]) == 2
    for base, level in zip(manifest["bases"], LEVELS["truce"], strict=True):
        config = to_plain(load_config({"truce": level, "run.horizon_days": 90, "seed": 7}))
        mine = {name: part for name, part in base.items() if name not in ("output", "sweep")}
        assert mine == {name: config[name] for name in mine}
        assert set(mine) == set(config) - {"output", "sweep"}


@pytest.mark.parametrize(
    ("kind", "meanings"),
    [("parts", columns.OUTCOME), ("series", columns.SERIES), ("events", columns.EVENT)],
)
def test_every_column_has_its_unit_and_meaning(
    finished: Path, kind: str, meanings: dict[str, tuple[str, str]]
) -> None:
    """In the metadata of the files, for whoever has nothing else."""
    for path in (finished / kind).glob("*.parquet"):
        schema = pq.read_schema(path)
        assert set(meanings) <= set(schema.names)
        for field in schema:
            told = {key.decode(): text.decode() for key, text in field.metadata.items()}
            assert told["meaning"]
            if field.name in meanings:
                assert (told["unit"], told["meaning"]) == meanings[field.name]


@pytest.mark.parametrize("name", ["design", "failures", "summary", "contrasts", "runs"])
def test_results_have_them_too(finished: Path, name: str) -> None:
    """As far as they are columns of runs."""
    known = columns.OUTCOME | columns.SWEEP
    for field in pq.read_schema(finished / f"{name}.parquet"):
        if field.name in known:
            assert field.metadata[b"meaning"].decode() == known[field.name][1]


def test_a_newer_folder_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By every command on it, which say what would read it, and leave it alone."""
    edit_manifest(folder, schema_version=4, truce_sim="9.1.0", points={"of": "some other kind"})
    before = contents(folder)
    for command in (["status"], ["resume"], ["verify"], ["rerun", "--failed"], ["worker"]):
        assert run_command([command[0], str(folder), *command[1:]]) == 2
        said = capsys.readouterr().err
        assert "written by a newer truce-sim (9.1.0), schema 4" in said
        assert "install a newer truce-sim" in said
    assert sweep_into(folder, *WORDS) == 2
    with pytest.raises(InputError, match="newer"):
        read_folder(folder)
    assert contents(folder) == before


# ── read without truce_sim ───────────────────────────────────────────────────────────────────

PLAIN = """
import sys
import pandas as pd
import pyarrow.dataset as ds

folder = sys.argv[1]
design = pd.read_parquet(f"{folder}/design.parquet")
by_pandas = pd.concat(map(pd.read_parquet, __import__("glob").glob(f"{folder}/parts/p*.parquet")))
by_arrow = ds.dataset(f"{folder}/parts", format="parquet").to_table().to_pandas()
runs = pd.read_parquet(f"{folder}/runs.parquet").set_index(["point", "replicate"]).sort_index()
for frame in (by_pandas, by_arrow):
    frame = frame.merge(design.drop(columns=["base", "key"]), on="point")
    frame = frame.set_index(["point", "replicate"]).sort_index()[runs.columns]
    assert len(frame) == 60, len(frame)
    for name in runs.columns:
        one, other = (f[name].astype(object).where(f[name].notna(), "none") for f in (frame, runs))
        assert one.equals(other), name
assert "truce_sim" not in sys.modules
"""


def test_pandas_and_arrow_alone_read_it(finished: Path) -> None:
    """The parts with the design, joined by point, are the rows of runs.parquet."""
    subprocess.run([sys.executable, "-c", PLAIN, str(finished)], check=True)


def test_any_bit_that_flips_is_noticed_or_harmless(folder: Path) -> None:
    """In a part's data, headers and footer: it is damaged, or its rows are what they were."""
    opened, rng = read_folder(folder), np.random.default_rng(1)
    (chunk,) = opened.chunks()
    path, good = opened.part(chunk), opened.table(chunk).to_pylist()
    content, noticed = path.read_bytes(), 0
    for place in rng.integers(8 * len(content), size=800).tolist():
        altered = bytearray(content)
        altered[place // 8] ^= 1 << place % 8
        path.write_bytes(altered)
        try:
            assert opened.table(chunk).to_pylist() == good
        except Damaged:
            noticed += 1
    assert noticed > 200


def test_nothing_else_lies_about(finished: Path) -> None:
    """No leftover, and a part of series and events for each part."""
    assert not list(finished.rglob("*.tmp"))
    names = {path.name for path in parts(finished)}
    for kind in ("series", "events"):
        assert {path.name for path in (finished / kind).iterdir()} == names


# ── series and events ────────────────────────────────────────────────────────────────────────


def recorded(folder: Path, kind: str) -> pd.DataFrame:
    return pd.concat(map(pd.read_parquet, sorted((folder / kind).glob("*.parquet"))))


def test_series_and_events_are_those_of_the_run(finished: Path) -> None:
    """Of the collapsed runs alone, every tenth day; as `simulate` gives them."""
    series, events = recorded(finished, "series"), recorded(finished, "events")
    found = rows(finished)
    collapsed = found[found["collapsed"]]
    assert 5 < len(collapsed) < 60
    keys = set(zip(collapsed["point"], collapsed["replicate"], strict=True))
    for frame in (series, events):
        assert set(zip(frame["point"], frame["replicate"], strict=True)) == keys
    for row in collapsed.sample(6, random_state=3).to_dict("records"):
        again = simulate(settings_of(row), seed=7, replicate=row["replicate"])
        own = f"point == {row['point']} and replicate == {row['replicate']}"
        days = again.series.iloc[::10].reset_index()
        assert_equal(series.query(own), days)
        log = again.events.copy()
        mediators = {name: f"mediator {i + 1}" for i, name in enumerate(("qatar", "turkiye"))}
        log["actor"] = log["actor"].astype(str).str.lower().replace(mediators)
        assert_equal(events.query(own).assign(actor=lambda e: e["actor"].astype(str)), log)


def assert_equal(stored: pd.DataFrame, computed: pd.DataFrame) -> None:
    """Value by value, whatever kind of column holds them."""
    assert len(stored) == len(computed)
    assert len(computed) > 0
    follows = [*columns.DATE, *columns.PLACE]  # from day and cell: not stored
    for name in computed.columns.drop(follows, errors="ignore"):
        one, other = (f[name].reset_index(drop=True).astype(object) for f in (stored, computed))
        assert ((one == other) | (one.isna() & other.isna())).all(), name


def test_series_of_every_day_of_every_run(tmp_path: Path) -> None:
    """Every day, held or collapsed: as many rows as the runs have days."""
    folder = tmp_path / "s"
    words = ["run.horizon_days=40", "sweep.replicates=6", "sweep.series_every_days=1"]
    assert sweep_into(folder, *words) == 0
    series, found = recorded(folder, "series"), rows(folder)
    assert len(series) == (found["end_day"] + found["collapsed"]).sum()
    assert not (folder / "events").exists()
    again = simulate({"run.horizon_days": 40}, replicate=4)
    assert_equal(series.query("replicate == 4"), again.series.reset_index())


def test_a_part_without_its_series_is_never_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are written before it, so whatever is known to be done has them."""
    from truce_sim.sweeps.execution.worker import Worker
    from truce_sim.sweeps.folder import write as writing

    folder = tmp_path / "s"
    words = ["sweep.events=true", "sweep.series_every_days=5", "run.horizon_days=20"]
    assert sweep_into(folder, *words, "sweep.replicates=3", "--prepare") == 0
    opened, order = read_folder(folder), []
    write = writing.write_table

    def watched(path: Path, *more: Any) -> None:
        order.append(path.parent.name)
        write(path, *more)

    monkeypatch.setattr(writing, "write_table", watched)
    from truce_sim.sweeps.folder.plan import Chunk

    Worker(opened).run(Chunk(range(1), range(3)))
    assert order == ["series", "events", "parts"]


# ── a folder that cannot be written to ───────────────────────────────────────────────────────


def test_a_read_only_folder(finished: Path, tmp_path: Path, capsys: Any) -> None:
    """It can be read, listed and verified; changing it is refused in one message."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user cannot mount a tmpfs")
    try:
        folder = shutil.copytree(finished, disk / "s")
        (folder / "runs.parquet").unlink()
        edit_manifest(folder, status="running")
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        assert run_command(["status", str(folder)]) == 0
        assert "s: stopped" in capsys.readouterr().out
        assert run_command(["verify", str(folder), "--runs", "3"]) == 0
        assert run_command(["list", str(disk)]) == 0
        assert len(read_folder(folder).runs()) == 60
        capsys.readouterr()
        for words in (["resume", str(folder)], ["rerun", str(folder), "--failed"]):
            assert run_command(words) == 2
            assert "cannot be written to: Read-only file system" in capsys.readouterr().err
        for place in (folder, disk / "other"):
            assert sweep_into(place, *WORDS) == 2
            said = capsys.readouterr().err
            assert "Read-only file system" in said
            assert "Traceback" not in said
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


# ── from Python ──────────────────────────────────────────────────────────────────────────────


def test_rows_of_some_columns_and_points(finished: Path, folder: Path) -> None:
    """The same of a finished sweep, which has them in one file, and of one that is not."""
    (folder / "runs.parquet").unlink()
    whole = rows(finished)
    for path in (finished, folder):
        opened = read_folder(path)
        some = opened.runs(["end_day", "deaths"], points=[3, 1])
        expected = ["point", "replicate", "seed", *LEVELS, "status", "end_day", "deaths"]
        assert list(some.columns) == expected
        assert some["point"].value_counts().to_dict() == {1: 15, 3: 15}
        some = some.sort_values(["point", "replicate"], ignore_index=True)
        own = whole[whole["point"].isin([1, 3])].reset_index(drop=True)
        pd.testing.assert_frame_equal(some, own[expected], check_exact=True)
        assert opened.runs(points=[]).empty
        with pytest.raises(InputError, match="did you mean: end_day"):
            opened.runs(["endday"])
    pd.testing.assert_frame_equal(rows(folder), whole, check_exact=True)


def test_a_row_can_be_run_again(finished: Path) -> None:
    """From its spec, every value equal to the last bit; from its configuration, too."""
    opened = read_folder(finished)
    for row in rows(finished).sample(10, random_state=5).to_dict("records"):
        spec = opened.spec_of(row["point"], row["replicate"])
        again = outcome_frame(np.array([run(spec).outcome])).iloc[0]
        for name in columns.OUTCOME:
            assert again[name] == row[name] or (pd.isna(again[name]) and pd.isna(row[name])), name
        config = opened.config_of(row["point"])
        assert (config.home.threshold, config.seed) == (row["home.threshold"], 7)
        same = simulate(config, replicate=row["replicate"]).outcome
        assert same["mean_will"] == row["mean_will"]


def test_no_such_point(finished: Path) -> None:
    opened = read_folder(finished)
    for point in (-1, 4):
        with pytest.raises(InputError, match="0 to 3"):
            opened.spec_of(point)
        with pytest.raises(InputError, match="0 to 3"):
            opened.config_of(point)


def test_what_is_not_made_yet(tmp_path: Path) -> None:
    """An unfinished sweep has no summary, and says how to get one."""
    assert sweep_into(tmp_path / "s", "home.threshold=3,4", "--prepare") == 0
    opened = read_folder(tmp_path / "s")
    assert opened.runs().empty
    assert opened.failures.empty
    with pytest.raises(InputError, match="truce-sim resume"):
        _ = opened.summary


def test_seeds_can_be_swept(tmp_path: Path) -> None:
    """The seed is a factor and the seed of the runs: one column."""
    result = sweep(
        {"seed": [3, 11], "home.threshold": [3.0, 4.0]}, {"run.horizon_days": 40},
        replicates=4, folder=tmp_path / "s",
    )  # fmt: skip
    opened = read_folder(result.folder)
    assert opened.factors == ("seed", "home.threshold")
    assert list(result.runs.columns).count("seed") == 1
    assert result.runs.groupby("point")["seed"].first().tolist() == [3, 3, 11, 11]
    assert opened.config_of(2).seed == opened.spec_of(2).seed == 11
    row = result.runs.iloc[-1]
    settings = {"run.horizon_days": 40, "home.threshold": row["home.threshold"]}
    again = simulate(settings, seed=int(row["seed"]), replicate=int(row["replicate"]))
    assert again.outcome["end_day"] == row["end_day"]
    assert again.outcome["mean_will"] == row["mean_will"]
    assert "seed" in opened.runs(["end_day"]).columns


def test_interventions_and_groups_can_be_swept(tmp_path: Path) -> None:
    """Interventions are JSON text, groups their option; both lead back to the configuration."""
    change = [{"day": 30, "set": {"mediation.verification.enabled": True}}]
    result = sweep(
        {"interventions": [[], change], "mediation": ["none", "qatar_turkiye"]},
        {"run.horizon_days": 60}, replicates=4, folder=tmp_path / "s",
    )  # fmt: skip
    opened = read_folder(result.folder)
    texts = pd.read_parquet(tmp_path / "s" / "design.parquet")["interventions"].astype(str)
    assert [json.loads(text) for text in texts] == [[], [], change, change]
    for point, (planned, option) in enumerate(
        [([], "none"), ([], "qatar_turkiye"), (change, "none"), (change, "qatar_turkiye")]
    ):
        settings = {"interventions": planned, "mediation": option, "run.horizon_days": 60}
        config, expected = opened.config_of(point), load_config(settings)
        assert config.interventions == expected.interventions
        assert config.mediation == expected.mediation
        row = result.runs.query(f"point == {point} and replicate == 2").iloc[0]
        assert row["mediation"] == option
        assert simulate(settings, replicate=2).outcome["mean_will"] == row["mean_will"]
    assert pa.types.is_int64(pq.read_schema(tmp_path / "s" / "design.parquet").field("base").type)
    assert run_command(["verify", str(tmp_path / "s")]) == 0

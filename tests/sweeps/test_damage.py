"""Every file of a folder, damaged in every way, against every command that reads: it is refused by
name, or made again and said so, or not needed for what is said. Never a wrong number."""

from __future__ import annotations

import contextlib
import hashlib
import io
import operator
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from folders import rows, sweep_into
from truce_sim import open_sweep
from truce_sim.cli.commands import run_command
from truce_sim.errors import InputError
from truce_sim.sweeps.execution import driver, rerun, share
from truce_sim.sweeps.execution import worker as worker_module
from truce_sim.sweeps.execution.worker import Done, Worker
from truce_sim.sweeps.folder.files import PARTS
from truce_sim.sweeps.folder.folder import SweepFolder
from truce_sim.sweeps.folder.plan import Chunk
from truce_sim.viewer import serve
from truce_sim.viewer.pictures import movie
from truce_sim.viewer.state.opening import Opening
from truce_sim.viewer.state.sweep_data import SweepData
from truce_sim.viewer.state.track import run_track
from undrawn import draw_nothing

TABLE = """\
km_from,km_to,weight,ruggedness,host_province,home_district,crossing
0,400,3,0.6,North,Upper,
400,900,{weight},0.4,South,Lower,Gate
"""
SWEEP = [
    "home.threshold=3,5", "run.horizon_days=40", "sweep.compare=home.threshold",
    "sweep.events=true", "sweep.series_every_days=10", "scenario.kind=table",
]  # fmt: skip
KEPT_TABLE = f"sources/tables/{hashlib.sha256(TABLE.format(weight=1).encode()).hexdigest()[:24]}"
SECOND = "p0000000-0000002_r00000003-00000006"
#: File -> another of the same folder that is copied over it, or beside it if there is none.
FILES = {
    "manifest.json": "", "design.parquet": "", "specs/p0000000-0000002.parquet": "",
    f"{KEPT_TABLE}/border.csv": "",
    "runs.parquet": "summary.parquet", "summary.parquet": "runs.parquet",
    "contrasts.parquet": "summary.parquet", "failures.parquet": "summary.parquet",
    **{f"{kind}/{SECOND}.parquet": f"{kind}/p0000000-0000002_r00000000-00000003.parquet"
       for kind in ("parts", "series", "events")},
}  # fmt: skip
#: They say what the points are; everything else can be made again.
ORIGINAL = tuple(FILES)[:4]


class Here:
    """A crew of this process alone, which takes no seconds to start."""

    def __init__(self, folder: SweepFolder, workers: int, into: str = PARTS) -> None:
        self._folder, self._into = folder, into

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *problem: object) -> None:
        pass

    def run(self, chunks: Iterable[Chunk]) -> Iterator[Done]:
        worker = Worker(self._folder)
        return (worker.run(chunk, self._into) for chunk in chunks)


@pytest.fixture(scope="module", autouse=True)
def _in_process() -> Iterator[None]:
    """Workers and the viewer stay in this process; nothing is drawn."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (driver, rerun, share):
            patch.setattr(module, "Crew", Here)
        patch.setattr(serve, "serve", show)
        patch.setattr(serve, "check_assets", lambda: None)
        draw_nothing(patch)
        patch.setattr(movie, "write_movie", lambda _, path, *__, **___: path.write_text("film"))
        yield


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep in two parts, one of another seed and table, and one in which a run of each point
    failed."""
    here = tmp_path_factory.mktemp("base")
    for name, seed, weight in (("s", 1, 1), ("other", 2, 2), ("failed", 1, 1)):
        table = here / f"tables{weight}" / "border.csv"
        table.parent.mkdir(exist_ok=True)
        table.write_text(TABLE.format(weight=weight))
        with pytest.MonkeyPatch.context() as patch:
            if name == "failed":
                patch.setattr(worker_module, "outcomes", failing(worker_module.outcomes))
            for replicates in (3, 6):
                words = [*SWEEP, f"scenario.table={table}", f"seed={seed}"]
                code = sweep_into(here / name, *words, f"sweep.replicates={replicates}")
                assert code == (name == "failed" and replicates == 6)
    return here


def failing(outcomes: Callable[..., Any]) -> Callable[..., Any]:
    """The engine, except that every run of replicate 4 fails."""

    def fail(spec: object, replicates: Iterable[int], *rest: object) -> Any:
        if 4 in replicates:
            raise MemoryError("no room")
        return outcomes(spec, replicates, *rest)

    return fail


@pytest.fixture(scope="module")
def intact(base: Path) -> dict[str, object]:
    """What the commands say of the sweep as it was written, and its tables."""
    return answers(base / "s") | {"rows": rows(base / "s")}


# ── damage ───────────────────────────────────────────────────────────────────────────────────


def flip(path: Path, place: float) -> None:
    """Flip a bit, some way into a file."""
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 0x10
    path.write_bytes(content)


def duplicate(folder: Path, name: str) -> None:
    path = folder / name
    if FILES[name]:
        shutil.copy(folder / FILES[name], path)
    else:
        shutil.copy(path, path.with_name(f"{path.stem} copy{path.suffix}"))


def other(folder: Path, name: str) -> Path:
    """The same file of another sweep; its border table has another digest."""
    (found,) = (folder.parent / "other").glob(name.replace(KEPT_TABLE, "sources/tables/*"))
    return found


DAMAGE: dict[str, Callable[[Path, str], object]] = {
    "missing": lambda folder, name: (folder / name).unlink(),
    "truncated": lambda folder, name: (folder / name).write_bytes(
        (folder / name).read_bytes()[:-9]
    ),
    "flipped": lambda folder, name: flip(folder / name, 0.2),
    "flipped at the end": lambda folder, name: flip(folder / name, 0.8),
    "of another sweep": lambda folder, name: shutil.copy(other(folder, name), folder / name),
    "duplicated": duplicate,
}


# ── what is read ─────────────────────────────────────────────────────────────────────────────

#: Every command that reads a folder and changes nothing in it.
READING = {
    "status": "status s", "list": "list .", "verify": "verify s --runs 3 --pick 1",
    "summary": "summary s", "compare": "compare s", "report": "report s --out out.html",
    "export": "export s --to csv --out out", "view": "view s", "view a run": "view s --run 1:4",
    "movie": "movie s --run 1:4 --out out.gif",
}  # fmt: skip
TABLES = (
    "runs", "points", "series", "events", "failures", "folder.summary", "folder.contrasts",
)  # fmt: skip
Answer = tuple[int, str]


def answers(folder: Path) -> dict[str, object]:
    """What each way of reading says: its output with what it writes, or why it refuses."""
    with contextlib.chdir(folder.parent):  # so that they say the same of a copy
        return {way: said(words.split()) for way, words in READING.items()} | tables(folder)


def tables(folder: Path) -> dict[str, object]:
    """What each table is from Python, or why there is none."""
    found: dict[str, object] = {}
    for table in TABLES:
        try:
            found[table] = operator.attrgetter(table)(open_sweep(folder))
        except InputError as error:
            found[table] = (2, str(error))
    return found


def said(words: list[str]) -> Answer:
    """Exit code and output of a command, with the text of the files that it writes."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        code = run_command(words)
    patterns = ("out", "out.*", "out/*")  # not `outputs`, which a user may have here
    written = sorted((p for pattern in patterns for p in Path().glob(pattern)), reverse=True)
    for path in written:
        if path.is_dir():
            path.rmdir()
        else:
            text.write(path.read_text())
            path.unlink()
    return code, text.getvalue()


def show(opening: Opening, address: object) -> NoReturn:
    """Say what the viewer would draw of a sweep, or of a run that is made again."""
    if opening.setup is None:
        assert opening.sweep is not None
        data = SweepData(opening.sweep)
        data.load()
        print(data.table(), data.curves("home.threshold", {}), data.failures)
        print(data.heat("mean_survival", "home.threshold", "", {}))
    else:
        assert opening.row is not None
        outcome = run_track(opening.setup).run.outcome
        print(opening.row.differences(outcome), outcome.to_dict())
    raise SystemExit(0)


def is_same(answer: object, right: object) -> bool:
    if isinstance(answer, pd.DataFrame) and isinstance(right, pd.DataFrame):
        return answer.equals(right) or (answer.empty and right.empty)
    return type(answer) is type(right) and not isinstance(answer, pd.DataFrame) and answer == right


def damaged_copy(base: Path, which: str, into: Path, name: str, damage: str) -> Path:
    """A copy of one of the sweeps, called `s`, with a damaged file; the others are beside it."""
    into.mkdir(exist_ok=True)
    folder = shutil.copytree(base / which, into / "s")
    for beside in ("other", "failed"):
        (into / beside).symlink_to(base / beside)
    DAMAGE[damage](folder, name)
    return folder


def changes_nothing(path: Path, intact: Path, damage: str) -> bool:
    """Whether there is nothing to notice: a file under another name, or a bit of a page's header,
    which no checksum covers, that decides nothing about what is read."""
    if damage == "duplicated":
        return path.read_bytes() == intact.read_bytes()
    if "flipped" not in damage or path.suffix != ".parquet":
        return False
    now, before = path.read_bytes(), intact.read_bytes()
    footer = len(before) - 8 - int.from_bytes(before[-8:-4], "little")
    if now[footer:] != before[footer:]:
        return False
    try:
        table = pq.read_table(path, page_checksum_verification=True)
    except (OSError, ValueError, pa.ArrowException):
        return False
    return bool(table.equals(pq.read_table(intact)))


def names_of(name: str, damage: str) -> tuple[str, ...]:
    """What a message may call the file: parts as a folder, whose names alone say which there are;
    specs by their folder; a part by its daily series or events."""
    if damage == "missing" and name.startswith("parts"):
        return ("parts", Path(name).name)
    return ("specs",) if name.startswith("specs") else (Path(name).name,)


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", FILES)
def test_it_is_named_or_does_not_matter(
    base: Path, intact: dict[str, object], tmp_path: Path, name: str, damage: str
) -> None:
    """By every way of reading; then `resume` makes again what can be, says so, and all is as
    before."""
    folder = damaged_copy(base, "s", tmp_path, name, damage)
    files, noticed = names_of(name, damage), False
    harmless = changes_nothing(folder / name, base / "s" / name, damage)
    for way, answer in answers(folder).items():
        if not is_same(answer, intact[way]):
            assert isinstance(answer, tuple), f"{way} gives other values"
            assert any(file in answer[1] for file in files) or "missing 6" in answer[1], way
            assert "Traceback" not in answer[1]
            noticed = True
    assert noticed or harmless
    code, words = said(["resume", str(folder)])
    if name in ORIGINAL and not harmless:
        assert code == 2
        assert any(file in words for file in files)
        return
    assert code == 0, words
    assert harmless or any(file in words for file in files)
    if name.count("/") and not harmless:
        assert str((folder / name).parent if files[0] == "parts" else folder / name) in words
        assert "run again" in words
    assert said(["verify", str(folder), "--runs", "3"])[0] == 0
    pd.testing.assert_frame_equal(rows(folder), intact["rows"], check_exact=True)
    for way, answer in tables(folder).items():
        assert is_same(answer, intact[way]), way


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", FILES)
def test_failed_runs_are_made_again_from_what_is_sound(
    base: Path, intact: dict[str, object], tmp_path: Path, name: str, damage: str
) -> None:
    """By `rerun`, after a `worker` of a cluster: each refuses by name, or says what `resume` will
    mend, or does not need the file. Then all runs are there, as if none had failed."""
    folder = damaged_copy(base, "failed", tmp_path, name, damage)
    files = names_of(name, damage)
    harmless = changes_nothing(folder / name, base / "failed" / name, damage)
    made_again = name.startswith("parts") and damage == "missing"  # like any run that is missing
    for command in ("worker", "rerun --failed"):
        command, *flags = command.split()
        code, text = said([command, str(folder), *flags])
        assert "Traceback" not in text
        unseen = command == "worker" and "flipped" in damage  # it reads footers, not pages
        if name.count("/") and name not in ORIGINAL and not (harmless or made_again or unseen):
            assert any(file in text for file in files), text
    if name in ORIGINAL and code == 2:
        assert any(file in text for file in files)
        return
    if code == 2:
        assert said(["resume", str(folder)])[0] in (0, 1)
        code, text = said(["rerun", str(folder), "--failed"])
    assert code == 0, text
    pd.testing.assert_frame_equal(rows(folder), intact["rows"], check_exact=True)


def test_events_without_a_part_are_named_and_removed(
    base: Path, intact: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(base / "s", tmp_path / "s")
    first = min((folder / "events").glob("p*.parquet"))
    extra = first.with_name(first.name.replace("r00000000-00000003", "r00000006-00000009"))
    assert extra != first
    shutil.copy(first, extra)
    capsys.readouterr()
    for command in ("status", "verify"):
        run_command([command, str(folder)])
        out, err = capsys.readouterr()
        assert extra.name in " ".join((out + err).split())
    assert run_command(["resume", str(folder)]) == 0
    assert not extra.exists()
    pd.testing.assert_frame_equal(rows(folder), intact["rows"])

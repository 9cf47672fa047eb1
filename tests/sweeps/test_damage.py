"""Every file of a folder, damaged in every way, against every command that reads: it is refused by
name, or made again and said so, or not needed for what is said. Never a wrong number."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from folders import rows, sweep_into
from truce_sim import open_sweep
from truce_sim.cli.commands import run_command
from truce_sim.errors import InputError
from truce_sim.sweeps.execution import driver
from truce_sim.sweeps.execution.worker import Done, Worker
from truce_sim.sweeps.folder.folder import SweepFolder
from truce_sim.sweeps.folder.plan import Chunk

SWEEP = [
    "home.threshold=3,5", "run.horizon_days=40", "sweep.compare=home.threshold",
    "sweep.events=true", "sweep.series_every_days=10",
]  # fmt: skip
SECOND = "p0000000-0000002_r00000003-00000006"
#: File -> another of the same folder that is copied over it, or beside it if there is none.
FILES = {
    "manifest.json": "", "design.parquet": "", "specs/p0000000-0000002.parquet": "",
    "runs.parquet": "summary.parquet", "summary.parquet": "runs.parquet",
    "contrasts.parquet": "summary.parquet", "failures.parquet": "summary.parquet",
    **{f"{kind}/{SECOND}.parquet": f"{kind}/p0000000-0000002_r00000000-00000003.parquet"
       for kind in ("parts", "series", "events")},
}  # fmt: skip
#: They say what the points are; everything else can be made again.
ORIGINAL = ("manifest.json", "design.parquet", "specs/p0000000-0000002.parquet")


class Here:
    """A crew of this process alone, which takes no seconds to start."""

    def __init__(self, folder: SweepFolder, workers: int) -> None:
        self._folder = folder

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *problem: object) -> None:
        pass

    def run(self, chunks: Iterable[Chunk]) -> Iterator[Done]:
        worker = Worker(self._folder)
        return map(worker.run, chunks)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A sweep in two parts, and one of another seed."""
    here = tmp_path_factory.mktemp("base")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(driver, "Crew", Here)
        for name, seed in (("s", 1), ("other", 2)):
            for replicates in (3, 6):
                words = [*SWEEP, f"seed={seed}", f"sweep.replicates={replicates}"]
                assert sweep_into(here / name, *words) == 0
    return here


@pytest.fixture(scope="module")
def intact(base: Path) -> dict[str, object]:
    """What the commands say of the sweep as it was written, and its tables."""
    return dict(answers(base / "s")) | {"rows": rows(base / "s")}


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


DAMAGE: dict[str, Callable[[Path, str], object]] = {
    "missing": lambda folder, name: (folder / name).unlink(),
    "truncated": lambda folder, name: (folder / name).write_bytes(
        (folder / name).read_bytes()[:-9]
    ),
    "flipped": lambda folder, name: flip(folder / name, 0.2),
    "flipped at the end": lambda folder, name: flip(folder / name, 0.8),
    "of another sweep": lambda folder, name: shutil.copy(
        folder.parent / "other" / name, folder / name
    ),
    "duplicated": duplicate,
}


# ── what is read ─────────────────────────────────────────────────────────────────────────────


def answers(folder: Path) -> Iterator[tuple[str, object]]:
    """What each way of reading says: its output, or the message of its refusal."""
    for command in ("status", "summary", "compare", "verify"):
        words = ["--runs", "3", "--pick", "1"] if command == "verify" else []
        yield command, said([command, str(folder), *words])
    for table in ("runs", "points", "series", "events", "failures"):
        try:
            yield table, getattr(open_sweep(folder), table)
        except InputError as error:
            yield table, (2, str(error))
    for table in ("summary", "contrasts"):
        try:
            yield f"folder.{table}", getattr(open_sweep(folder).folder, table)
        except InputError as error:
            yield f"folder.{table}", (2, str(error))


def said(words: list[str]) -> tuple[int, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command(words)
    return code, out.getvalue() + err.getvalue()


def is_same(answer: object, right: object) -> bool:
    if isinstance(answer, pd.DataFrame) and isinstance(right, pd.DataFrame):
        return answer.equals(right) or (answer.empty and right.empty)
    return type(answer) is type(right) and not isinstance(answer, pd.DataFrame) and answer == right


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", FILES)
def test_it_is_named_or_does_not_matter(
    base: Path, intact: dict[str, object], tmp_path: Path, name: str, damage: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """By every way of reading; then `resume` makes again what can be, says so, and all is as
    before."""
    monkeypatch.setattr(driver, "Crew", Here)
    folder = shutil.copytree(base / "s", tmp_path / "s")
    (tmp_path / "other").symlink_to(base / "other")
    DAMAGE[damage](folder, name)
    file = Path(name).name if name.count("/") == 0 or name not in ORIGINAL else "specs"
    if damage == "missing" and name.startswith("parts"):
        file = "parts"  # only the names of parts say which there are
    harmless = damage == "duplicated" and not FILES[name]
    noticed = False
    for way, answer in answers(folder):
        right = intact[way]
        if isinstance(answer, tuple) and isinstance(right, tuple):
            answer = (answer[0], answer[1].replace(str(folder), str(base / "s")))
        if not is_same(answer, right):
            assert isinstance(answer, tuple), f"{way} gives other values"
            named = file in answer[1] or Path(name).name in answer[1]  # by its events, too
            assert named or "missing 6" in answer[1], f"{way}: {answer}"
            assert "Traceback" not in answer[1]
            noticed = True
    assert noticed or harmless
    code, words = said(["resume", str(folder)])
    if name in ORIGINAL and not harmless:
        assert code == 2
        assert file in words
        return
    assert code == 0, words
    assert file in words or harmless
    if name.count("/") and not harmless:
        assert str((folder / name).parent if file == "parts" else folder / name) in words
        assert "run again" in words
    assert said(["verify", str(folder), "--runs", "3"])[0] == 0
    pd.testing.assert_frame_equal(rows(folder), intact["rows"], check_exact=True)
    for way, answer in answers(folder):
        if isinstance(answer, pd.DataFrame):
            assert is_same(answer, intact[way]), way


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

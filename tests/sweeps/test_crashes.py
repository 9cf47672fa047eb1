"""Whatever happens to a sweep's processes, files and disk, its rows end up the same."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from truce_sim.cli.commands import run_command
from truce_sim.sweeps.folder.folder import read_folder

pytestmark = pytest.mark.slow

PROGRAM = Path(sys.executable).with_name("truce-sim")
SETTINGS = ["truce=literal,practised,tolerant", "home.capacity=0.8,0.85", "run.horizon_days=120"]
REPLICATES = 4000
RUNS = 6 * REPLICATES


def command(folder: Path, *more: str) -> list[str]:
    words = [*SETTINGS, f"sweep.replicates={REPLICATES}", "sweep.compare=truce", *more]
    where = [f"output.dir={folder.parent}", f"output.name={folder.name}"]
    return [str(PROGRAM), "sweep", *words, *where]


def start(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command(folder), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )


def workers_of(driver: int) -> list[int]:
    """The driver's child processes."""
    found = []
    for task in Path(f"/proc/{driver}/task").glob("*/children"):
        found += map(int, task.read_text().split())
    return found


def rows(folder: Path) -> pd.DataFrame:
    frame = read_folder(folder).runs()
    return frame.sort_values(["point", "replicate"], ignore_index=True)


def parts(folder: Path) -> list[Path]:
    return sorted((folder / "parts").glob("p*.parquet"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed") / "s"
    subprocess.run(command(folder), check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def expected(undisturbed: Path) -> pd.DataFrame:
    frame = rows(undisturbed)
    assert len(frame) == RUNS
    return frame


def assert_same(folder: Path, expected: pd.DataFrame) -> None:
    """Every row once, byte for byte; and the summary that follows from them."""
    pd.testing.assert_frame_equal(rows(folder), expected, check_exact=True)
    assert sum(pq.read_metadata(path).num_rows for path in parts(folder)) >= RUNS
    assert not list(folder.rglob("*.tmp"))


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(
    tmp_path: Path, expected: pd.DataFrame
) -> None:
    """Within two seconds, exit code 130; the command it prints finishes the sweep."""
    folder = tmp_path / "s"
    driver = start(folder)
    while len(parts(folder)) < 2:
        assert driver.poll() is None
        time.sleep(0.02)
    begun = time.monotonic()
    driver.send_signal(signal.SIGINT)
    _, said = driver.communicate(timeout=20)
    assert time.monotonic() - begun < 2.0
    assert driver.returncode == 130
    assert not workers_of(driver.pid)
    assert f"truce-sim resume {folder}" in said.decode()
    assert "Traceback" not in said.decode()
    assert len(parts(folder)) >= 2
    before = {path: path.read_bytes() for path in parts(folder)}
    assert run_command(["resume", str(folder)]) == 0
    assert_same(folder, expected)
    assert all(path.read_bytes() == content for path, content in before.items())


def test_damaged_parts_are_found_named_and_run_again(
    tmp_path: Path, undisturbed: Path, expected: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cut short, emptied, or with one byte changed in the middle: each is set aside. Two
    results are missing, too."""
    folder = tmp_path / "s"
    shutil.copytree(undisturbed, folder)
    cut, emptied, changed, *_ = parts(folder)
    cut.write_bytes(cut.read_bytes()[:-100])
    emptied.write_bytes(b"")
    content = bytearray(changed.read_bytes())
    content[len(content) // 3] ^= 0x40
    changed.write_bytes(content)
    for name in ("runs.parquet", "summary.parquet"):
        (folder / name).unlink()
    assert run_command(["status", str(folder)]) == 0
    assert "4 damaged or missing files" in capsys.readouterr().out
    assert run_command(["resume", str(folder)]) == 0
    said = capsys.readouterr().err
    for path in (cut, emptied, changed):
        assert f"{path} is damaged" in said
        assert path.with_name(path.name + ".damaged").exists()
    assert_same(folder, expected)


def test_a_full_disk_stops_cleanly(tmp_path: Path, expected: pd.DataFrame) -> None:
    """On a small tmpfs: exit code 1, no half file, and with more room it resumes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=900k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this user cannot mount a tmpfs")
    try:
        folder = disk / "s"
        done = subprocess.run(command(folder), capture_output=True, text=True)
        assert done.returncode == 1
        assert "No space left on device" in done.stderr
        assert f"truce-sim resume {folder}" in done.stderr
        assert "Traceback" not in done.stderr
        assert parts(folder)
        for path in parts(folder):
            pq.read_table(path)
        subprocess.run(["mount", "-o", "remount,size=60m", str(disk)], check=True)
        assert run_command(["resume", str(folder)]) == 0
        assert_same(folder, expected)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_two_drivers(tmp_path: Path, expected: pd.DataFrame) -> None:
    """The second is refused, and says who holds the folder; the first is not disturbed."""
    folder = tmp_path / "s"
    first = start(folder)
    while not (folder / ".holder").exists():
        assert first.poll() is None
        time.sleep(0.02)
    first.send_signal(signal.SIGSTOP)
    second = subprocess.run(command(folder), capture_output=True, text=True)
    first.send_signal(signal.SIGCONT)
    assert second.returncode == 2
    assert f"process {first.pid} on" in second.stderr
    assert first.wait() == 0
    assert_same(folder, expected)


def test_clocks_do_not_matter(tmp_path: Path, expected: pd.DataFrame) -> None:
    """Files dated into the future, as after a clock that was set back: nothing is run again, and
    the rate is unknown or a number."""
    folder = tmp_path / "s"
    driver = start(folder)
    while len(parts(folder)) < 3:
        time.sleep(0.02)
    driver.send_signal(signal.SIGTERM)
    driver.communicate()
    for i, path in enumerate(parts(folder)):
        os.utime(path, (4e9 - i, 4e9 - i))
    assert run_command(["status", str(folder)]) == 0
    assert run_command(["resume", str(folder)]) == 0
    assert_same(folder, expected)


def test_a_worker_that_ends_costs_its_chunk_alone(tmp_path: Path) -> None:
    """Its chunk is run again, by another; the sweep does not fail."""
    folder = tmp_path / "s"
    driver = start(folder)
    while not parts(folder):
        time.sleep(0.02)
    before = {path: path.stat().st_ino for path in parts(folder)}
    for worker in workers_of(driver.pid):
        os.kill(worker, signal.SIGKILL)
    assert driver.wait() == 0
    assert all(path.stat().st_ino == inode for path, inode in before.items())
    assert len(rows(folder)) == RUNS

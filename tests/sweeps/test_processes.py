"""Workers are forks of a driver that has no other threads, and hold none of its files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from truce_sim import sweep

_STARTS = """
import json, os, sys, threading
from pathlib import Path
from truce_sim.sweeps.execution.processes import start_process
folder = Path(sys.argv[1])
held = open(folder / "held", "w")
alone, second = start_process(folder), start_process(folder)
stop = threading.Event()
thread = threading.Thread(target=stop.wait)
thread.start()
beside = start_process(folder)
stop.set()
thread.join()
said = [json.loads(each.stdout.readline()) for each in (alone, second, beside)]
opened = [os.readlink(file) for file in Path(f"/proc/{second.pid}/fd").iterdir()]
pipes = len({file for file in opened if file.startswith("pipe:")})
for each in (alone, second, beside):
    each.kill()
kinds = [type(each).__name__ for each in (alone, second, beside)]
codes = [each.wait() for each in (alone, second, beside)]
print(json.dumps([kinds, said, pipes, any(file.endswith("held") for file in opened), codes]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, no worker is a fork")
def test_forks(tmp_path: Path) -> None:
    sweep({"home.threshold": [3, 6]}, {"run.horizon_days": 20}, replicates=2, folder=tmp_path / "s")
    told = subprocess.check_output([sys.executable, "-c", _STARTS, tmp_path / "s"], text=True)
    kinds, said, pipes, held, codes = json.loads(told)
    assert kinds == ["Fork", "Fork", "Popen"]
    assert said == [{"ready": True}] * 3
    assert not held
    assert pipes <= 3  # its own two, and what this test reads as standard error, if that is one
    assert codes == [-9, -9, -9]

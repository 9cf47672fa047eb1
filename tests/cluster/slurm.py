"""SLURM on one machine, for tests: its own key, sockets, ports and folder, started in about a
second and gone without a trace afterwards.

    with one_node() as environment:
        subprocess.run(["sbatch", "--wrap", "hostname"], env=environment)

Or by hand, to try things out, with the commands of this SLURM on the path of a new shell:

    python tests/cluster/slurm.py
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from getpass import getuser
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scancel", "scontrol")

_CONFIGURATION = """\
ClusterName=truce-sim-test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=100
SchedulerParameters=sched_interval=1,batch_sched_delay=0
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
KillWait=1
MinJobAge=86400
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=test Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""

# submitit asks sacct how its jobs are, and sacct needs a database that a test does not have. The
# controller knows as much; a job it no longer knows is not mentioned, as by the real one.
_SACCT = r"""#!/bin/sh
echo 'JobID|State|NodeList'
scontrol show job -o | sed -n \
  -e 's/^JobId=[0-9]* ArrayJobId=\([0-9]*\) ArrayTaskId=\([0-9]*\) .*JobState=\([A-Z_]*\).*/\1_\2|\3|/p' \
  -e 's/^JobId=[0-9]* ArrayJobId=\([0-9]*\) ArrayTaskId=\([0-9,%-]*\) .*JobState=\([A-Z_]*\).*/\1_[\2]|\3|/p' \
  -e 's/^JobId=\([0-9]*\) JobName.*JobState=\([A-Z_]*\).*/\1|\2|/p'
"""  # noqa: E501


def missing_programs() -> list[str]:
    """What of SLURM and munge is not installed."""
    return [name for name in PROGRAMS if shutil.which(name, path=_path()) is None]


@contextmanager
def one_node(cpus: int | None = None) -> Iterator[dict[str, str]]:
    """Run SLURM with one idle node of `cpus` CPUs (None: this machine's); yields the environment
    in which its commands find it. Its jobs are killed at the end."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="slurm-"))  # short: a socket's path has 107 bytes
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        environment = _configure(folder, cpus or os.cpu_count() or 1)
        for command in _daemons(folder):
            stack.enter_context(_daemon(command, environment))
        _await_idle(environment, folder)
        stack.callback(_cancel_all, environment)
        yield environment


def _configure(folder: Path, cpus: int) -> dict[str, str]:
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir()
    (folder / "munge.key").write_bytes(secrets.token_bytes(128))
    (folder / "munge.key").chmod(0o400)
    sacct = folder / "bin" / "sacct"
    sacct.write_text(_SACCT)
    sacct.chmod(0o755)
    controller, daemon = _free_ports(2)
    (folder / "slurm.conf").write_text(
        _CONFIGURATION.format(
            folder=folder,
            host=socket.gethostname().split(".")[0],
            user=getuser(),
            cpus=cpus,
            controller=controller,
            daemon=daemon,
            memory=_memory_mb(),
        )
    )
    path = f"{folder / 'bin'}:{_path()}"
    return {**os.environ, "SLURM_CONF": str(folder / "slurm.conf"), "PATH": path}


def _daemons(folder: Path) -> list[list[str]]:
    munged = ["munged", "--foreground", "--force", "--num-threads=2"]
    files = {
        "socket": "munge.socket", "key-file": "munge.key", "pid-file": "munge.pid",
        "log-file": "munge.log", "seed-file": "munge.seed",
    }  # fmt: skip
    return [
        munged + [f"--{option}={folder / name}" for option, name in files.items()],
        ["slurmctld", "-D", "-i"],
        ["slurmd", "-D"],
    ]


@contextmanager
def _daemon(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    """A process of its own session; stopped, with what it started, by signal."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        command, env=environment, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await_idle(environment: dict[str, str], folder: Path, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if _output(["sinfo", "--noheader", "--format=%T"], environment).strip() == "idle":
            return
        time.sleep(0.1)
    logs = [file.read_text(errors="replace")[-2000:] for file in sorted(folder.glob("*.log"))]
    raise RuntimeError("SLURM did not start:\n" + "\n".join(logs))


def _cancel_all(environment: dict[str, str], seconds: float = 15.0) -> None:
    _output(["scancel", "--signal=KILL", "--full", f"--user={getuser()}"], environment)
    _output(["scancel", f"--user={getuser()}"], environment)
    deadline = time.monotonic() + seconds
    while _output(["squeue", "--noheader"], environment) and time.monotonic() < deadline:
        time.sleep(0.1)


def _output(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.stdout


def _memory_mb() -> int:
    """What the machine has, less a bit: a node that has less than it says is drained."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 9 // 10 // 2**20


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(closing(socket.socket())) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _path() -> str:
    """The search path, with the folders where Debian keeps daemons."""
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"


if __name__ == "__main__":
    with one_node() as inside:
        subprocess.run(sys.argv[1:] or [os.environ.get("SHELL", "sh")], env=inside, check=False)

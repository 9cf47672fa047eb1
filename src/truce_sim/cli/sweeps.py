"""The commands on a sweep's folder: resume, status, list, verify, rerun, worker.

Each takes its own few arguments, returns the exit code (0, or 1 where runs failed or rows differ),
and ends with what to do next. Bad input is an InputError.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from truce_sim.cli.arguments import Parser, count, folder_parser, whole
from truce_sim.errors import InputError


def resume(arguments: Sequence[str]) -> int:
    """`truce-sim resume DIR`: run what is missing, and sum up."""
    from truce_sim.cli.tell.sweep import report_sweep
    from truce_sim.sweeps.execution.driver import carry_on
    from truce_sim.sweeps.folder.folder import read_folder
    from truce_sim.terminal import SweepBar

    parser = folder_parser("resume", "Run what is missing in a sweep's folder, and sum up.")
    parser.add_argument("--workers", type=count, help="processes to use; default: the sweep's")
    asked = parser.parse_args(arguments)
    folder = read_folder(asked.dir)
    result = carry_on(folder, SweepBar(), asked.workers)
    report_sweep(result, folder.factors, folder.settings)
    return 1 if result.runs_failed else 0


def status(arguments: Sequence[str]) -> int:
    """`truce-sim status DIR`: what is done, failed and missing, how fast, and the time left."""
    from truce_sim.cli.tell.sweep import tell_status
    from truce_sim.sweeps.execution.status import read_status

    parser = folder_parser(
        "status", "What is done, failed and missing, how fast, and the time left."
    )
    found = read_status(parser.parse_args(arguments).dir)
    tell_status(found)
    return 1 if found.failed else 0


def list_sweeps(arguments: Sequence[str]) -> int:
    """`truce-sim list [DIR]`: the sweeps under a folder, outputs by default."""
    from truce_sim.cli.tell.sweep import tell_list
    from truce_sim.sweeps.execution.status import find_sweeps

    parser = Parser("truce-sim list", description="The sweeps under a folder.")
    parser.add_argument("dir", metavar="DIR", nargs="?", default="outputs", help="where to look")
    asked = parser.parse_args(arguments)
    tell_list(find_sweeps(Path(asked.dir)), asked.dir)
    return 0


def verify(arguments: Sequence[str]) -> int:
    """`truce-sim verify DIR [--runs 50]`: run rows again and compare every value exactly."""
    from truce_sim.cli.tell.sweep import tell_proof
    from truce_sim.sweeps.execution.verify import verify_sweep
    from truce_sim.terminal import warn_of_compiling

    parser = folder_parser(
        "verify", "Run randomly chosen rows again and compare every value exactly."
    )
    parser.add_argument("--runs", type=count, default=50, help="how many (default: 50)")
    parser.add_argument("--pick", type=whole, help="seed of the choice, to make the same one again")
    asked = parser.parse_args(arguments)
    warn_of_compiling()
    proof = verify_sweep(asked.dir, asked.runs, asked.pick)
    tell_proof(proof)
    return 0 if proof.holds else 1


def rerun(arguments: Sequence[str]) -> int:
    """`truce-sim rerun DIR --failed`: run failed runs again, in their place."""
    from truce_sim.cli.tell.sweep import report_sweep
    from truce_sim.sweeps.execution.rerun import rerun_failed
    from truce_sim.sweeps.folder.folder import read_folder
    from truce_sim.terminal import SweepBar

    parser = folder_parser("rerun", "Run failed runs again; what fails again stays a failure.")
    parser.add_argument("--failed", action="store_true", required=True, help="the failed ones")
    parser.add_argument(
        "--run-timeout", type=float, help="seconds a run may take, if not as before"
    )
    asked = parser.parse_args(arguments)
    folder = read_folder(asked.dir)
    if asked.run_timeout is not None and not 0 < asked.run_timeout < math.inf:
        raise InputError(
            "is no time to run in", setting="--run-timeout", value=asked.run_timeout,
            allowed="seconds, above 0",
        )  # fmt: skip
    result = rerun_failed(folder, SweepBar(), asked.run_timeout)
    report_sweep(result, folder.factors, folder.settings)
    return 1 if result.runs_failed else 0


def worker(arguments: Sequence[str]) -> int:
    """`truce-sim worker DIR --chunk K --of N`: do the K-th of N shares of a sweep's work."""
    from truce_sim.sweeps.execution.share import work_on_share
    from truce_sim.terminal import SweepBar

    parser = folder_parser("worker", "Do one share of a sweep's work; any number may work at once.")
    parser.add_argument("--chunk", type=int, default=0, metavar="K", help="which share, from 0")
    parser.add_argument("--of", type=count, default=1, metavar="N", help="of how many")
    parser.add_argument("--workers", type=count, help="processes to use; default: every core")
    asked = parser.parse_args(arguments)
    if not 0 <= asked.chunk < asked.of:
        raise InputError(
            "no such share", setting="--chunk", value=asked.chunk, allowed=f"0 to {asked.of - 1}"
        )
    failed = work_on_share(asked.dir, asked.chunk, asked.of, SweepBar(), asked.workers)
    return 1 if failed else 0


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "resume": resume,
    "status": status,
    "list": list_sweeps,
    "verify": verify,
    "rerun": rerun,
    "worker": worker,
}

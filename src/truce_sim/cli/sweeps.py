"""The commands on a sweep's folder: resume, status, list, verify, rerun, worker.

Each takes its own arguments, returns an exit code (0, or 1 if runs failed or rows differ), and
ends by printing what to do next. Bad input raises InputError.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from truce_sim.cli.arguments import Parser, count, folder_parser, whole
from truce_sim.errors import InputError


def resume(arguments: Sequence[str]) -> int:
    """`truce-sim resume DIR`: run what is missing, then summarize."""
    from truce_sim.cli.printing.sweep import print_sweep
    from truce_sim.sweeps.execution.driver import resume_sweep
    from truce_sim.sweeps.folder.folder import read_folder
    from truce_sim.terminal import SweepBar

    parser = folder_parser("resume", "Run what is missing in a sweep's folder, then summarize.")
    parser.add_argument("--workers", type=count, help="processes to use; default: the sweep's")
    asked = parser.parse_args(arguments)
    folder = read_folder(asked.dir)
    result = resume_sweep(folder, SweepBar(), asked.workers)
    print_sweep(result, folder.factors, folder.settings)
    return 1 if result.runs_failed else 0


def status(arguments: Sequence[str]) -> int:
    """`truce-sim status DIR`: what is done, failed and missing, the speed and the time left."""
    from truce_sim.cli.printing.sweep import print_status
    from truce_sim.sweeps.execution.status import read_status

    parser = folder_parser(
        "status", "Show what is done, failed and missing, the speed and the time left."
    )
    current = read_status(parser.parse_args(arguments).dir)
    print_status(current)
    return 1 if current.failed else 0


def list_sweeps(arguments: Sequence[str]) -> int:
    """`truce-sim list [DIR]`: the sweeps in a folder, by default `outputs`."""
    from truce_sim.cli.printing.sweep import print_list
    from truce_sim.sweeps.execution.status import find_sweeps

    parser = Parser("truce-sim list", description="List the sweeps in a folder.")
    parser.add_argument("dir", metavar="DIR", nargs="?", default="outputs", help="folder to search")
    asked = parser.parse_args(arguments)
    print_list(*find_sweeps(Path(asked.dir)), asked.dir)
    return 0


def verify(arguments: Sequence[str]) -> int:
    """`truce-sim verify DIR [--runs 50]`: run some rows again and compare every value exactly."""
    from truce_sim.cli.printing.sweep import print_proof
    from truce_sim.sweeps.execution.verify import verify_sweep
    from truce_sim.terminal import warn_of_compiling

    parser = folder_parser(
        "verify", "Run randomly chosen rows again and compare every value exactly."
    )
    parser.add_argument("--runs", type=count, default=50, help="number of runs (default: 50)")
    parser.add_argument("--pick", type=whole, help="seed of the random choice, to repeat it")
    asked = parser.parse_args(arguments)
    warn_of_compiling()
    proof = verify_sweep(asked.dir, asked.runs, asked.pick)
    print_proof(proof)
    return 0 if proof.holds else 1


def rerun(arguments: Sequence[str]) -> int:
    """`truce-sim rerun DIR --failed`: run the failed runs again and replace their rows."""
    from truce_sim.cli.printing.sweep import print_sweep
    from truce_sim.sweeps.execution.rerun import rerun_failed
    from truce_sim.sweeps.folder.folder import read_folder
    from truce_sim.terminal import SweepBar

    parser = folder_parser(
        "rerun", "Run the failed runs again; those that fail again stay failures."
    )
    parser.add_argument("--failed", action="store_true", required=True,
                        help="rerun the failed runs")  # fmt: skip
    parser.add_argument(
        "--run-timeout", type=float, help="seconds a run may take; default: as before"
    )
    asked = parser.parse_args(arguments)
    folder = read_folder(asked.dir)
    if asked.run_timeout is not None and not 0 < asked.run_timeout < math.inf:
        raise InputError(
            "is not a valid time limit", setting="--run-timeout", value=asked.run_timeout,
            allowed="a number of seconds above 0",
        )  # fmt: skip
    result = rerun_failed(folder, SweepBar(), asked.run_timeout)
    print_sweep(result, folder.factors, folder.settings)
    return 1 if result.runs_failed else 0


def worker(arguments: Sequence[str]) -> int:
    """`truce-sim worker DIR --chunk K --of N`: do share K of the N shares of a sweep."""
    from truce_sim.sweeps.execution.share import work_on_share
    from truce_sim.terminal import SweepBar

    parser = folder_parser(
        "worker", "Do one share of a sweep's work; any number of workers may run at once."
    )
    parser.add_argument("--chunk", type=int, default=0, metavar="K",
                        help="number of the share, from 0")  # fmt: skip
    parser.add_argument("--of", type=count, default=1, metavar="N", help="number of shares")
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

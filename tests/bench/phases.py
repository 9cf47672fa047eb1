"""Where a day's time goes: `python tests/bench/phases.py [SRC …]`.

For each SRC, which holds a `truce_sim` as Python imports it (by default, that of this checkout), it
prints processor cycles per day and phase, of a full year on the default border. A copy of the rules
gets a clock between any two phases of `engine/day.py`; reading it takes some twenty cycles, which
every figure includes. Figures are the least of several rounds: other work only adds to them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve()
NOW = HERE.parents[2] / "src"

#: Runs in a round, and rounds.
RUNS, ROUNDS = 20, 60

CLOCK = '''
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

SPENT = np.zeros(64, np.int64)


@intrinsic
def lap(typing, phase):
    """Cycles since the last call are the phase's; SPENT[0] holds when that was."""

    def generate(context, builder, signature, args):
        now_type = ir.FunctionType(ir.IntType(64), [])
        read = cgutils.get_or_insert_function(
            builder.module, now_type, "llvm.readcyclecounter")
        now, place = builder.call(read, []), ir.IntType(64).as_pointer()
        last = builder.inttoptr(ir.Constant(ir.IntType(64), SPENT.ctypes.data), place)
        mine = builder.gep(last, [builder.zext(args[0], ir.IntType(64))
                                  if args[0].type.width < 64 else args[0]])
        builder.store(
            builder.add(builder.load(mine), builder.sub(now, builder.load(last))), mine)
        builder.store(now, last)
        return context.get_dummy_value()

    return types.none(phase), generate
'''

CALL = re.compile(r"^( +)(\w+)\((?:p, )?w.*\)( *#.*)?$")


def with_clock(source: Path, copy: Path) -> list[str]:
    """Copy the package, with a clock after every phase; return their names."""
    shutil.copytree(source.parent / "conf", copy.parent / "conf")
    shutil.copytree(source, copy)
    engine = copy / "truce_sim" / "engine"
    (engine / "clock.py").write_text(CLOCK)
    head, _, body = (engine / "day.py").read_text().partition("def run_day")
    phases, lines = ["between days"], []
    for line in body.splitlines():
        if '"""' in line:
            line += "\n    lap(1)"
        found = CALL.match(line)
        if found:
            phases.append(found[2])
            line += f"\n{found[1]}lap({len(phases)})"
        lines.append(line)
    head = head.replace("@rule\n", "from truce_sim.engine.clock import lap\n\n\n@rule\n")
    (engine / "day.py").write_text(head + "def run_day" + "\n".join(lines) + "\n")
    return phases


def serve() -> None:
    """Run with the clock, and print cycles by phase of the quickest round."""
    from truce_sim.engine.clock import SPENT  # type: ignore[import-not-found]

    from truce_sim import load_config
    from truce_sim.engine.run import outcomes
    from truce_sim.engine.world import make_world
    from truce_sim.simulation.spec import make_spec

    config = load_config({"truce.collapse_strikes": float("inf"), "frailty": "none"})
    spec, world, rounds = make_spec(config), make_world(), []
    outcomes(spec, range(RUNS), world)
    for _ in range(ROUNDS):
        SPENT[1:] = 0
        outcomes(spec, range(RUNS), world)
        rounds.append(SPENT[1:].tolist())
    days = RUNS * (config.run.horizon_days + config.run.warmup_days)
    print(json.dumps([min(each) / days for each in zip(*rounds, strict=True)]))


def measure(source: Path) -> dict[str, float]:
    """Cycles per day of every phase; a phase that is called twice counts once."""
    with tempfile.TemporaryDirectory() as folder:
        phases = with_clock(source, Path(folder) / "src")
        environment = os.environ | {"PYTHONPATH": f"{folder}/src", "TRUCE_SIM_CACHE": folder}
        answer = subprocess.run(
            [sys.executable, str(HERE), "--serve"], env=environment, text=True,
            capture_output=True, check=True,
        )  # fmt: skip
    cycles: dict[str, float] = {}
    for phase, spent in zip(phases, json.loads(answer.stdout), strict=False):
        cycles[phase] = cycles.get(phase, 0.0) + spent
    return cycles


def main() -> None:
    """Print a table."""
    measured = [measure(Path(source)) for source in sys.argv[1:] or [str(NOW)]]
    for phase in dict.fromkeys(phase for each in measured for phase in each):
        print(f"{phase:24}", *(f"{each.get(phase, 0.0):8.0f}" for each in measured))
    print(f"{'all':24}", *(f"{sum(each.values()):8.0f}" for each in measured))


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["--serve"] else main()

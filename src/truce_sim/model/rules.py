"""The engine's rules in a form that a stepping model can call one at a time from Python.

In a plain call, a rule spends most of its time looking up the types of its arguments and describing
the layout of these large records. Since the types never change, they are given once here, and the
model calls the compiled functions directly, with a `Handle` instead of each record.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from truce_sim.config.params import PARAMS
from truce_sim.engine.attribution import attribute, update_activity
from truce_sim.engine.day import run_day
from truce_sim.engine.draws import Key
from truce_sim.engine.grievance import add_incidents, fade
from truce_sim.engine.incidents import make_attack, make_other_incidents
from truce_sim.engine.launch import launch_bands
from truce_sim.engine.mediation import call_round, end_rounds, follow_calendar
from truce_sim.engine.movement import learn_and_leave, move_band
from truce_sim.engine.posture import map_border, review_posture
from truce_sim.engine.record import record_day
from truce_sim.engine.relaxation import relax
from truce_sim.engine.strikes import decide_strike, execute_strike
from truce_sim.engine.threshold import update_thresholds
from truce_sim.engine.truce import update_truce
from truce_sim.engine.verification import verify
from truce_sim.engine.world import WORLD, begin_day


class Handle:
    """A record in the form that compiled functions take fastest.

    Numba reads a record through the buffer in its `data` attribute. Numpy's own buffer describes
    every field each time, which takes ten microseconds; this one is plain bytes.
    """

    __slots__ = ("data",)

    def __init__(self, record: np.void) -> None:
        whole: NDArray[np.void] = np.frombuffer(record, record.dtype)
        self.data = whole.view(np.uint8).data


#: Letter -> an example of the argument that it stands for.
_ARGUMENTS = {
    "p": np.zeros(1, PARAMS)[0],
    "w": np.zeros(1, WORLD)[0],
    "k": Key(0, 0),
    "i": 0,
    "a": np.zeros((2, 2)),
}

_RULES: dict[Callable[..., Any], str] = {
    begin_day: "w",
    follow_calendar: "pwi",
    review_posture: "pwii",
    launch_bands: "pwki",
    move_band: "pwkii",
    make_attack: "pwi",
    make_other_incidents: "pwki",
    attribute: "pwki",
    fade: "pw",
    verify: "pwki",
    update_activity: "pw",
    add_incidents: "pw",
    update_thresholds: "pwi",
    decide_strike: "pwkii",
    execute_strike: "pwkii",
    update_truce: "pwki",
    call_round: "pwkii",
    end_rounds: "pwki",
    relax: "pwi",
    learn_and_leave: "pw",
    record_day: "pwi",
    map_border: "pwaaaa",
    run_day: "pwki",
}


@cache
def rules() -> SimpleNamespace:
    """Return every rule that a model steps through, compiled, as attributes named after them."""
    kinds = {letter: numba.typeof(example) for letter, example in _ARGUMENTS.items()}
    return SimpleNamespace(
        **{
            rule.__name__: rule.function.compile(tuple(kinds[letter] for letter in letters))  # type: ignore[attr-defined]
            for rule, letters in _RULES.items()
        }
    )

"""From the regimes of a run to the records that the engine reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from truce_sim.border.border import Border
from truce_sim.config.regimes import Regime, mediators_by_slot, regimes
from truce_sim.engine.params import PARAMS, STATES
from truce_sim.settings.schema import Config


def to_params(config: Config, border: Border) -> NDArray[np.void]:
    """Return one `PARAMS` record for each regime, shape (regimes,), by `from_day`.

    Mediators keep one slot through all regimes; it is inactive where a regime lacks its mediator.

    Raises:
        InputError: as `regimes`, or there are more mediators in all than there are slots.
    """
    found = regimes(config, border)
    return fill_params(found, mediators_by_slot(found))


def fill_params(found: Sequence[Regime], names: Sequence[str]) -> NDArray[np.void]:
    """Return one `PARAMS` record for each regime; `names` are the mediators by slot."""
    params = np.zeros(len(found), PARAMS)
    for record, (day, regime) in zip(params, found, strict=True):
        record["from_day"] = day
        _fill(record, regime, names)
    return params


def _fill(record: np.void, config: Config, names: Sequence[str]) -> None:
    """Fill one record by name; what the two states have in common goes to `states`."""
    for part in ("run", "border", "militants", "home", "host", "attribution", "belief", "truce"):
        _copy(record[part], getattr(config, part))
    for i, state in enumerate(STATES):
        _copy(record["states"][i], getattr(config, state))
    _fill_mediation(record, config, names)
    frailty = record["frailty"]
    _copy(frailty, config.frailty, skip=("gamma_law",))
    frailty["gamma_law"] = config.frailty.law == "gamma"


def _fill_mediation(record: np.void, config: Config, names: Sequence[str]) -> None:
    mediation = record["mediation"]
    _copy(mediation, config.mediation, skip=("calendar", "verification"))
    _copy(mediation["verification"], config.mediation.verification)
    days = sorted(config.mediation.calendar)
    mediation["calendar"] = -1
    mediation["calendar"][: len(days)] = days
    for slot, name in enumerate(names):
        mediator = config.mediation.mediators.get(name)
        if mediator is not None:
            record["mediators"][slot] = (1, mediator.call, mediator.skill)


def _copy(record: np.void, part: object, skip: tuple[str, ...] = ()) -> None:
    for name in record.dtype.names or ():
        if name not in skip:
            record[name] = getattr(part, name)

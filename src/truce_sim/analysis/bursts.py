"""How bursty violence is over days, weeks and months: Fano factors by length of window."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from truce_sim.analysis.incidents import Incidents, measured
from truce_sim.analysis.micro import fano
from truce_sim.intervals import named

#: Days of the windows in which the model is compared with the record.
WINDOWS = (1, 3, 7, 28, 91)


@measured
def fano_by_window(incidents: Incidents, windows: Sequence[int] = WINDOWS) -> pd.DataFrame:
    """Return the Fano factors of counts in windows of several lengths, as in `micro.fano`.

    Bursts within a week raise the factors of short windows, waves of months those of long ones.

    Args:
        incidents: the incidents to measure.
        windows: days of a window.

    Returns:
        A row for each window with columns as in `micro_table`.
    """
    n = len(incidents.frame)
    rows = [
        {"measure": f"Fano factor of {window} {'day' if window == 1 else 'days'}", "unit": ""}
        | named("value", fano(incidents, window)) | {"n": n}
        for window in windows
    ]  # fmt: skip
    return pd.DataFrame(rows)

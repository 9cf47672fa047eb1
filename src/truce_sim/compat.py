"""Where releases of a library differ: everything in this program that depends on it
(docs/releases.md).

Libraries are imported only when asked about, since the command line starts without them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from types import FrameType
from typing import Any

import numpy as np
from numpy.typing import NDArray


def layer_array(grid: Any, name: str) -> NDArray[Any]:
    """The values of a Mesa property layer, to be changed in place: from Mesa 4 on the layer itself,
    before that its `data`."""
    layer = getattr(grid, name)
    values: NDArray[Any] = layer if isinstance(layer, np.ndarray) else layer.data
    return values


def batch_iteration() -> int:
    """Which iteration of `mesa.batch_run` is making a model now; 0 outside of one.

    Mesa counts iterations but does not tell the model, so this inspects the Mesa function that
    makes it. If a release has no such function, all iterations are equal, as for any model whose
    draws are fixed by its settings.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__") == "mesa.batchrunner" and "iteration" in frame.f_locals:
            return int(frame.f_locals["iteration"])
        frame = frame.f_back
    return 0


@cache
def has_version_base() -> bool:
    """Whether Hydra must be told to behave like 1.3; 1.4 always does, and warns if told."""
    from hydra import __version__

    return tuple(map(int, __version__.split(".")[:2])) < (1, 4)


def version_base() -> Mapping[str, Any]:
    """The arguments that `hydra.main` takes besides the configuration."""
    return {"version_base": "1.3"} if has_version_base() else {}

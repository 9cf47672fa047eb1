"""Where two releases of a library differ: all that this program knows of either (docs/releases.md).

Libraries are imported when they are asked about, for the command line starts without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray


def layer_array(grid: Any, name: str) -> NDArray[Any]:
    """The values of a property layer of Mesa's, to be changed in place: from Mesa 4 on the layer
    itself, before that its `data`."""
    layer = getattr(grid, name)
    values: NDArray[Any] = layer if isinstance(layer, np.ndarray) else layer.data
    return values


@cache
def has_version_base() -> bool:
    """Whether Hydra wants to be told to behave like 1.3; 1.4 knows no other way, and warns."""
    from hydra import __version__

    return tuple(map(int, __version__.split(".")[:2])) < (1, 4)


def version_base() -> Mapping[str, Any]:
    """What `hydra.main` takes beside the configuration."""
    return {"version_base": "1.3"} if has_version_base() else {}

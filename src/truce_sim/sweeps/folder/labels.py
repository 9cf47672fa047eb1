"""The design's account of its points, as bytes: their labels, and the keys of what these mean."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def label_bytes(design: pa.Table, names: Sequence[str]) -> NDArray[np.uint8]:
    """Return (points, 8 × columns) bytes that are the same only for the same values.

    Args:
        design: one row per point.
        names: the columns.
    """
    columns = [_eight_bytes(design[name]) for name in names]
    return np.ascontiguousarray(np.stack(columns, axis=1)).view(np.uint8)


def _eight_bytes(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Numbers as floats, whatever type they are stored as; words as digests."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        numbers = np.asarray(column.to_numpy(), np.float64)
        return (numbers + 0.0).view(np.int64)  # 0.0 and -0.0 are one label
    coded = column if pa.types.is_dictionary(kind) else column.dictionary_encode()
    array = coded.combine_chunks()
    words = array.dictionary.to_pylist()
    known = [hashlib.sha256(str(word).encode()).digest()[:8] for word in words]
    return np.frombuffer(b"".join(known), np.int64)[np.asarray(array.indices)]

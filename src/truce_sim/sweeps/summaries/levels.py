"""Name and order the levels of a factor."""

from __future__ import annotations

import pandas as pd

MAX_LEVELS = 12


def factor_levels(values: pd.Series) -> pd.Series:
    """Convert a factor's values to an ordered categorical of texts.

    More than MAX_LEVELS different numbers become ranges with about as many points each.
    """
    if pd.api.types.is_numeric_dtype(values) and values.nunique() > MAX_LEVELS:
        ranges = pd.qcut(values, MAX_LEVELS, duplicates="drop")
        names = [f"{r.left:.3g} to {r.right:.3g}" for r in ranges.cat.categories]
        return ranges.cat.rename_categories(names)
    order = list(dict.fromkeys(sorted(values) if is_number(values) else values))
    texts = dict(zip(order, map(_text, order), strict=True))
    if len(set(texts.values())) < len(texts):  # six digits do not tell them apart
        texts = dict(zip(order, map(str, order), strict=True))
    return pd.Series(
        pd.Categorical(values.map(texts), categories=list(texts.values())), index=values.index
    )


def is_number(values: pd.Series) -> bool:
    """Whether values are numbers, not true and false."""
    return bool(pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values))


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)

"""Colours of a border, the same in every figure and on every page."""

from __future__ import annotations

#: The home state and the host state, from the palette of figures (`analysis/plots/style.py`).
HOME, HOST = "#0072B2", "#009E73"

"""Functions that print what the commands report."""

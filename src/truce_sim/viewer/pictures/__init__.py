"""A day as a figure, a run as a film."""

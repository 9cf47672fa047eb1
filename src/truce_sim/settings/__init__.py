"""Settings: their units, ranges, meanings and sources, and the list of all of them."""

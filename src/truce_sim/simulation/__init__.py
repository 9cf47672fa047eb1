"""One run: as a value, as pandas objects, as a folder, in plain sentences."""

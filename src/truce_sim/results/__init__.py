"""Results on disk: columns and their meanings, frames, files, provenance."""

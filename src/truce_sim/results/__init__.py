"""What is written to disk: columns and their meanings, frames, files, where they came from."""

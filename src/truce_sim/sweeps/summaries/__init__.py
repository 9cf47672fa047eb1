"""What the runs of a sweep come to, read off its folder."""

"""Following a truce day by day: what comes next, given the record so far."""

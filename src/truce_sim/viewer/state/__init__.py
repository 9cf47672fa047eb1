"""What a visitor looks at (the runs, the day, the levers) as plain values for the pages."""

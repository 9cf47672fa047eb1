"""What a setting is: its unit, range, meaning and source, and the list of all of them."""

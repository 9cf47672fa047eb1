"""The border: from a table of segments to the sectors that the rules see."""

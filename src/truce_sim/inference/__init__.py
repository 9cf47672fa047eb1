"""What is believed of the settings: before data (priors), and after (posteriors)."""

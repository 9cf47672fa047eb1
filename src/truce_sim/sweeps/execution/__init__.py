"""Run sweeps with workers on this machine or jobs on a cluster, and verify the results."""

"""The numerical methods behind the analysis, independent of the folders of sweeps."""

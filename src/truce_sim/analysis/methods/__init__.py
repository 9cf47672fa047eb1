"""The methods behind the analysis: estimators that know nothing of sweeps' folders."""

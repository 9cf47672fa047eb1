"""Event files as researchers have them: UCDP GED and ACLED, read by stated rules."""

#: Events this near to a line count, km, unless another distance is asked for.
WITHIN_KM = 100.0

"""Event files as researchers have them: UCDP GED and ACLED, read by stated rules."""

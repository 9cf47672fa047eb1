"""Which policy: search for mixes of levers that hold in many worlds, and prove what is found."""

"""Standing: levels, from points that may be seen."""

"""Speed, measured on one machine in one run and printed as ratios. ``make bench``."""

"""Fair draws: members enter with points, a seed promised beforehand says who wins."""

"""What points can get, and getting it."""

"""Stock: how many of each gift there are, and every change of it."""

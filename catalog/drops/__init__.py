"""Drops: so many pieces of a gift at a time of day."""

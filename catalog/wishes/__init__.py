"""Wish lists: what members would like to have, and telling them when they can."""

"""Households: members whom staff count together."""

"""Gifts: what points can get; categories, pickup points, pictures."""

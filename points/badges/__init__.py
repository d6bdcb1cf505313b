"""Badges: earned once, kept for good."""

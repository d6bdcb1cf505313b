"""Segments: saved filters over members."""

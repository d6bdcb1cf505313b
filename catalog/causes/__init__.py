"""Causes that donations go to."""

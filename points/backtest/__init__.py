"""Replaying real history under other rules, before they are let loose."""

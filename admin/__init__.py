"""The back office: no rules of its own, only calls."""

"""Notices: what members are told about their orders."""

"""Factories of people for these tests."""

from people import make_client, make_member, make_staff

__all__ = ["make_client", "make_member", "make_staff"]

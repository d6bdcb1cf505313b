"""Browsers of staff for these tests."""

from tests.admin.pages.conftest import desk

__all__ = ["desk"]

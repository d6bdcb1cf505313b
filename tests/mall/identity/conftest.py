"""Factories of people for these tests; forms are taken without a CSRF token unless a test says otherwise."""

from __future__ import annotations

import pytest
from flask import Flask
from people import make_client, make_member, make_staff

__all__ = ["make_client", "make_member", "make_staff"]


@pytest.fixture(autouse=True)
def unguarded(session_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """No CSRF checks."""
    monkeypatch.setitem(session_app.config, "WTF_CSRF_ENABLED", False)

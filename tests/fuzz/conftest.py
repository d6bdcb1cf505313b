"""A small filled mall for each module of the tests that send it anything."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from world import World, filled


@pytest.fixture(scope="module")
def world(session_app: Flask, restore: Callable[[], None]) -> World:
    """The mall, filled anew for each module of tests."""
    restore()
    return filled(session_app)

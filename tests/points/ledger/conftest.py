"""Fixtures of the ledger's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from mall.crypto import keyring
from points.ledger.seals import KEY_PURPOSE
from tests.points.ledger.desk import Desk, seals_of


@pytest.fixture
def desk(app: Flask, run: Callable[..., Any]) -> Iterator[Desk]:
    """A desk on an empty ledger, sealed with the installation's own key and file."""
    with seals_of(app.extensions["settings"].var) as path:
        yield Desk(run, path, keyring().signing_key(KEY_PURPOSE))


@pytest.fixture
def proven(desk: Desk) -> Iterator[Desk]:
    """A desk whose ledger has to prove right when the test is over."""
    yield desk
    assert desk.verify().bad is None

"""Bodies that many send alike are read once, and those that say something of somebody are not kept."""

from __future__ import annotations

import marshmallow as ma
import pytest
from flask import Flask
from flask_babel import Babel

from mall.errors import Invalid, Malformed, Unsupported
from mall.http import alike
from mall.http.alike import AlikeBodies


class OrderLike(ma.Schema):
    gift = ma.fields.String(required=True)
    quantity = ma.fields.Integer(required=True)
    target = ma.fields.String()


@pytest.fixture
def bodies() -> AlikeBodies:
    return AlikeBodies(OrderLike(), frozenset({"gift", "quantity"}))


def read(bodies: AlikeBodies, raw: bytes, content_type: str = "application/json"):
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context(method="POST", data=raw, content_type=content_type):
        return bodies.read(raw)


def test_the_same_bytes_are_read_once(bodies: AlikeBodies) -> None:
    first = read(bodies, b'{"gift":"cup","quantity":2}')
    assert first == ({"gift": "cup", "quantity": 2}, {"gift": "cup", "quantity": 2})
    assert read(bodies, b'{"gift":"cup","quantity":2}') is first
    other = read(bodies, b'{"gift":"cup", "quantity":3}')
    assert other == ({"gift": "cup", "quantity": 3}, {"gift": "cup", "quantity": 3})


def test_what_says_something_of_somebody_is_not_kept(bodies: AlikeBodies) -> None:
    raw = b'{"gift":"credit","quantity":1,"target":"13800000000"}'
    first = read(bodies, raw)
    assert first[1]["target"] == "13800000000"
    assert read(bodies, raw) is not first
    assert bodies._kept == {}


def test_what_is_refused_is_refused_each_time_and_a_kept_body_under_another_name_too(bodies: AlikeBodies) -> None:
    for _ in range(2):
        with pytest.raises(Malformed):
            read(bodies, b'{"gift":')
        with pytest.raises(Invalid):
            read(bodies, b'{"gift":"cup"}')
        with pytest.raises(Invalid):
            read(bodies, b'["gift"]')
    read(bodies, b'{"gift":"cup","quantity":2}')
    with pytest.raises(Unsupported):
        read(bodies, b'{"gift":"cup","quantity":2}', content_type="text/plain")


def test_a_body_blown_up_with_blanks_is_read_and_not_kept(bodies: AlikeBodies) -> None:
    raw = b'{"gift":"cup","quantity":2' + b" " * alike.LONGEST_KEPT + b"}"
    assert read(bodies, raw)[1] == {"gift": "cup", "quantity": 2}
    assert bodies._kept == {}


def test_only_so_many_bodies_are_kept(bodies: AlikeBodies, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "MOST_KEPT", 3)
    for quantity in range(5):
        read(bodies, b'{"gift":"cup","quantity":%d}' % quantity)
    assert sorted(value["quantity"] for value, _read in bodies._kept.values()) == [3, 4]

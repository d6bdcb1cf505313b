"""Thirty days after the end of an order nobody can read its address any more: the key is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from cryptography.exceptions import InvalidTag
from sqlalchemy import text

from catalog.jobs import destroy_addresses
from catalog.redemption.addresses import open_address
from mall.crypto import keyring
from mall.db import Login
from mall.jobs import run_job

HOME = {"name": "李梅", "phone": "13800138000", "address": "海淀区中关村大街 1 号"}
ENDS = {
    "completed": ["preparing", "shipped", "completed"],
    "cancelled": ["cancelled"],
    "returned": ["preparing", "shipped", "returned"],
    "refunded": ["preparing", "shipped", "returned", "refunded"],
}


def boxes(run, order_id):
    """Both stored forms of an address: the encrypted key, and what it opens."""
    query = text("""SELECT k.key_box, a.address_box FROM order_addresses AS a LEFT JOIN address_keys AS k
     ON k.order_id = a.order_id WHERE a.order_id = :id""")
    return run(Login.OWNER, lambda tx: tx.execute(query, {"id": order_id}).one_or_none())


@pytest.mark.parametrize("end", ENDS)
def test_the_key_lives_thirty_days_after_the_end_and_no_longer(shop, run, app, end):
    placed = datetime.now(UTC)
    member = shop.member(1000)
    order = shop.order(member, shop.gift(kind="delivery"), delivery=HOME).json["id"]
    for status in ENDS[end]:
        assert shop.advance(order, status).status_code == 200
    kept = boxes(run, order)
    assert open_address(keyring(), order, *kept).name == HOME["name"]
    with time_machine.travel(placed + timedelta(days=29, hours=23), tick=False):
        run_job("destroy-addresses", datetime.now(UTC))
        assert boxes(run, order) is not None
    with time_machine.travel(placed + timedelta(days=30, minutes=5), tick=False):
        assert run_job("destroy-addresses", datetime.now(UTC)) == {"addresses": 1}
    assert boxes(run, order) is None
    assert "delivery" not in shop.get(f"/orders/{order}", member).json
    assert "delivery" not in shop.get(f"/admin/orders/{order}", shop.owner).json


def test_an_open_order_keeps_its_address_however_old_it_is(shop, run, app):
    order = shop.order(shop.member(1000), shop.gift(kind="delivery"), delivery=HOME).json["id"]
    assert destroy_addresses(datetime.now(UTC) + timedelta(days=4000)) == {"addresses": 0}
    assert boxes(run, order) is not None


def test_what_an_old_copy_of_the_address_holds_cannot_be_read_without_the_key(shop, run, app):
    """A backup of the addresses alone, and the installation's own secret, open nothing."""
    order = shop.order(shop.member(1000), shop.gift(kind="delivery"), delivery=HOME).json["id"]
    shop.advance(order, "cancelled")
    _, copied = boxes(run, order)
    other = shop.order(shop.member(1000), shop.gift(kind="delivery"), delivery=HOME).json["id"]
    destroy_addresses(datetime.now(UTC) + timedelta(days=31))
    # Put back as a restored table would have it: the order shows no address all the same.
    insert = text("INSERT INTO order_addresses (order_id, address_box) VALUES (:id, :box)")
    run(Login.OWNER, lambda tx: tx.execute(insert, {"id": order, "box": copied}))
    assert "delivery" not in shop.get(f"/admin/orders/{order}", shop.owner).json
    other_key, _ = boxes(run, other)
    with pytest.raises(InvalidTag):  # another order's key does not fit
        open_address(keyring(), order, other_key, copied)
    for purpose in ("order-address-key", "address-book", "idempotency"):
        with pytest.raises(InvalidTag):
            keyring().decrypt(purpose, copied)


def test_no_table_holds_a_name_or_a_street_in_clear(shop, run, app):
    shop.order(shop.member(1000), shop.gift(kind="delivery"), delivery=HOME)
    wanted = "schemaname IN ('public', 'ledger', 'sources')"
    for name in shop.sql(f"SELECT array_agg(schemaname || '.' || tablename) FROM pg_tables WHERE {wanted}"):
        held = f"SELECT count(*) FROM {name} AS t WHERE t::text LIKE '%中关村大街%' OR t::text LIKE '%李梅%'"
        assert shop.sql(held) == 0, name

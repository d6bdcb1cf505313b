"""The demo from the outside: loaded and replayed over HTTP, twice the same as once."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.serving import make_server

from catalog.demo import cli
from catalog.demo.gifts import load_categories, load_gifts, voucher_codes
from catalog.demo.load import load_demo
from catalog.demo.people import KEY_FILE, PASSWORD, NotADemo, load_client, load_staff, read_key
from catalog.gifts.models import Gift, Picture
from catalog.stock.models import StockItem
from catalog.vouchers.models import VoucherCode
from mall.db import Login, run_tx
from mall.identity.roles import ROLES
from mall.identity.staff import create_staff, new_staff
from mall.settings import Settings

HERE = Path(cli.__file__).resolve().parent


@pytest.fixture
def var(app: Flask, tmp_path: Path) -> Iterator[Path]:
    """A MALL_VAR of the test's own."""
    before: Settings = app.extensions["settings"]
    app.extensions["settings"] = replace(before, var=tmp_path)
    yield tmp_path
    app.extensions["settings"] = before


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    """The app behind a real socket."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _load(app: Flask) -> list[str]:
    return list(load_demo(HERE, app.extensions["settings"], datetime.now(UTC)))


def _signed_in(client: FlaskClient, username: str) -> dict[str, str]:
    answer = client.post("/api/v1/sessions", json={"username": username, "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.json['token']}"}


def test_the_demo_loads_replays_and_does_nothing_the_second_time(
    app: Flask, client: FlaskClient, var: Path, url: str
) -> None:
    first = _load(app)
    key = read_key(var)
    assert (var / KEY_FILE).stat().st_mode & 0o777 == 0o600
    runner = app.test_cli_runner()
    replayed = runner.invoke(args=["demo", "replay", "--url", url])
    assert replayed.exit_code == 0, replayed.output
    assert "600 requests\n789 events sent: 789 booked, 0 replayed, 0 rejected\n" in replayed.output
    assert (
        "points by stage: received 1,200 (600 events), adopted 536 (26 events), solved 11,166 (87 events), "
        "rejected -152 (76 events); total 12,750\n"
    ) in replayed.output
    assert "  1. 张小满  1,346\n" in replayed.output
    assert "ledger verify: ok" in replayed.output
    zhang = _signed_in(client, "zhang_xiaoman")
    balance = client.get("/api/v1/me/balance", headers=zhang).json
    assert balance["available"] == 3860
    assert balance["expiring"][0]["points"] == 120
    assert client.post("/api/v1/me/checkin", headers={**zhang, "Idempotency-Key": "k"}).json["streak"] == 5
    board = client.get("/api/v1/leaderboards/all?limit=100", headers=zhang).json["items"]
    assert board[0].pop("avatar") == client.get("/api/v1/me", headers=zhang).json["avatar"]
    assert board[0] == {"rank": 1, "nickname": "张小满", "points": 725, "mine": True}
    assert len(board) == 14

    second = _load(app)
    again = runner.invoke(args=["demo", "replay", "--url", url])
    assert read_key(var) == key
    assert len(second) == len(first)
    assert not [line for line in second if " new)" in line and "(nothing new)" not in line]
    assert "789 events sent: 0 booked, 789 replayed, 0 rejected\n" in again.output
    assert client.get("/api/v1/me/balance", headers=zhang).json["available"] == 3865


@pytest.mark.parametrize("hour", ["2027-01-01T00:05", "2028-02-29T18:30"])
def test_the_demo_loads_at_any_hour_of_any_day(app: Flask, var: Path, hour: str) -> None:
    settings: Settings = app.extensions["settings"]
    now = datetime.fromisoformat(hour).replace(tzinfo=settings.zone).astimezone(UTC)
    told = list(load_demo(HERE, settings, now))
    assert told[-1].startswith("neighbours: 60 (60 new)"), told[-1]


def test_the_gifts_stand_on_the_shelves_with_pictures_and_stock_and_are_made_once(
    app: Flask, client: FlaskClient
) -> None:
    now = datetime.now(UTC)
    assert load_categories(HERE / "categories.json", now) == (7, 7)
    assert load_gifts(HERE, now) == (31, 31)
    assert load_categories(HERE / "categories.json", now) == (7, 0)
    assert load_gifts(HERE, now) == (31, 0)
    shown = client.get("/api/v1/gifts?limit=100").json["items"]
    assert len(shown) == 31
    pictures, codes, stock = run_tx(
        Login.BACKOFFICE,
        lambda tx: (
            tx.execute(select(func.count()).select_from(Picture)).scalar_one(),
            tx.execute(select(func.count()).select_from(VoucherCode)).scalar_one(),
            dict(
                tx.execute(
                    select(Gift.code, func.sum(StockItem.on_hand))
                    .join(StockItem, StockItem.gift_id == Gift.id)
                    .group_by(Gift.code)
                ).all()
            ),
        ),
    )
    wanted = json.loads((HERE / "gifts.json").read_text(encoding="utf-8"))
    assert pictures == 34  # three gifts are shown from near by too
    assert codes == sum(gift["stock"] for gift in wanted if gift["kind"] == "voucher")
    assert stock == {gift["key"]: gift["stock"] for gift in wanted}


def test_voucher_codes_are_the_same_every_time_and_differ() -> None:
    codes = voucher_codes("coffee-voucher", 500)
    assert codes == voucher_codes("coffee-voucher", 500)
    assert len(set(codes)) == 500
    assert all(re.fullmatch(r"DEMO-[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}", code) for code in codes)


def test_a_lost_key_is_replaced_and_the_old_one_is_dead(app: Flask, client: FlaskClient, var: Path) -> None:
    now = datetime.now(UTC)
    client_id, _ = load_client(var, now)
    old = read_key(var)
    assert load_client(var, now) == (client_id, False)
    (var / KEY_FILE).unlink()
    assert load_client(var, now) == (client_id, True)
    keys = (old, read_key(var))
    statuses = [
        client.get("/api/v1/credit-events", headers={"Authorization": f"Bearer {key}"}).status_code for key in keys
    ]
    assert statuses == [401, 200]


def test_a_replay_without_a_loaded_demo_says_what_to_do(app: Flask, var: Path) -> None:
    answer = app.test_cli_runner().invoke(args=["demo", "replay", "--url", "http://127.0.0.1:9"])
    assert answer.exit_code == 1
    assert "demo load" in answer.output


def test_a_mall_with_staff_of_its_own_refuses_the_demo(app: Flask, var: Path) -> None:
    now = datetime.now(UTC)
    entry = new_staff("somebody", "a-good-long-password", "owner")
    run_tx(Login.BACKOFFICE, lambda tx: create_staff(tx, entry, now, "test"))
    with pytest.raises(NotADemo):
        load_staff(now)
    answer = app.test_cli_runner().invoke(args=["demo", "load"])
    assert answer.exit_code == 1
    assert "staff of its own" in answer.output
    assert not (var / KEY_FILE).exists()


def test_every_role_can_sign_in(app: Flask, client: FlaskClient, var: Path) -> None:
    assert load_staff(datetime.now(UTC)) == len(ROLES)
    assert load_staff(datetime.now(UTC) + timedelta(days=1)) == 0
    for role in ROLES:
        answer = client.post("/api/v1/staff/sessions", json={"username": role, "password": PASSWORD})
        assert answer.status_code == 201, role

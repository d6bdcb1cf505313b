"""Many members want the same thing at the same moment, against a server with two worker processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from mall import clock
from mall.app import create_app
from mall.db import Login, run_tx
from mall.identity.members import Registration, enter_member
from mall.identity.names import clean_username
from mall.identity.passwords import hash_password
from mall.identity.sessions import API, open_session
from mall.settings import Settings
from points.ledger.books import open_books
from tests.journeys.serving import Installation
from tests.journeys.test_processes import _workers as workers
from tests.mall.server import until

pytestmark = pytest.mark.crash


@pytest.fixture(scope="module")
def place() -> Iterator[Installation]:
    """A served installation with two worker processes."""
    found = Installation(WORKERS="2", THREADS="8")
    found.start()
    yield found
    found.close()


@pytest.fixture(scope="module")
def within(place: Installation) -> Iterator[Any]:
    """Run work in the installation's own database."""
    app = create_app(Settings.from_env(place.environment))

    def run(login: Login, work: Any) -> Any:
        with app.app_context():
            return run_tx(login, work)

    yield run
    app.extensions["stores"].stop()


@pytest.fixture(scope="module")
def admin(place: Installation) -> httpx.Client:
    """The catalog's admin."""
    made = place.flask(
        "staff", "create", "racer", "--role", "owner", "--password-stdin", stdin="a long enough phrase\n"
    )
    assert made.returncode == 0, made.stderr
    client = httpx.Client(base_url=f"{place.url}/api/v1", timeout=60)
    answer = client.post("/staff/sessions", json={"username": "racer", "password": "a long enough phrase"})
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return client


def _enter(within: Any, prefix: str, count: int, points: int) -> list[str]:
    """Tokens of ``count`` new members with ``points`` each."""
    password = hash_password("a long enough phrase")
    now = clock.now()

    def work(tx: Session) -> list[str]:
        ids, tokens = [], []
        for number in range(count):
            name, key = clean_username(f"{prefix}-{number}")
            member = enter_member(tx, Registration(name, key, password, name), now)
            ids.append(member.id)
            tokens.append(open_session(tx, now, kind=API, member_id=member.id).token)
        tx.flush()
        with open_books(tx, ids, now) as books:
            for book in books:
                book.credit(points, expires_at=now + timedelta(days=9), occurred_at=now)
        return tokens

    tokens: list[str] = within(Login.OWNER, work)
    return tokens


def _gift(admin: httpx.Client, name: str, points: int, stock: int) -> str:
    body = {"name": name, "kind": "pickup", "points": points, "stock": stock}
    answer = admin.post("/admin/gifts", json=body, headers={"Idempotency-Key": f"gift-{name}"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _order_all(place: Installation, gift: str, tokens: list[str], keys: list[str]) -> list[tuple[int, Any]]:
    with (
        httpx.Client(base_url=f"{place.url}/api/v1", timeout=120, limits=httpx.Limits(max_connections=32)) as client,
        ThreadPoolExecutor(32) as pool,
    ):

        def order(token: str, key: str) -> tuple[int, Any]:
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
            answer = client.post("/orders", json={"gift": gift, "quantity": 1}, headers=headers)
            return answer.status_code, answer.json()

        return list(pool.map(order, tokens, keys))


def test_fifty_members_after_the_last_piece_are_one_order_whichever_process_they_come_to(
    place: Installation, within: Any, admin: httpx.Client, pytestconfig: pytest.Config
) -> None:
    rounds = pytestconfig.getoption("--race-rounds")
    tokens = _enter(within, "last", 50, rounds)
    limits = httpx.Limits(max_connections=50, max_keepalive_connections=50)
    with (
        httpx.Client(base_url=f"{place.url}/api/v1", timeout=120, limits=limits) as client,
        ThreadPoolExecutor(50) as pool,
    ):

        def order(gift: str, token: str) -> str:
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": gift}
            answer = client.post("/orders", json={"gift": gift, "quantity": 1}, headers=headers)
            return str(answer.json().get("code", answer.status_code))

        for number in range(rounds):
            gift = _gift(admin, f"last-{number}", 1, 1)
            codes = Counter(pool.map(order, [gift] * 50, tokens))
            assert codes == {"201": 1, "sold_out": 49}, (number, codes)
    bought = "FROM orders WHERE gift_name->>'en' LIKE 'last-%' OR gift_name->>'zh' LIKE 'last-%'"
    assert _count(within, f"SELECT count(*) {bought}") == _count(within, f"SELECT sum(points) {bought}") == rounds
    wallets = "SELECT sum({}) FROM ledger.wallets JOIN members ON id = member_id WHERE username LIKE 'last-%'"
    assert _count(within, wallets.format("available")) == 49 * rounds
    assert _count(within, wallets.format("redeemed")) == rounds
    left = "SELECT sum(on_hand) FROM stock_items JOIN gifts ON gifts.id = item_id WHERE gifts.name->>'zh' LIKE 'last-%'"
    assert _count(within, left) == 0
    assert place.flask("ledger", "verify").returncode == 0


def _count(within: Any, sql: str, **values: Any) -> int:
    return int(within(Login.OWNER, lambda tx: tx.execute(text(sql), values).scalar_one()))


def test_fifty_orders_at_once_on_a_balance_for_one_are_one_order(
    place: Installation, within: Any, admin: httpx.Client
) -> None:
    gift = _gift(admin, "one-balance", 100, 1000)
    token = _enter(within, "single", 1, 100)[0]
    answers = _order_all(place, gift, [token] * 50, [f"try-{number}" for number in range(50)])
    assert Counter(status for status, _ in answers) == {201: 1, 409: 49}
    assert {body["code"] for status, body in answers if status == 409} == {"insufficient_points"}
    assert _count(within, "SELECT count(*) FROM orders WHERE gift_id = :gift", gift=gift) == 1


def test_two_hundred_calls_with_one_key_are_one_order(place: Installation, within: Any, admin: httpx.Client) -> None:
    gift = _gift(admin, "one-key", 1, 1000)
    token = _enter(within, "keyed", 1, 1000)[0]
    answers = _order_all(place, gift, [token] * 200, ["the-same-key"] * 200)
    assert {status for status, _ in answers} <= {201, 409}
    assert {body["code"] for status, body in answers if status == 409} <= {"request_in_progress"}
    assert len({body["id"] for status, body in answers if status == 201}) == 1
    assert _count(within, "SELECT count(*) FROM orders WHERE gift_id = :gift", gift=gift) == 1
    assert _count(within, "SELECT on_hand FROM stock_items WHERE item_id = :gift", gift=gift) == 999


def _answers(place: Installation) -> bool:
    try:
        return httpx.get(f"{place.url}/readyz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def test_a_worker_killed_with_groups_of_orders_in_flight_loses_and_doubles_none(
    place: Installation, within: Any, admin: httpx.Client
) -> None:
    """Orders that were answered stand once; whoever got no answer asks again with the same key."""
    gift = _gift(admin, "killed", 10, 600)
    tokens = _enter(within, "killed", 600, 10)
    acknowledged: dict[int, str] = {}
    lost: list[int] = []
    with (
        httpx.Client(base_url=f"{place.url}/api/v1", timeout=120, limits=httpx.Limits(max_connections=32)) as client,
        ThreadPoolExecutor(32) as pool,
    ):

        def order(number: int) -> None:
            headers = {"Authorization": f"Bearer {tokens[number]}", "Idempotency-Key": f"killed-{number}"}
            try:
                answer = client.post("/orders", json={"gift": gift, "quantity": 1}, headers=headers)
            except httpx.TransportError:
                lost.append(number)
                return
            assert answer.status_code == 201, answer.text
            acknowledged[number] = answer.json()["id"]

        sent = [pool.submit(order, number) for number in range(600)]
        until(lambda: len(acknowledged) > 60, "some acknowledged")
        for process in workers(place):  # all connections may be of one process, which need not be the first
            process.kill()
        for one in sent:
            one.result()
        until(lambda: _answers(place), "served again")
        assert lost, "nothing was in flight"
        standing = set(within(Login.OWNER, lambda tx: tx.scalars(text("SELECT id FROM orders")).all()))
        assert set(acknowledged.values()) <= standing
        for number in tuple(lost):
            order(number)
    assert len(acknowledged) == 600
    assert _count(within, "SELECT count(*) FROM orders WHERE gift_id = :gift", gift=gift) == 600
    assert _count(within, "SELECT on_hand FROM stock_items WHERE item_id = :gift", gift=gift) == 0


def test_two_thousand_members_after_a_hundred_items_make_exactly_a_hundred_orders(
    place: Installation, within: Any, admin: httpx.Client
) -> None:
    gift = _gift(admin, "hot", 10, 100)
    tokens = _enter(within, "crowd", 2000, 10)
    answers = _order_all(place, gift, tokens, [f"hot-{number}" for number in range(2000)])
    assert Counter(status for status, _ in answers) == {201: 100, 409: 1900}
    assert {body["code"] for status, body in answers if status == 409} == {"sold_out"}
    assert _count(within, "SELECT count(*) FROM orders WHERE gift_id = :gift", gift=gift) == 100
    assert _count(within, "SELECT on_hand FROM stock_items WHERE item_id = :gift", gift=gift) == 0
    spent = """SELECT count(*) FROM ledger.wallets w JOIN orders o USING (member_id)
        WHERE o.gift_id = :gift AND w.redeemed = 10"""
    assert _count(within, spent, gift=gift) == 100
    verified = place.flask("ledger", "verify")
    assert verified.returncode == 0, verified.stdout

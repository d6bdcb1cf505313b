"""Neighbours: members whose last weeks make the demo's back office look as it does in a mall that is open.

``neighbours.json`` says for each when they joined, ``check_ins`` ``[[days ago of the first, how many], …]``, ``thanks``
``[[days ago, points], …]`` and ``orders`` ``[[days ago, gift], …]``. Everything is done by the use cases with those
dates, one member after another in order of time. An order goes the way of its kind, a day or two for each step, so
those of the last days still wait for staff.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.demo.history import thank
from catalog.gifts.models import Gift
from catalog.redemption.addresses import Address
from catalog.redemption.advance import Step, take_step
from catalog.redemption.lifecycle import By
from catalog.redemption.place import OrderRequest, place_order
from mall.clock import local_date
from mall.db import Login, run_tx
from mall.identity.members import Registration, enter_member
from mall.identity.models import Member
from mall.identity.names import clean_username
from mall.identity.passwords import hash_password
from points.checkin.check_in import check_in

ACTOR = "demo"
ORDERS_AT, STEPS_AT = time(12, 20), time(9, 40)
JOINS_AT, CHECKS_IN_AT, IS_THANKED_AT = time(7, 30), time(7, 50), time(18, 0)
"""Hours of the mall's day: what is done does not depend on the hour at which the demo is loaded."""
STEPS: Mapping[str, tuple[tuple[int, str], ...]] = {
    "delivery": ((1, "preparing"), (2, "shipped"), (5, "completed")),
    "pickup": ((2, "completed"),),
}
"""Days after the order, and the step that staff take then."""
Act = Callable[[Session, datetime], object]


@dataclass(frozen=True, slots=True)
class Deed:
    """What is done when, with which database login."""

    at: datetime
    login: Login
    act: Act


def load_neighbours(people: Sequence[Mapping[str, Any]], password: str, now: datetime, zone: ZoneInfo) -> int:
    """Enter those who are missing, with what they did; returns how many. Who is there stays as they are."""
    known = run_tx(Login.REDEMPTION, lambda tx: set(tx.scalars(select(Member.username_key))))
    missing = [person for person in people if clean_username(person["username"])[1] not in known]
    if not missing:
        return 0
    password_hash, gifts = hash_password(password), run_tx(Login.REDEMPTION, _gifts)
    for person in missing:
        name, key = clean_username(person["username"])
        entry = Registration(name, key, password_hash, person["nickname"])
        joined_at = _at(now, person["joined"], JOINS_AT, zone)
        member_id = run_tx(Login.REDEMPTION, partial(_enter, entry=entry, joined_at=joined_at))
        deeds = [deed for deed in _deeds(person, member_id, gifts, now, zone) if joined_at < deed.at <= now]
        for login, some in groupby(sorted(deeds, key=lambda deed: deed.at), key=lambda deed: deed.login):
            run_tx(login, partial(_do, deeds=list(some)))
    return len(missing)


def _gifts(tx: Session) -> dict[str, tuple[str, str]]:
    rows = tx.execute(select(Gift.code, Gift.id, Gift.kind).where(Gift.code.is_not(None)))
    return {str(code): (gift_id, kind) for code, gift_id, kind in rows}


def _enter(tx: Session, entry: Registration, joined_at: datetime) -> str:
    return enter_member(tx, entry, joined_at).id


def _do(tx: Session, deeds: Sequence[Deed]) -> None:
    for deed in deeds:
        deed.act(tx, deed.at)


def _at(now: datetime, days_ago: int, hour: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(local_date(now, zone) - timedelta(days=days_ago), hour, tzinfo=zone).astimezone(UTC)


def _deeds(
    person: Mapping[str, Any], member_id: str, gifts: Mapping[str, tuple[str, str]], now: datetime, zone: ZoneInfo
) -> Iterator[Deed]:
    def at(days_ago: int, hour: time) -> datetime:
        return _at(now, days_ago, hour, zone)

    def of_member(act: Callable[[Session, str, datetime], object]) -> Act:
        return lambda tx, moment: act(tx, member_id, moment)

    for first, count in person["check_ins"]:
        for number in range(count):
            yield Deed(at(first - number, CHECKS_IN_AT), Login.EARNING, of_member(check_in))
    for number, (days_ago, points) in enumerate(person["thanks"]):
        yield Deed(at(days_ago, IS_THANKED_AT), Login.EARNING, of_member(thank(points, f"thanks-{number}")))
    for days_ago, code in person["orders"]:
        gift_id, kind = gifts[code]
        order = _Order(person, member_id, gift_id, kind)
        yield Deed(at(days_ago, ORDERS_AT), Login.REDEMPTION, order.place)
        for later, target in STEPS.get(kind, ()):
            yield Deed(at(days_ago - later, STEPS_AT), Login.BACKOFFICE, partial(order.move, target=target))


class _Order:
    """One order, from placing to as far as it has come."""

    def __init__(self, person: Mapping[str, Any], member_id: str, gift_id: str, kind: str) -> None:
        self._member_id, self._kind = member_id, kind
        phone = f"138{int.from_bytes(member_id.encode()[-4:]) % 10**8:08d}"
        house = len(person["username"]) * 7 % 40 + 1
        sent_to = Address(person["nickname"], phone, f"北京市海淀区志新路 {house} 号院 2 单元")
        self._asked = OrderRequest(gift_id, delivery=sent_to if kind == "delivery" else None)
        self._order_id = ""

    def place(self, tx: Session, moment: datetime) -> None:
        """Order it."""
        self._order_id = place_order(tx, self._member_id, self._asked, moment, secrets=False).id

    def move(self, tx: Session, moment: datetime, target: str) -> None:
        """Move it on, as staff do."""
        number = f"SF{int.from_bytes(self._order_id.encode()[-5:]) % 10**12:012d}" if target == "shipped" else None
        step = Step(target, By.STAFF, f"staff:{ACTOR}", tracking=number, carrier="SF" if number else None)
        take_step(tx, self._order_id, step, moment)

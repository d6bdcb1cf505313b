"""Jobs of the catalog."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from catalog.draws.run import hold_due
from catalog.drops.release import release_due
from catalog.gifts.popularity import count_popularity
from catalog.notices.activities import remind_of_activities
from catalog.notices.booked import AT_ONCE as BOOKED_AT_ONCE
from catalog.notices.booked import booked_yesterday, tell_of_booked
from catalog.notices.expiring import tell_of_expiry
from catalog.notices.remind import AT_ONCE as REMINDED_AT_ONCE
from catalog.notices.remind import remind_of_check_ins
from catalog.queue.run import advance_rooms, open_rooms
from catalog.redemption.addresses import destroy_due_keys
from catalog.redemption.overdue import (
    complete_shipped,
    expire_unclaimed,
    expire_uncollected,
    remind_to_claim,
    remind_to_collect,
)
from catalog.stock.alerts import watch_stock
from catalog.vouchers.watch import watch_pools
from catalog.wishes.tell import AT_ONCE, tell_of_wishes
from mall.db import Login, run_tx
from mall.jobs import job
from points.earning.book_events import mall_zone


@job("destroy-addresses", every=timedelta(hours=6))
def destroy_addresses(now: datetime) -> dict[str, int]:
    """Destroy the addresses of orders that ended 30 days ago."""
    return {"addresses": run_tx(Login.BACKOFFICE, lambda tx: destroy_due_keys(tx, now))}


@job("expire-uncollected", every=timedelta(minutes=10))
def expire_pickups(now: datetime) -> dict[str, int]:
    """Remind members of what waits for them, and let expire what nobody collected or claimed."""
    reminded = 0
    for remind in (remind_to_collect, remind_to_claim):
        while more := run_tx(Login.BACKOFFICE, partial(remind, now=now)):
            reminded += more
    return {"reminded": reminded, "expired": expire_uncollected(now) + expire_unclaimed(now)}


@job("complete-shipped", every=timedelta(hours=1))
def complete_parcels(now: datetime) -> dict[str, int]:
    """Complete parcels of which nothing was heard for 15 days."""
    return {"completed": complete_shipped(now)}


@job("release-drops", every=timedelta(seconds=5))
def release_drops(now: datetime) -> dict[str, int]:
    """Release the day's pieces of drops whose time has come, open waiting rooms, and turns in those that run."""
    zone = mall_zone()
    found = {"opened": open_rooms(now, zone), "released": release_due(now, zone), "turns": advance_rooms(now)}
    return {name: count for name, count in found.items() if count}


@job("hold-draws", every=timedelta(seconds=10), aside=True)
def hold_draws(now: datetime) -> dict[str, int]:
    """Publish the lists of draws that have closed, reveal their seeds, and give entries their outcome."""
    return hold_due(now)


@job("watch-stock", every=timedelta(minutes=1))
def watch_low_stock(now: datetime) -> dict[str, int]:
    """Tell of what has run low."""
    return {"low": run_tx(Login.BACKOFFICE, lambda tx: watch_stock(tx, now))}


@job("tell-of-wishes", every=timedelta(minutes=5))
def tell_wishes(now: datetime) -> dict[str, int]:
    """Tell members of wishes that have come within reach or are in stock again."""
    turned = told = 0
    while True:
        more, notices = run_tx(Login.BACKOFFICE, lambda tx: tell_of_wishes(tx, now))
        turned, told = turned + more, told + notices
        if more < AT_ONCE:
            return {"turned": turned, "told": told}


@job("tell-of-booked-points", every=timedelta(hours=1))
def tell_booked(now: datetime) -> dict[str, int]:
    """Tell members of the points that yesterday brought."""
    told, after = 0, ""
    while found := run_tx(Login.BACKOFFICE, lambda tx, after=after: booked_yesterday(tx, now, after)):  # type: ignore[misc]
        for start in range(0, len(found), BOOKED_AT_ONCE):
            some = found[start : start + BOOKED_AT_ONCE]
            run_tx(Login.BACKOFFICE, lambda tx, some=some: tell_of_booked(tx, some, now))  # type: ignore[misc]
        told, after = told + len(found), found[-1][0]
    return {"told": told} if told else {}


@job("tell-of-expiry", every=timedelta(hours=1))
def tell_expiry(now: datetime) -> dict[str, int]:
    """Tell members of points that expire in 30 and in 7 days."""
    told, after = 0, ""
    while True:
        _noted, notices, last = run_tx(Login.BACKOFFICE, lambda tx, after=after: tell_of_expiry(tx, now, after))  # type: ignore[misc]
        told += notices
        if last is None:
            return {"told": told} if told else {}
        after = last


@job("remind-of-check-ins", every=timedelta(minutes=5))
def remind_check_ins(now: datetime) -> dict[str, int]:
    """Remind members who asked for it and have not checked in today."""
    told = 0
    while True:
        settled, notices = run_tx(Login.BACKOFFICE, lambda tx: remind_of_check_ins(tx, now))
        told += notices
        if settled < REMINDED_AT_ONCE:
            return {"told": told} if told else {}


@job("remind-of-activities", every=timedelta(minutes=30))
def remind_activities(now: datetime) -> dict[str, int]:
    """Remind members of the activities of tomorrow that they have signed up for."""
    told = 0
    while True:
        settled, notices = run_tx(Login.BACKOFFICE, lambda tx: remind_of_activities(tx, now))
        told += notices
        if not settled:
            return {"told": told} if told else {}


@job("watch-voucher-pools", every=timedelta(minutes=10))
def watch_voucher_pools(now: datetime) -> dict[str, int]:
    """Tell staff of pools of codes that run low."""
    return {"low": run_tx(Login.BACKOFFICE, lambda tx: watch_pools(tx, now))}


@job("count-popularity", every=timedelta(minutes=10))
def count_popular(now: datetime) -> dict[str, int]:
    """Count what is asked for most."""
    return {"gifts": run_tx(Login.BACKOFFICE, lambda tx: count_popularity(tx, now))}

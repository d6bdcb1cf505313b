"""Jobs of the catalog."""

from __future__ import annotations

from datetime import datetime, timedelta

from catalog.gifts.popularity import count_popularity
from catalog.redemption.addresses import destroy_due_keys
from mall.db import Login, run_tx
from mall.jobs import job


@job("destroy-addresses", every=timedelta(hours=6))
def destroy_addresses(now: datetime) -> dict[str, int]:
    """Destroy the addresses of orders that ended 30 days ago."""
    return {"addresses": run_tx(Login.BACKOFFICE, lambda tx: destroy_due_keys(tx, now))}


@job("count-popularity", every=timedelta(minutes=10))
def count_popular(now: datetime) -> dict[str, int]:
    """Count what is asked for most."""
    return {"gifts": run_tx(Login.BACKOFFICE, lambda tx: count_popularity(tx, now))}

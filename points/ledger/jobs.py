"""Jobs of the ledger: what time has done is posted, wallet heads are sealed."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import current_app

from mall.crypto import keyring
from mall.db import Login, run_tx
from mall.jobs import job
from points.ledger.seals import FILE_NAME, HEADS_PER_SEAL, KEY_PURPOSE, seal_heads
from points.ledger.sweep import WALLETS_PER_SWEEP, sweep_due


@job("settle-due", every=timedelta(minutes=5))
def settle_due(now: datetime) -> dict[str, int]:
    """Expire points and holds, mature pending points, in wallets that nobody touched."""
    wallets = points = 0
    while True:
        settled, expired = run_tx(Login.EARNING, lambda tx: sweep_due(tx, now))
        wallets += settled
        points += expired
        if settled < WALLETS_PER_SWEEP:
            return {"wallets": wallets, "expired_points": points}


@job("seal-ledger", every=timedelta(hours=1))
def seal_ledger(now: datetime) -> dict[str, int]:
    """Sign the heads of wallets that changed since their last seal."""
    key = keyring().signing_key(KEY_PURPOSE)
    path = current_app.extensions["settings"].var / FILE_NAME
    heads = 0
    while True:
        sealed = run_tx(Login.EARNING, lambda tx: seal_heads(tx, key, path, now))
        heads += sealed
        if sealed < HEADS_PER_SEAL:
            return {"heads": heads}

"""Proof of the ledger, for auditors."""

from __future__ import annotations

from typing import Any

from flask import current_app
from marshmallow import fields

from mall.crypto import keyring
from mall.db import Login, run_tx
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, StrictSchema
from mall.http.principals import staff
from points.ledger.seals import FILE_NAME, KEY_PURPOSE
from points.ledger.verify import verify_ledger

blp = api_blueprint("admin-ledger", __name__, description="Proof that nobody changed the ledger")


class VerificationSchema(StrictSchema):
    """What was read and whether all of it holds; ``bad`` is the first thing that does not."""

    ok = fields.Boolean(required=True)
    wallets = fields.Integer(required=True)
    postings = fields.Integer(required=True)
    seals = fields.Integer(required=True)
    bad = fields.String(required=True, allow_none=True)
    verified_at = Instant(required=True)


@endpoint(blp, "GET", "/admin/ledger/verification", auth=staff("auditor"), login=None, response=VerificationSchema)
def verify_ledger_now(call: Call) -> dict[str, Any]:
    """Read the whole ledger and prove it; a snapshot of its own, so the route has no transaction."""
    key = keyring().signing_key(KEY_PURPOSE).public_key()
    path = current_app.extensions["settings"].var / FILE_NAME
    found = run_tx(Login.BACKOFFICE, lambda tx: verify_ledger(tx, path, key))
    return {
        "ok": found.bad is None,
        "wallets": found.wallets,
        "postings": found.postings,
        "seals": found.seals,
        "bad": found.bad,
        "verified_at": call.now,
    }

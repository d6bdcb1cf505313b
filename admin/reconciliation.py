"""Comparing a source's own list with the books for somebody of the staff: the audit trail says whose was looked up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mall import audit
from mall.http.call import Call
from mall.identity.api_clients import find_client
from points.earning.reconcile import reconcile
from points.earning.reconcile_lines import Listed, Reconciliation


def reconcile_for_staff(
    call: Call, client_id: str, lines: Sequence[Listed], since: datetime | None, until: datetime | None
) -> Reconciliation:
    """As ``reconcile``, noted in the audit trail. Raises NotFound for the client, and as ``reconcile``."""
    source = find_client(call.tx, client_id)
    found = reconcile(call.tx, source.id, lines, since, until)
    told = {
        "listed": found.listed, "missing": len(found.missing), "differing": len(found.differing),
        "unlisted": len(found.unlisted), "from": since and since.isoformat(), "until": until and until.isoformat(),
    }  # fmt: skip
    audit.record(call.tx, call.staff.name, "client.reconciled", f"client:{source.id}", told, call.now, call.request_id)
    return found

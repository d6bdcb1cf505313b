"""Endpoints of webhooks: made, changed, given new secrets and removed by staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLong
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from mall import audit, outbox
from mall.db import must_get
from mall.errors import Invalid
from mall.identity.models import ApiClient
from mall.ids import new_id
from mall.webhooks.address import BadAddress, read_url, resolve
from mall.webhooks.events import EVENTS, Audience
from mall.webhooks.models import WebhookEndpoint
from mall.webhooks.shared_secret import give_secret, replace_secret

LOOK_UP_SECONDS = 3
TOLD = "webhook.told"
"""Topic of messages that something is wrong with an endpoint, or no longer."""
FAILING, OFF = "webhook.failing", "webhook.off"


def private_allowed() -> bool:
    """Whether this installation sends to addresses that are not public (WEBHOOKS_TO_PRIVATE)."""
    return bool(current_app.extensions["settings"].webhooks_to_private)


def refuse_address(url: str) -> None:
    """Raise Invalid naming ``url`` for what is no address, or whose name leads to one that is not public.

    Asks the name service, so it is called before a transaction. A name that is not known (yet) is taken: every attempt
    looks again, and connects to what it has looked at.
    """
    private = private_allowed()
    try:
        target = read_url(url, private=private)
    except BadAddress as error:
        raise Invalid({"url": [_("Must be an https address without a password in it.")]}) from error
    if private:
        return
    pool = ThreadPoolExecutor(1, thread_name_prefix="webhook-name")
    try:
        pool.submit(resolve, target, private=False).result(LOOK_UP_SECONDS)
    except BadAddress as error:
        if str(error) == "private":
            raise Invalid({"url": [_("Leads to an address that is not public.")]}) from error
    except TooLong:
        return  # a slow name service is no reason to refuse
    finally:
        pool.shutdown(wait=False)


def endpoints(tx: Session, limit: int = 1000, after: str | None = None) -> Sequence[WebhookEndpoint]:
    """Endpoints, the oldest first, after the id ``after``."""
    query = select(WebhookEndpoint).order_by(WebhookEndpoint.id).limit(limit)
    return tx.scalars(query if after is None else query.where(WebhookEndpoint.id > after)).all()


def get_endpoint(tx: Session, endpoint_id: str, *, lock: bool = False) -> WebhookEndpoint:
    """An endpoint. Raises NotFound."""
    # Not against those who add deliveries to it: they only need it to stay.
    return must_get(tx, WebhookEndpoint, endpoint_id, with_for_update={"key_share": True} if lock else None)


def add_endpoint(
    tx: Session, fields: Mapping[str, Any], actor: str, now: datetime, request_id: str | None = None
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its secret, which is told now and never again. ``client_id`` None: the mall's own.

    Its address is looked at before (``refuse_address``). Raises Invalid for a client that is not there, and for events
    that its endpoints may not have.
    """
    client_id = fields.get("client_id")
    if client_id is not None and tx.get(ApiClient, client_id) is None:
        raise Invalid({"client_id": [_("There is no such reporting system.")]})
    made = WebhookEndpoint(
        id=new_id("whe"),
        client_id=client_id,
        url=fields["url"],
        description=fields.get("description", ""),
        events=_checked_events(fields["events"], client_id),
        active=fields.get("active", True),
        created_at=now,
    )
    secret = give_secret(made)
    tx.add(made)
    tx.flush()
    audit.record(tx, actor, "webhook.created", f"webhook:{made.id}", dict(fields), now, request_id)
    return made, secret


def change_endpoint(
    tx: Session, endpoint_id: str, fields: Mapping[str, Any], actor: str, now: datetime, request_id: str | None = None
) -> WebhookEndpoint:
    """Change address, events, description, or whether anything is sent. Raises NotFound, Invalid.

    Switched on again, it is as good as new: what went wrong before does not count. What waited goes on.
    """
    found = get_endpoint(tx, endpoint_id, lock=True)
    if "events" in fields:
        found.events = _checked_events(fields["events"], found.client_id)
    for name in ("url", "description"):
        if name in fields:
            setattr(found, name, fields[name])
    if fields.get("active") and not found.active:
        found.failing_since = found.off_reason = found.last_ms = None
        withdraw(tx, found, now)
    found.active = fields.get("active", found.active)
    tx.flush()
    audit.record(tx, actor, "webhook.changed", f"webhook:{endpoint_id}", dict(fields), now, request_id)
    return found


def remove_endpoint(tx: Session, endpoint_id: str, actor: str, now: datetime, request_id: str | None = None) -> None:
    """Remove an endpoint with all that waits for it and what is known of its deliveries. Raises NotFound."""
    found = get_endpoint(tx, endpoint_id, lock=True)
    withdraw(tx, found, now)
    tx.delete(found)
    tx.flush()
    detail = {"url": found.url, "client_id": found.client_id}
    audit.record(tx, actor, "webhook.removed", f"webhook:{endpoint_id}", detail, now, request_id)


def renew_secret(
    tx: Session, endpoint_id: str, actor: str, now: datetime, request_id: str | None = None
) -> tuple[WebhookEndpoint, str]:
    """A new secret; for a day messages carry signatures of both. Raises NotFound."""
    found = get_endpoint(tx, endpoint_id, lock=True)
    secret = replace_secret(found, now)
    tx.flush()
    audit.record(tx, actor, "webhook.secret", f"webhook:{endpoint_id}", {}, now, request_id)
    return found, secret


def end_former_secret(
    tx: Session, endpoint_id: str, actor: str, now: datetime, request_id: str | None = None
) -> WebhookEndpoint:
    """From now on messages are signed with the newest secret alone; once more changes nothing. Raises NotFound."""
    found = get_endpoint(tx, endpoint_id, lock=True)
    if found.former_box is not None:
        found.former_box = found.former_until = None
        tx.flush()
        audit.record(tx, actor, "webhook.former_secret_ended", f"webhook:{endpoint_id}", {}, now, request_id)
    return found


def report(tx: Session, endpoint: WebhookEndpoint, kind: str, now: datetime) -> None:
    """Have staff told that an endpoint is ``webhook.failing`` or ``webhook.off``."""
    endpoint.told_at = endpoint.told_at or now
    outbox.publish(tx, TOLD, {"endpoint": endpoint.id, "kind": kind, "why": endpoint.off_reason}, now)


def withdraw(tx: Session, endpoint: WebhookEndpoint, now: datetime) -> None:
    """Take back what staff were told, if they were."""
    if endpoint.told_at is not None:
        endpoint.told_at = None
        outbox.publish(tx, TOLD, {"endpoint": endpoint.id, "kind": None}, now)


def _checked_events(events: Sequence[str], client_id: str | None) -> list[str]:
    wanted = sorted(set(events))
    if client_id is not None and any(EVENTS[name].audience == Audience.MALL for name in wanted):
        raise Invalid({"events": [_("Expired points are told to the mall's own endpoints alone.")]})
    return wanted

"""Deliveries as staff see them: listed, sent again, tried out; forgotten after 30 days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from mall import audit
from mall.db import Login, run_tx
from mall.errors import Conflict, NotFound
from mall.http.pagination import newest_first
from mall.jobs import job
from mall.metrics import figure
from mall.webhooks.endpoints import get_endpoint
from mall.webhooks.events import TEST, Fact
from mall.webhooks.fan_out import tell_one
from mall.webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint

KEPT = timedelta(days=30)
FORGOTTEN_AT_ONCE = 10_000


def deliveries_page(
    tx: Session, endpoint_id: str, state: str | None, limit: int, cursor_text: str | None
) -> dict[str, Any]:
    """Deliveries to an endpoint, the newest first. Raises NotFound, Invalid for a cursor that is not ours."""
    get_endpoint(tx, endpoint_id)
    query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    if state is not None:
        query = query.where(WebhookDelivery.state == state)
    return newest_first(tx, query, WebhookDelivery.place, limit, cursor_text, kind=int)


def waiting_by_endpoint(tx: Session) -> dict[str, int]:
    """How many deliveries wait, by endpoint."""
    waiting = WebhookDelivery.state == DeliveryState.WAITING.value
    query = select(WebhookDelivery.endpoint_id, func.count()).where(waiting).group_by(WebhookDelivery.endpoint_id)
    return {row[0]: row[1] for row in tx.execute(query)}


def try_endpoint(
    tx: Session, endpoint_id: str, actor: str, now: datetime, request_id: str | None = None
) -> WebhookDelivery:
    """Queue one ``webhook.test``: sent once within seconds, also to an endpoint that is off. Raises NotFound."""
    get_endpoint(tx, endpoint_id)
    delivery_id = tell_one(tx, endpoint_id, Fact(TEST.name, {"endpoint": endpoint_id}, now), now)
    audit.record(tx, actor, "webhook.tested", f"webhook:{endpoint_id}", {"delivery": delivery_id}, now, request_id)
    return tx.get_one(WebhookDelivery, delivery_id)


def redeliver(
    tx: Session, endpoint_id: str, delivery_id: str, actor: str, now: datetime, request_id: str | None = None
) -> WebhookDelivery:
    """Send a delivery again now, with the ``webhook-id`` it has had; one that waits goes now and keeps its tries.

    Raises NotFound, Conflict ``webhook_off``.
    """
    endpoint = get_endpoint(tx, endpoint_id)
    found = tx.get(WebhookDelivery, delivery_id, with_for_update=True)
    if found is None or found.endpoint_id != endpoint_id:
        raise NotFound()
    if not endpoint.active and not found.forced:
        raise Conflict("webhook_off")
    if found.state != DeliveryState.WAITING:
        found.state, found.attempts, found.leased_until = DeliveryState.WAITING.value, 0, None
        found.delivered_at = None
    found.next_at = now
    tx.flush()
    detail = {"delivery": delivery_id, "message": found.message_id}
    audit.record(tx, actor, "webhook.redelivered", f"webhook:{endpoint_id}", detail, now, request_id)
    return found


_OLDEST = text("""DELETE FROM webhook_deliveries WHERE id IN (SELECT id FROM webhook_deliveries
 WHERE created_at < :before LIMIT :most)""")


@job("forget-webhook-deliveries", every=timedelta(hours=6))
def forget_deliveries(now: datetime) -> dict[str, int]:
    """Delete deliveries that were made 30 days ago, in portions; by then nothing is tried any more."""
    gone, values = 0, {"before": now - KEPT, "most": FORGOTTEN_AT_ONCE}
    while True:
        done = int(run_tx(Login.BACKOFFICE, lambda tx: tx.execute(_OLDEST, values).rowcount))  # type: ignore[attr-defined]
        gone += done
        if done < FORGOTTEN_AT_ONCE:
            return {"forgotten": gone} if gone else {}


@figure("mall_webhook_deliveries_waiting", "Webhook deliveries waiting, retries included", Login.BACKOFFICE)
def _waiting(tx: Session) -> float:
    waiting = select(func.count()).select_from(WebhookDelivery).where(WebhookDelivery.state == "waiting")
    return float(tx.execute(waiting).scalar_one())


@figure("mall_webhook_endpoints_failing", "Webhook endpoints without a success since a failure", Login.BACKOFFICE)
def _failing(tx: Session) -> float:
    failing = select(func.count()).select_from(WebhookEndpoint).where(WebhookEndpoint.failing_since.is_not(None))
    return float(tx.execute(failing).scalar_one())

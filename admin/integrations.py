"""What staff see of the programs around the mall: who calls it, who pays through it, whom it calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.payment.state import PaymentState, payment_state
from catalog.topups.models import TopUp, TopUpProvider
from mall.identity.api_clients import keys_of, list_clients
from mall.identity.models import ApiClient, ApiKey
from mall.request_log import Calls, calls_since
from mall.webhooks.deliveries import waiting_by_endpoint
from mall.webhooks.endpoints import endpoints

LATELY = timedelta(hours=1)
MOST_CLIENTS = 100


@dataclass(frozen=True, slots=True)
class ClientState:
    """A reporting system. ``live_keys`` work now; ``calls`` are those of the last hour."""

    client: ApiClient
    live_keys: int
    last_used_at: datetime | None
    key_ends_at: datetime | None
    calls: Calls


@dataclass(frozen=True, slots=True)
class ProviderState:
    """A system that tops accounts up. ``waiting``: to be sent or asked after; ``troubled``: of these, once failed."""

    id: str
    name: str
    active: bool
    waiting: int
    troubled: int


@dataclass(frozen=True, slots=True)
class WebhookState:
    """Endpoints of webhooks: those that get through, that fail now, that are off; and the messages that wait."""

    well: int
    failing: int
    off: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Integrations:
    """Everything at once; at most 100 clients, ``more_clients`` says that there are others."""

    clients: list[ClientState]
    more_clients: bool
    payment: PaymentState
    providers: list[ProviderState]
    webhooks: WebhookState


def integrations(tx: Session, now: datetime) -> Integrations:
    """The state now; nobody outside is asked."""
    found = list_clients(tx, MOST_CLIENTS + 1, None)
    listed = found[:MOST_CLIENTS]
    keys, calls = keys_of(tx, [client.id for client in listed]), calls_since(tx, now - LATELY)
    none = Calls(0, 0, 0, None)
    states = [_client(client, keys[client.id], calls.get(client.id, none), now) for client in listed]
    return Integrations(states, len(found) > MOST_CLIENTS, payment_state(tx), _providers(tx), _webhooks(tx))


def _client(client: ApiClient, keys: Sequence[ApiKey], calls: Calls, now: datetime) -> ClientState:
    live = [key for key in keys if key.revoked_at is None and (key.expires_at is None or key.expires_at > now)]
    ends = [key.expires_at for key in live if key.expires_at is not None]
    # A key's own mark is written every ten minutes at most; the log knows better, once a call is in it.
    used = [moment for moment in (calls.last_at, *(key.last_used_at for key in keys)) if moment is not None]
    key_ends_at = max(ends) if ends and len(ends) == len(live) else None
    return ClientState(client, len(live), max(used, default=None), key_ends_at, calls)


def _webhooks(tx: Session) -> WebhookState:
    found = endpoints(tx)
    on = [one for one in found if one.active]
    failing = sum(one.failing_since is not None for one in on)
    return WebhookState(len(on) - failing, failing, len(found) - len(on), sum(waiting_by_endpoint(tx).values()))


def _providers(tx: Session) -> list[ProviderState]:
    waiting = func.count(TopUp.order_id).filter(TopUp.next_at.is_not(None))
    troubled = func.count(TopUp.order_id).filter(TopUp.next_at.is_not(None), TopUp.problem.is_not(None))
    asked = select(TopUpProvider.id, TopUpProvider.name, TopUpProvider.active, waiting, troubled)
    joined = asked.outerjoin(TopUp, (TopUp.provider_id == TopUpProvider.id) & TopUp.next_at.is_not(None))
    rows = tx.execute(joined.group_by(TopUpProvider.id).order_by(TopUpProvider.name, TopUpProvider.id))
    return [ProviderState(*row) for row in rows]

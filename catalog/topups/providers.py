"""Providers of top-ups: made, changed and given new secrets by staff; and what a gift asks of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.gifts.edit import get_gift
from catalog.gifts.models import Gift
from catalog.gifts.windows import GiftStatus
from catalog.topups.models import TopUpProvider
from mall import audit
from mall.db import must_get
from mall.errors import Conflict, Invalid, NotFound
from mall.ids import new_id
from mall.webhooks.address import BadAddress, read_url
from mall.webhooks.shared_secret import give_secret, replace_secret


def providers(tx: Session) -> Sequence[TopUpProvider]:
    """All providers, the oldest first."""
    return tx.scalars(select(TopUpProvider).order_by(TopUpProvider.id)).all()


def get_provider(tx: Session, provider_id: str) -> TopUpProvider:
    """A provider. Raises NotFound."""
    return must_get(tx, TopUpProvider, provider_id)


def add_provider(
    tx: Session, fields: Mapping[str, Any], actor: str, now: datetime, *, private: bool, request_id: str | None = None
) -> tuple[TopUpProvider, str]:
    """A new provider and its secret, which is told now and never again. Raises Invalid for its address."""
    _check_url(fields["url"], private)
    provider = TopUpProvider(
        id=new_id("tup"),
        name=fields["name"],
        url=fields["url"],
        active=fields.get("active", True),
        created_at=now,
    )
    secret = give_secret(provider)
    tx.add(provider)
    tx.flush()
    audit.record(tx, actor, "top_up_provider.created", f"top_up_provider:{provider.id}", dict(fields), now, request_id)
    return provider, secret


def change_provider(
    tx: Session,
    provider_id: str,
    fields: Mapping[str, Any],
    actor: str,
    now: datetime,
    *,
    private: bool,
    request_id: str | None = None,
) -> TopUpProvider:
    """Change name, address or whether it is asked at all. Raises NotFound, Invalid."""
    provider = get_provider(tx, provider_id)
    if "url" in fields:
        _check_url(fields["url"], private)
    for name, value in fields.items():
        setattr(provider, name, value)
    tx.flush()
    audit.record(tx, actor, "top_up_provider.changed", f"top_up_provider:{provider.id}", dict(fields), now, request_id)
    return provider


def renew_secret(
    tx: Session, provider_id: str, actor: str, now: datetime, request_id: str | None = None
) -> tuple[TopUpProvider, str]:
    """A new secret; for a day messages carry signatures of both, and both are taken. Raises NotFound."""
    provider = get_provider(tx, provider_id)
    secret = replace_secret(provider, now)
    tx.flush()
    audit.record(tx, actor, "top_up_provider.secret", f"top_up_provider:{provider.id}", {}, now, request_id)
    return provider, secret


def connect_gift(
    tx: Session, gift_id: str, wanted: Mapping[str, str], actor: str, now: datetime, request_id: str | None = None
) -> Gift:
    """Say who tops up for a virtual gift, with which product, and what the member is asked for.

    Raises NotFound for the gift, Conflict ``not_virtual``, Invalid for a provider that is not there.
    """
    gift = get_gift(tx, gift_id, lock=True)
    if gift.kind != "virtual":
        raise Conflict("not_virtual")
    if tx.get(TopUpProvider, wanted["provider"]) is None:
        raise Invalid({"provider": [_("There is no such provider.")]})
    gift.top_up, gift.updated_at = dict(wanted), now
    tx.flush()
    audit.record(tx, actor, "gift.connected", f"gift:{gift.id}", dict(wanted), now, request_id)
    return gift


def _check_url(url: str, private: bool) -> None:
    try:
        read_url(url, private=private)
    except BadAddress as error:
        raise Invalid({"url": [_("Must be an https address without a password in it.")]}) from error


def virtual_gifts(tx: Session) -> Sequence[Gift]:
    """Virtual gifts that are not archived, the newest first."""
    query = select(Gift).where(Gift.kind == "virtual", Gift.status != GiftStatus.ARCHIVED.value)
    return tx.scalars(query.order_by(Gift.id.desc()).limit(100)).all()


def connection_of(tx: Session, gift_id: str) -> dict[str, str]:
    """What ``connect_gift`` has said of a gift. Raises NotFound also while nothing is said."""
    found = get_gift(tx, gift_id).top_up
    if found is None:
        raise NotFound()
    return found

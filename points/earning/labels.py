"""Labels that points credited by hand may carry (``points.credit``); the rules role keeps the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mall import audit
from mall.db import cursor, must_get
from mall.errors import Conflict
from points.earning.rule_models import CreditLabel
from points.earning.rules import rules_changed

USED_WITHIN = timedelta(days=90)
"""How far back the uses of labels are counted."""
_USES = """SELECT facts ->> 'label', count(*), max(posted_at) FROM sources.credit_events
 WHERE type = 'points.credit' AND posted_at > %s GROUP BY 1"""


@dataclass(frozen=True, slots=True)
class Uses:
    """How often a label was used lately, and when last; ``last_at`` None: not lately."""

    count: int = 0
    last_at: datetime | None = None


def label_uses(tx: Session, now: datetime) -> dict[str, Uses]:
    """Credits of the last 90 days by label. Needs a login that may read sources."""
    rows = cursor(tx).execute(_USES, (now - USED_WITHIN,)).fetchall()
    return {label: Uses(count, last_at) for label, count, last_at in rows}


def labels(tx: Session) -> Sequence[CreditLabel]:
    """All labels, by code."""
    return tx.scalars(select(CreditLabel).order_by(CreditLabel.code)).all()


def create_label(
    tx: Session, code: str, name: Mapping[str, str], actor: str, now: datetime, request_id: str
) -> CreditLabel:
    """Add a label. Raises Conflict ``label_exists``."""
    row = insert(CreditLabel).values(code=code, name=dict(name), active=True)
    made = tx.execute(row.on_conflict_do_nothing().returning(CreditLabel.code)).scalar_one_or_none()
    if made is None:
        raise Conflict("label_exists")
    rules_changed(cursor(tx))
    audit.record(tx, actor, "label.created", f"label:{code}", {"name": dict(name)}, now, request_id)
    return tx.get_one(CreditLabel, code)


def change_label(
    tx: Session, code: str, changes: Mapping[str, Any], actor: str, now: datetime, request_id: str
) -> CreditLabel:
    """Set ``name`` and ``active`` where given: what is not active is refused from now on. Raises NotFound."""
    label = must_get(tx, CreditLabel, code)
    for name, value in changes.items():
        setattr(label, name, value)
    tx.flush()
    rules_changed(cursor(tx))
    audit.record(tx, actor, "label.changed", f"label:{code}", dict(changes), now, request_id)
    return label

"""Undo for ten minutes: a deed is remembered with its own transaction, and taken back once, by who did it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import flash
from sqlalchemy import delete
from sqlalchemy.orm import Session

from admin.acting import acting
from admin.undo.deeds import DEEDS
from admin.undo.fields import fields_of
from admin.undo.models import UndoStep
from mall.db import Login, run_tx
from mall.http.call import Call
from mall.ids import new_id
from mall.jobs import job

LASTS = timedelta(minutes=10)


def offer_undo(call: Call, deed: str, detail: dict[str, Any], back: str) -> None:
    """Offer to take back what this request has just done; ``back``: the page that then is shown."""
    step = UndoStep(
        id=new_id("und"), actor=call.staff.name, deed=deed, detail=detail, back=back, at=call.now, used_at=None
    )
    call.tx.add(step)
    call.tx.flush()
    flash(step.id, "undo")


def offer_former(call: Call, kind: str, key: str, before: Mapping[str, Any], back: str) -> None:
    """Offer to write again what of ``before`` this request has changed; nothing changed, nothing offered."""
    now = fields_of(call.tx, kind, key)
    changed = [name for name in before if now.get(name) != before[name]]
    if changed:
        detail = {
            "kind": kind, "key": key, "before": {name: before[name] for name in changed},
            "after": {name: now[name] for name in changed},
        }  # fmt: skip
        offer_undo(call, "fields", detail, back)


def take_back(call: Call, step_id: str) -> tuple[str, tuple[int, int] | None]:
    """The page to go back to, and how many things are as they were, and how many somebody has changed meanwhile.

    None instead of the figures: too late, taken back already, or not the caller's.
    """
    step = call.tx.get(UndoStep, step_id, with_for_update=True)
    if step is None or step.actor != call.staff.name:
        return "/admin", None
    if step.used_at is not None or step.at + LASTS < call.now:
        return step.back, None
    step.used_at = call.now
    return step.back, DEEDS[step.deed](call.tx, step.detail, acting(call))


def _forget(tx: Session, before: datetime) -> int:
    return tx.execute(delete(UndoStep).where(UndoStep.at < before)).rowcount  # type: ignore[attr-defined,no-any-return]


@job("forget-undo-steps", every=timedelta(hours=1))
def forget_undo_steps(now: datetime) -> dict[str, int]:
    """Former values are kept no longer than they are of use."""
    gone = run_tx(Login.BACKOFFICE, lambda tx: _forget(tx, now - timedelta(hours=1)))
    return {"forgotten": gone} if gone else {}

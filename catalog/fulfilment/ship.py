"""Sending many parcels at once, from a list of order numbers, carriers and tracking numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from catalog.fulfilment.parcel_lines import ParcelLine, is_untouched, parcel_lines
from catalog.payment.due import is_on_hold
from catalog.redemption.lifecycle import SENT_KINDS, By, Status, targets
from catalog.redemption.writer import lock_order, move_order
from mall import audit
from mall.crypto import keyring
from mall.db import cursor
from mall.errors import Conflict, Invalid
from mall.sheets import BadSheet, read_sheet

MAX_LINES = 2_000
SHIPPED = "shipped"
_FIND = "SELECT number, id, kind FROM orders WHERE number = ANY(%s)"


@dataclass(frozen=True, slots=True)
class LineResult:
    """What became of a line. ``result``: ``shipped``, or the code of what is wrong; ``status``: the order's."""

    line: ParcelLine
    result: str
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Shipment:
    """What became of a list, line by line."""

    lines: list[LineResult]

    @property
    def shipped(self) -> int:
        return sum(one.result == SHIPPED for one in self.lines)

    @property
    def refused(self) -> int:
        return len(self.lines) - self.shipped


def read_parcels(raw: bytes, media_type: str) -> list[ParcelLine]:
    """The lines of a CSV or XLSX file. Raises Invalid naming ``body``: not such a file, too large, or empty."""
    why = {
        "encoding": _("Must be a text file in UTF-8 or GB 18030 (the CSV that Excel saves)."),
        "form": _("This is no CSV or XLSX file that can be read."),
        "too_many": _("Has more than 2,000 lines."),
        "too_large": _("Unpacks to too much."),
    }
    try:
        lines = parcel_lines(read_sheet(raw, media_type))
    except BadSheet as error:
        raise Invalid({"body": [str(why[str(error)])]}) from error
    if len(lines) > MAX_LINES:
        raise Invalid({"body": [str(why["too_many"])]})
    if not lines:
        raise Invalid({"body": [_("There is no line in it.")]})
    return lines


def ship_parcels(
    tx: Session,
    lines: Sequence[ParcelLine],
    actor: str,
    now: datetime,
    *,
    only_good: bool = False,
    request_id: str | None = None,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> Shipment:
    """Move each order of the list to ``shipped`` with its carrier and tracking number.

    ``tell``: told how many lines are done, of how many.

    An order that is confirmed goes through ``preparing`` on the way; its member gets one notice. Raises Conflict
    ``bad_lines`` (``extra["shipment"]``: the Shipment as it would be) when a line cannot be booked, unless
    ``only_good``: then those are left out. The transaction must not commit after a raise.
    """
    found = _found(tx, lines)
    results: dict[int, LineResult] = {}
    # Locked in the order of their ids, so that two lists with the same orders never wait in a circle.
    for done, line in enumerate(sorted(lines, key=lambda one: found.get(one.order, ("", ""))[0]), start=1):
        results[line.number] = _ship(tx, line, found.get(line.order), actor, now)
        tell(done, len(lines))
    shipment = Shipment([results[line.number] for line in lines])
    if shipment.refused and not only_good:
        raise Conflict("bad_lines", extra={"shipment": shipment})
    detail = {"shipped": shipment.shipped, "refused": shipment.refused}
    audit.record(tx, actor, "orders.shipped", "orders", detail, now, request_id)
    return shipment


def _found(tx: Session, lines: Sequence[ParcelLine]) -> dict[str, tuple[str, str]]:
    numbers = [line.order for line in lines if line.problem is None]
    rows: list[Any] = cursor(tx).execute(_FIND, (numbers,)).fetchall()
    return {number: (order_id, kind) for number, order_id, kind in rows}


def _ship(tx: Session, line: ParcelLine, found: tuple[str, str] | None, actor: str, now: datetime) -> LineResult:
    if line.problem is not None:
        return LineResult(line, "empty" if is_untouched(line) else line.problem)
    if found is None or found[1] not in SENT_KINDS:
        return LineResult(line, "unknown" if found is None else "not_delivery")
    cur = cursor(tx)
    order = lock_order(cur, found[0])
    assert order is not None, "orders are never deleted"
    path = _path(order.kind, order.status)
    if path is None:
        return LineResult(line, "status", order.status)
    if order.cash_cents is not None and is_on_hold(tx, order.id):
        return LineResult(line, "on_hold", order.status)
    move_order(cur, keyring(), order, path, actor, now, tracking=line.tracking, carrier=line.carrier)
    return LineResult(line, SHIPPED, Status.SHIPPED.value)


def _path(kind: str, status: str) -> list[Status] | None:
    """The steps from ``status`` to ``shipped``, as the table of transitions has them; None when it has none."""
    if Status.SHIPPED.value in targets(kind, status, By.STAFF):
        return [Status.SHIPPED]
    if Status.PREPARING.value in targets(kind, status, By.STAFF) and status == Status.CONFIRMED:
        return [Status.PREPARING, Status.SHIPPED]
    return None


def reason(one: LineResult) -> str:
    """What became of a line, in words of the reader's language."""
    sentences = {
        SHIPPED: _("Shipped."),
        "empty": _("Carrier and tracking number are missing."),
        "columns": _("Needs three columns: order number, carrier, tracking number."),
        "order": _("This is no order number."),
        "carrier": _("This carrier is not known."),
        "tracking": _("This is no tracking number of that carrier."),
        "twice": _("This order is named on a line before."),
        "unknown": _("There is no such order."),
        "not_delivery": _("This order is not sent."),
        "on_hold": _("The payment of this order is disputed."),
        "status": _("This order cannot be shipped from where it is."),
    }
    return str(sentences[one.result])

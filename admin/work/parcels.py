"""A long list of parcels booked by the worker, all of it in one transaction, with a bar that tells how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy.orm import Session

from admin.shipments import shipment_wire
from admin.work.keep import Outcome, ask, finish
from admin.work.models import LongWork
from admin.work.run import kind_of_work
from catalog.fulfilment.parcel_lines import ParcelLine
from catalog.fulfilment.ship import ship_parcels
from mall import audit, clock
from mall.db import Login, run_tx
from mall.errors import Conflict
from mall.http.call import Call
from mall.http.principals import StaffPrincipal
from mall.i18n import choose_locale
from mall.queued import Tell

KIND = "parcels"
AT_ONCE = 200
"""Lines that are booked while their sender waits: about a second."""


def ask_booking(tx: Session, call: Call, title: str, lines: Sequence[ParcelLine], *, only_good: bool) -> LongWork:
    """Leave a list of parcels to the worker. Raises Conflict ``work_under_way``."""
    asked = {
        "lines": [asdict(line) for line in lines], "only_good": only_good, "lang": choose_locale(),
        "origin": audit.origin(),
    }  # fmt: skip
    return ask(tx, call.staff.staff_id, KIND, title, asked, call.now)


@kind_of_work(KIND)
def book_parcels(person: StaffPrincipal, work: LongWork, tell: Tell) -> Outcome:
    """Book them. Raises Conflict ``bad_lines`` (``extra["result"]``: every line), after which nothing is booked."""
    lines = [ParcelLine(**line) for line in work.asked["lines"]]

    def book(tx: Session) -> Outcome:
        done = ship_parcels(
            tx, lines, person.name, clock.now(), only_good=work.asked["only_good"], request_id=work.id, tell=tell
        )
        outcome = Outcome(result=shipment_wire(done))
        finish(tx, work.id, outcome, clock.now())  # with what it tells of, so that it never is done twice
        return outcome

    try:
        return run_tx(Login.BACKOFFICE, book)
    except Conflict as error:
        if error.code != "bad_lines":
            raise
        raise Conflict("bad_lines", extra={"result": shipment_wire(error.extra["shipment"])}) from error

"""Parcels in the back office: the list of what is to be sent, and the filled-in list back."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from flask import Response, make_response, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from admin.pages.blueprint import desk
from admin.shipments import FILES, shipment_wire, to_ship_file
from admin.work.parcels import AT_ONCE, ask_booking
from catalog.fulfilment.ship import read_parcels, ship_parcels
from catalog.fulfilment.to_ship import count_to_ship
from mall.db import Login, run_tx
from mall.errors import Conflict, Invalid, MallError
from mall.http import idempotency
from mall.http.call import Call
from mall.http.page import page
from mall.http.principals import fresh, staff
from mall.http.problems import STATUS
from mall.identity.forms import messages_of
from mall.sheets import CSV_TYPE, XLSX_TYPE

pages = desk("parcels", __name__)
PEOPLE = staff("fulfilment")


@page(pages, "GET", "/parcels", auth=PEOPLE, login=Login.BACKOFFICE)
def parcels(call: Call) -> str:
    """How many orders wait, their list as a file, and a form for the list of what was sent."""
    return _shown(call.tx)


def _shown(tx: Session, **more: Any) -> str:
    return render_template("admin/parcels.html", waiting=count_to_ship(tx), **more)


@page(pages, "GET", "/parcels/to-ship", auth=fresh(PEOPLE), login=Login.BACKOFFICE)
def to_ship(call: Call) -> Response:
    """The file; ``format``: csv or xlsx."""
    kind = request.args.get("format", "xlsx")
    return to_ship_file(call, kind if kind in FILES else "xlsx")


@page(pages, "POST", "/parcels", auth=PEOPLE, login=None)
def ship(call: Call) -> Response:
    """Book the list, once for each hidden key, and show what became of every line; a long one the worker books."""
    only_good = request.form.get("only_good") == "1"
    try:
        key = idempotency.check_form(request.form.get("_key"), required=True)
        assert key is not None
        raw = _file()
        lines = read_parcels(raw, XLSX_TYPE if raw.startswith(b"PK") else CSV_TYPE)
        asked = idempotency.fingerprint("POST", request.path, [hashlib.sha256(raw).hexdigest(), only_good])

        def effect(tx: Session) -> Response:
            if len(lines) > AT_ONCE:
                work = ask_booking(tx, call, _("Parcels"), lines, only_good=only_good)
                return Response(json.dumps({"work": work.id}), content_type="application/json")
            done = ship_parcels(
                tx, lines, call.staff.name, call.now, only_good=only_good, request_id=call.request_id
            )  # fmt: skip
            return Response(json.dumps(shipment_wire(done)), content_type="application/json")

        booked = run_tx(
            Login.BACKOFFICE,
            lambda tx: idempotency.once(tx, call.staff.name, key, asked, call.now, lambda: effect(tx)),
        )
        told, refused, status = json.loads(booked.get_data()), False, 200
    except Conflict as error:
        if error.code != "bad_lines":
            return _again(error)
        told, refused, status = shipment_wire(error.extra["shipment"]), True, 409
    except Invalid as error:
        return _again(error)
    if "work" in told:
        return redirect(f"/admin/works/{told['work']}", 303)  # type: ignore[return-value]
    body = run_tx(Login.BACKOFFICE, lambda tx: _shown(tx, told=with_file(told), nothing_booked=refused))
    return make_response(body, status)


def with_file(told: dict[str, Any]) -> dict[str, Any]:
    """What became of a list in wire form, and the ``url`` of its result as a file."""
    return {**told, "url": "data:text/csv;charset=utf-8;base64," + base64.b64encode(told["file"].encode()).decode()}


def _file() -> bytes:
    given = request.files.get("list")
    raw = given.read() if given is not None else b""
    if not raw:
        raise Invalid({"list": [_("Please choose a file.")]})
    return raw


def _again(error: MallError) -> Response:
    found = messages_of(error, "list")
    errors = {"list": [sentence for sentences in found.values() for sentence in sentences]}
    return make_response(run_tx(Login.BACKOFFICE, lambda tx: _shown(tx, errors=errors)), STATUS[error.kind])

"""The desk at a pickup point, on a phone: type or scan a code, see what waits for it, hand it over, next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from flask import Blueprint, Response, make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from admin.orders import collect_as_staff
from admin.pages.blueprint import desk
from catalog.fulfilment.hours import opening_of, state_now
from catalog.fulfilment.hours_words import now_words
from catalog.gifts.pictures import picture_url
from catalog.redemption.codes import typed_code
from catalog.redemption.handed_over import handed_over_lately
from catalog.redemption.pickup import Waiting, counting_misses, find_waiting
from catalog.wording import in_language
from mall.db import Login, run_tx
from mall.errors import MallError, NotFound, TooMany
from mall.http import idempotency
from mall.http.call import Call
from mall.http.page import page
from mall.http.principals import PUBLIC, staff
from mall.http.problems import problem_of
from mall.i18n import language
from points.earning.book_events import mall_zone

pages = desk("counter", __name__)
short = Blueprint("counter_address", __name__)
PEOPLE = staff("fulfilment")
HERE = "/admin/desk"
CAMERA = "camera=(self), geolocation=(), microphone=(), payment=()"
"""The one page that may ask for the camera (mall.http.security refuses it everywhere else)."""
LATEST = 6
T = TypeVar("T")
LONGEST_CODE = 40


@page(short, "GET", "/desk", auth=PUBLIC, login=None)
def short_address(call: Call) -> Redirect:
    """An address that is easily typed on a phone."""
    return redirect(HERE, 303)


@page(pages, "GET", "/desk", auth=PEOPLE, login=Login.BACKOFFICE)
def counter(call: Call) -> Response:
    """Ready for a code; ``?code=`` types it, and somebody still has to look it up."""
    typed = typed_code(request.args.get("code", "")[:LONGEST_CODE])
    return _shown(call, call.tx, done=request.args.get("done"), typed=typed)


def _shown(call: Call, tx: Session, **more: Any) -> Response:
    latest = handed_over_lately(tx, call.staff.name, LATEST)
    shown = [
        {"number": one.number, "name": in_language(one.gift_name, language()), "at": one.at, "quantity": one.quantity}
        for one in latest
    ]
    done = more.pop("done", None)
    just = next((one for one in shown if one["number"] == done), None)
    body = render_template("desk/counter.html", latest=shown, just=just, **more)
    response = make_response(body)
    response.headers["Permissions-Policy"] = CAMERA
    response.headers["Cache-Control"] = "no-store"
    return response


@page(pages, "POST", "/desk", auth=PEOPLE, login=None)
def look(call: Call) -> Response:
    """What waits for a code. A code that nothing waits for counts as a miss."""
    code = request.form.get("code", "")[:LONGEST_CODE]

    def work(tx: Session) -> Response:
        found = counting_misses(
            tx, call.staff.staff_id, call.now, lambda: find_waiting(tx, code, call.staff.name, call.now)
        )
        if isinstance(found, NotFound):
            return _refused(call, tx, found)
        return _shown(call, tx, found=_wire(found, code, call.now))

    return _answered(call, work)


@page(pages, "POST", "/desk/hand-over", auth=PEOPLE, login=None)
def hand_over(call: Call) -> Response | Redirect:
    """The gift is handed over; the desk is ready for the next code. Pressed twice, it is one hand-over."""
    code = request.form.get("code", "")[:LONGEST_CODE]
    key = idempotency.check_form(request.form.get("_key"), required=True)
    assert key is not None
    asked = idempotency.fingerprint("POST", request.path, code)

    def effect(tx: Session) -> Response:
        collect_as_staff(tx, call, code)
        number = handed_over_lately(tx, call.staff.name, 1)[0].number
        return Response(number, content_type="text/plain")

    def work(tx: Session) -> Response | Redirect:
        def attempt() -> Response:
            return idempotency.once(tx, call.staff.name, key, asked, call.now, lambda: effect(tx))

        outcome = counting_misses(tx, call.staff.staff_id, call.now, attempt)
        if isinstance(outcome, NotFound):
            return _refused(call, tx, outcome)
        return redirect(f"{HERE}?done={outcome.get_data(as_text=True)}", 303)

    return _answered(call, work)


def _answered(call: Call, work: Callable[[Session], T]) -> T | Response:
    """The page also for a refusal that rolls back: too many misses, or the same press still running."""
    try:
        return run_tx(Login.BACKOFFICE, work)
    except MallError as error:
        if error.kind not in ("too_many", "conflict"):
            raise
        refusal = error
        return run_tx(Login.BACKOFFICE, lambda tx: _refused(call, tx, refusal))


def _refused(call: Call, tx: Session, error: MallError) -> Response:
    wait = max(1, ((error.retry_after or 0) + 59) // 60) if isinstance(error, TooMany) else None
    return _shown(call, tx, refusal=str(problem_of(error)["title"]), wait_minutes=wait)


def _closed(found: Waiting, now: datetime) -> str | None:
    """Says so when the point is not open: whoever stands there is told, not sent away."""
    opening, here = opening_of(found.opening), now.astimezone(mall_zone())
    state = state_now(opening, here) if opening else None
    return now_words(state, here, language()) if state is not None and not state.is_open else None


def _wire(found: Waiting, code: str, now: datetime) -> dict[str, Any]:
    reader = language()
    return {
        "code": code,
        "number": found.number,
        "name": in_language(found.gift_name, reader),
        "variant": in_language(found.variant_name, reader) or None,
        "quantity": found.quantity,
        "picture_url": picture_url(found.picture),
        "point": in_language(found.point_name, reader) or None,
        "ready": found.ready,
        "closed": _closed(found, now),
    }

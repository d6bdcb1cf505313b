"""Pages of points: balance, statement, claim codes."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from flask import Blueprint, Response, flash, get_template_attribute, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from mall.db import Login
from mall.errors import NotFound
from mall.http import idempotency
from mall.http.call import Call
from mall.http.downloads import download
from mall.http.page import page
from mall.http.principals import MEMBER
from mall.identity.forms import messages_of
from mall.identity.step_up import is_recent, require_full
from points.earning.appeals import own_debits
from points.earning.book_events import mall_zone
from points.earning.claim_codes import claim
from points.ledger.queries import awards_pending, balance
from points.routes.claims import counting_misses
from points.standing.levels import standing_of
from points.statement import statement_page
from points.statement_file import statement_file

pages = Blueprint("points", __name__)
STATEMENT_LINES = 20


@page(pages, "GET", "/balance", auth=MEMBER, login=Login.EARNING)
def balance_page(call: Call) -> str:
    member_id = call.member.member_id
    return render_template(
        "storefront/balance.html",
        balance=balance(call.tx, member_id, call.now),
        pending=awards_pending(call.tx, member_id),
        debits=any(debit.state == "open" for debit in own_debits(call.tx, member_id)),
        level=standing_of(call.tx, member_id),
    )


@page(pages, "GET", "/statement", auth=MEMBER, login=Login.EARNING)
def statement_of_points(call: Call) -> str | Redirect:
    if call.member.restricted:
        return redirect(f"/me/confirm?{urlencode({'next': '/statement'})}", 303)
    direction = request.args.get("direction") or None
    direction = direction if direction in ("in", "out") else None
    full = is_recent(call.member, call.now)
    lines, cursor = statement_page(
        call.tx, call.member.member_id, STATEMENT_LINES, request.args.get("cursor") or None, direction, full
    )
    following = {"cursor": cursor, **({"direction": direction} if direction else {})}
    return render_template(
        "storefront/statement.html",
        balance=balance(call.tx, call.member.member_id, call.now),
        lines=lines,
        next_url=f"/statement?{urlencode(following)}" if cursor else None,
        direction=direction,
        locked=not full and any(line.confidential for line in lines),
    )


@page(pages, "GET", "/statement/file", auth=MEMBER, login=Login.EARNING, on_error="/statement")
def statement_as_file(call: Call) -> Response:
    """The whole statement; ``format``: csv or xlsx. Explained as far as the page explains it at this moment."""
    require_full(call.member)
    kind = request.args.get("format", "csv")
    words = get_template_attribute("macros/words.html", "statement_label")
    content = statement_file(
        call.tx, call.member.member_id, kind, mall_zone(), lambda line: str(words(line)).strip(),
        is_recent(call.member, call.now),
    )  # fmt: skip
    return download(content, f"statement-{call.now.astimezone(mall_zone()):%Y-%m-%d}", kind)


@page(pages, "GET", "/claims", auth=MEMBER, login=Login.EARNING)
def claims_page(call: Call) -> str:
    done = request.args.get("done", "")
    return render_template("storefront/claims.html", claimed=int(done) if _is_points(done) else None)


@page(pages, "POST", "/claims", auth=MEMBER, login=None, on_error="/claims")
def claims_form(call: Call) -> Response | Redirect:
    """Take the points of a code; one that is wrong stands there again, to be put right."""
    key = idempotency.check_form(request.form.get("_key"), required=True)
    assert key is not None
    code = request.form.get("code", "").strip()
    try:
        points = _claimed(call, key, code)
    except NotFound as error:
        again = render_template("storefront/claims.html", form={"code": code[:64]}, errors=messages_of(error, "code"))
        return Response(again, 404)
    flash(_("+%(points)s points.", points=points), "success")
    return redirect(f"/claims?done={points}", 303)


def _claimed(call: Call, key: str, code: str) -> int:
    if not code or len(code) > 100 or "\0" in code:
        raise NotFound("claim_code_not_found")
    asked = idempotency.fingerprint("POST", request.path, code)

    def effect(tx: Session) -> Response:
        points = claim(tx, call.member.member_id, code, call.now)
        return Response(json.dumps({"points": points}), content_type="application/json")

    response = counting_misses(
        call, lambda tx: idempotency.once(tx, call.principal.name, key, asked, call.now, lambda: effect(tx))
    )
    return int(response.get_json()["points"])


def _is_points(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 7

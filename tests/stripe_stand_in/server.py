"""The stand-in itself: Checkout Sessions, PaymentIntents, refunds, disputes, signed events, and faults on demand."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
import time
from dataclasses import dataclass
from typing import Any

import requests
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from . import objects
from .keys import Answer, Keys, problem
from .objects import Thing
from .pages import closed_page, pay_page

SECRET_KEY = "sk_test_stand_in"
WEBHOOK_SECRET = "whsec_stand_in_0123456789abcdef"
LEAST_LIFE, LONGEST_LIFE = 30 * 60, 24 * 3600
SESSION_PARAMS = re.compile(
    r"mode|success_url|cancel_url|client_reference_id|expires_at|metadata\[\w+\]|payment_intent_data\[metadata\]\[\w+\]|"
    r"line_items\[0\]\[(quantity|price_data\]\[(currency|unit_amount|product_data\]\[name))\]"
)
REFUND_PARAMS = re.compile(r"payment_intent|amount|reason|metadata\[\w+\]")


@dataclass
class Fault:
    """What goes wrong with the next requests whose method and path match.

    ``before``: 500 and nothing is done; ``after``: done, and 500 all the same; ``late``: done, answered after
    ``seconds``; ``busy``: 429.
    """

    where: str
    what: str
    times: int = 1
    seconds: float = 1.0


class StandIn:
    """Stripe on a port of this machine. ``webhook_url``: where events go by themselves, if anywhere."""

    def __init__(self, port: int = 0, webhook_url: str | None = None) -> None:
        self.webhook_url = webhook_url
        self.sessions: dict[str, Thing] = {}
        self.intents: dict[str, Thing] = {}
        self.refunds: dict[str, Thing] = {}
        self.disputes: dict[str, Thing] = {}
        self.events: list[Thing] = []
        self.requests: list[str] = []
        self.faults: list[Fault] = []
        self.refund_status = "succeeded"
        self._intent_data: dict[str, Thing] = {}
        self._keys, self._lock = Keys(), threading.RLock()
        self._server = make_server("127.0.0.1", port, Request.application(self._answer), threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> StandIn:
        """Serve in a thread."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def serve(self) -> None:
        """Serve until stopped."""
        self._server.serve_forever()

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    # What people do on Stripe's pages, and what banks do.

    def pay(
        self, session_id: str, amount: int | None = None, currency: str | None = None, later: bool = False
    ) -> Thing:
        """Pay a session; ``later``: by a method that says only afterwards whether it went through."""
        with self._lock:
            page = self.sessions[session_id]
            if page["status"] != "open":
                raise ValueError(f"This page is {page['status']}.")
            page["amount_total"], page["currency"] = amount or page["amount_total"], currency or page["currency"]
            page["status"], page["url"] = "complete", None
            if later:
                made = objects.intent(page, self._intent_data[page["id"]]) | {"status": "processing"}
                self.intents[made["id"]] = made | {"amount_received": 0, "latest_charge": None}
                page["payment_intent"] = made["id"]
            else:
                self._paid(page)
            self._tell("checkout.session.completed", page)
            return page

    def arrive(self, session_id: str, *, well: bool = True) -> None:
        """A payment made ``later`` went through, or did not."""
        with self._lock:
            page = self.sessions[session_id]
            waited = self.intents.pop(page["payment_intent"])
            if well:
                self._paid(page)
            else:
                self.intents[waited["id"]] = waited | {"status": "requires_payment_method"}
            self._tell(f"checkout.session.async_payment_{'succeeded' if well else 'failed'}", page)

    def _paid(self, page: Thing) -> None:
        made = objects.intent(page, self._intent_data[page["id"]])
        self.intents[made["id"]] = made
        page["payment_status"], page["payment_intent"] = "paid", made["id"]
        self._tell("payment_intent.succeeded", made)

    def contest(self, intent_id: str, amount: int | None = None) -> Thing:
        """A payer disputes a payment."""
        with self._lock:
            of = self.intents[intent_id]
            made = objects.dispute(of, amount or of["amount_received"])
            self.disputes[made["id"]] = made
            self._tell("charge.dispute.created", made)
            return made

    def decide(self, dispute_id: str, *, won: bool) -> None:
        """A bank decides a dispute."""
        with self._lock:
            found = self.disputes[dispute_id]
            found["status"] = "won" if won else "lost"
            self._tell("charge.dispute.closed", found)

    def finish_refund(self, refund_id: str, status: str) -> None:
        """A refund arrives (``succeeded``) or does not (``failed``)."""
        with self._lock:
            found = self.refunds[refund_id]
            found["status"] = status
            self._tell("refund.failed" if status == "failed" else "refund.updated", found)

    def forget_keys(self) -> None:
        """Idempotency keys are a day old."""
        self._keys = Keys()

    # Events.

    def _tell(self, kind: str, about: Thing) -> None:
        made = objects.event(kind, about)
        self.events.append(made)
        if self.webhook_url is not None:
            threading.Thread(target=self.send, args=(made, self.webhook_url), daemon=True).start()

    @staticmethod
    def signed(event: Thing, secret: str = WEBHOOK_SECRET, at: int | None = None) -> tuple[bytes, str]:
        """An event's bytes, and the header that signs them."""
        raw, moment = json.dumps(event).encode(), at or int(time.time())
        digest = hmac.new(secret.encode(), f"{moment}.".encode() + raw, hashlib.sha256).hexdigest()
        return raw, f"t={moment},v1={digest}"

    def send(self, event: Thing, url: str, tries: int = 3) -> int:
        """Send an event, again while it is not taken; returns the last status, 0 for none."""
        raw, signature = self.signed(event)
        headers = {"Stripe-Signature": signature, "Content-Type": "application/json; charset=utf-8"}
        status = 0
        for _ in range(tries):
            try:
                status = requests.post(url, raw, headers=headers, timeout=10).status_code
            except requests.RequestException:
                status = 0
            if 200 <= status < 300:
                break
            time.sleep(0.3)
        return status

    # The API.

    def _answer(self, request: Request) -> Response:
        where = f"{request.method} {request.path}"
        self.requests.append(where)
        if request.path == "/favicon.ico":
            return Response(status=204)
        if request.path.startswith("/pay/"):
            return self._pay_page(request)
        if request.headers.get("Authorization") != f"Bearer {SECRET_KEY}":
            return _json(problem(401, "invalid_request_error", "Invalid API Key provided."))
        form = request.form.to_dict()
        fault = self._fault(where)
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None

        def work() -> Answer:
            if fault is not None and fault.what == "before":
                return problem(500, "api_error", "Something went wrong on our end.")
            with self._lock:
                done = self._route(request.method, request.path, form, request.args.to_dict())
            if fault is not None and fault.what == "after" and done[0] < 400:
                return problem(500, "api_error", "Something went wrong on our end.")
            return done

        if fault is not None and fault.what == "busy":
            return _json(problem(429, "invalid_request_error", "Too many requests.", "rate_limit"))
        answer, repeat = self._keys.once(key, request.path, form, work)
        if fault is not None and fault.what == "late":
            time.sleep(fault.seconds)
        return _json(answer, repeat)

    def _fault(self, where: str) -> Fault | None:
        with self._lock:
            found = next((fault for fault in self.faults if fault.times and re.search(fault.where, where)), None)
            if found is not None:
                found.times -= 1
            return found

    def _route(self, method: str, path: str, form: Thing, query: Thing) -> Answer:
        if (method, path) == ("POST", "/v1/checkout/sessions"):
            return self._open(form)
        if found := re.fullmatch(r"/v1/checkout/sessions/(\w+)(/expire)?", path):
            if (method == "POST") != bool(found[2]):
                return _unknown(path)
            return self._expire(found[1]) if found[2] else self._retrieve(found[1], query)
        if found := re.fullmatch(r"/v1/payment_intents/(\w+)", path):
            return _of(self.intents, found[1])
        if (method, path) == ("POST", "/v1/refunds"):
            return self._refund(form)
        if (method, path) == ("GET", "/v1/refunds"):
            asked = query.get("payment_intent")
            mine = [one for one in self.refunds.values() if asked in (None, one["payment_intent"])]
            return 200, {"object": "list", "url": "/v1/refunds", "has_more": False, "data": mine[::-1]}
        if found := re.fullmatch(r"/v1/refunds/(\w+)", path):
            return _of(self.refunds, found[1])
        return _unknown(path)

    def _open(self, form: Thing) -> Answer:
        for name in form:
            if not SESSION_PARAMS.fullmatch(name):
                return problem(400, "invalid_request_error", f"Unknown parameter: {name}", "parameter_unknown", name)
        life = int(form.get("expires_at", "0")) - time.time()
        if not LEAST_LIFE <= life <= LONGEST_LIFE:
            told = "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation."
            return problem(400, "invalid_request_error", told, None, "expires_at")
        made = objects.session(form, self.url)
        self.sessions[made["id"]] = made
        self._intent_data[made["id"]] = objects.under(form, "payment_intent_data[metadata]")
        return 200, made

    def _retrieve(self, session_id: str, query: Thing) -> Answer:
        status, page = _of(self.sessions, session_id)
        if status == 200 and query.get("expand[0]") == "payment_intent" and page["payment_intent"]:
            page = page | {"payment_intent": self.intents[page["payment_intent"]]}
        return status, page

    def _expire(self, session_id: str) -> Answer:
        page = self.sessions.get(session_id)
        if page is None:
            return _missing(session_id)
        if page["status"] != "open":
            told = f'Only Checkout Sessions with a status in ["open"] can be expired. This one is {page["status"]}.'
            return problem(400, "invalid_request_error", told)
        page["status"], page["url"] = "expired", None
        self._tell("checkout.session.expired", page)
        return 200, page

    def _refund(self, form: Thing) -> Answer:
        for name in form:
            if not REFUND_PARAMS.fullmatch(name):
                return problem(400, "invalid_request_error", f"Unknown parameter: {name}", "parameter_unknown", name)
        of = self.intents.get(form.get("payment_intent", ""))
        if of is None:
            return _missing(form.get("payment_intent", ""))
        if any(one["payment_intent"] == of["id"] and one["status"] != "won" for one in self.disputes.values()):
            return problem(400, "invalid_request_error", "This charge has been charged back.", "charge_disputed")
        back = sum(
            one["amount"] for one in self.refunds.values()
            if one["payment_intent"] == of["id"] and one["status"] not in ("failed", "canceled")
        )  # fmt: skip
        left = of["amount_received"] - back
        amount = int(form.get("amount") or left)
        if not left:
            return problem(400, "invalid_request_error", "Charge has already been refunded.", "charge_already_refunded")
        if amount > left:
            told = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
            return problem(400, "invalid_request_error", told, None, "amount")
        made = objects.refund(form, of, amount, self.refund_status)
        self.refunds[made["id"]] = made
        self._tell("refund.created", made)
        return 200, made

    # The page on which members pay.

    def _pay_page(self, request: Request) -> Response:
        session_id = request.path.removeprefix("/pay/")
        page = self.sessions.get(session_id)
        if page is None or page["status"] != "open":
            return closed_page()
        if request.method == "POST":
            self.pay(session_id)
            return Response(status=303, headers={"Location": page["success_url"]})
        return pay_page(page)


def _json(answer: Answer, repeat: bool = False) -> Response:
    headers = {"Idempotent-Replayed": "true"} if repeat else {}
    return Response(json.dumps(answer[1]), answer[0], headers, content_type="application/json")


def _of(things: dict[str, Thing], name: str) -> Answer:
    return (200, things[name]) if name in things else _missing(name)


def _missing(name: Any) -> Answer:
    return problem(404, "invalid_request_error", f"No such object: '{name}'", "resource_missing", "id")


def _unknown(path: str) -> Answer:
    return problem(404, "invalid_request_error", f"Unrecognized request URL ({path}).")

"""Credit events over HTTP (docs/api.md, "Reporting systems")."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields

from mall.db import Login
from mall.errors import Invalid, MallError
from mall.http.blueprint import api_blueprint
from mall.http.call import Call, Reply
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, StrictSchema, Text
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import client
from mall.http.problems import problem_of
from points.earning.book_events import Outcome, book_events, source_of
from points.earning.event_input import BatchInSchema, CreditEventInSchema, read_event
from points.earning.event_types import EventIn
from points.earning.events_query import get_event, list_events
from points.earning.group import book_in_group
from points.earning.reverse_event import reverse_event
from points.routes.opaque import use_opaque_ids

blp = api_blueprint("credit-events", __name__, description="What reporting systems tell the mall")
use_opaque_ids(blp)
REPLAYED = {"Idempotency-Replayed": "true"}
WRITE = client("credits:write")


class AwardSchema(StrictSchema):
    """What a rule now grants for the event's case."""

    rule = fields.String(required=True)
    rule_version = fields.Integer(required=True)
    points = fields.Integer(required=True)
    available_at = Instant(required=True, allow_none=True)
    expires_at = Instant(required=True, allow_none=True)
    explanation = fields.List(fields.String(), required=True)


class CreditEventSchema(StrictSchema):
    """A credit event and what it did; ``points`` is the change it made."""

    id = fields.String(required=True)
    event_id = fields.String(required=True)
    status = fields.String(required=True, metadata={"enum": ["booked", "pending", "no_award", "reversed"]})
    points = fields.Integer(required=True)
    awards = fields.List(fields.Nested(AwardSchema), required=True)
    reason = fields.String()


class PostedEventSchema(CreditEventSchema):
    """A credit event with the moment it was booked."""

    posted_at = Instant(required=True)


class BatchResultSchema(StrictSchema):
    """What became of one event of a batch: ``event`` when ``status`` is 200 or 201, else ``problem``."""

    index = fields.Integer(required=True)
    status = fields.Integer(required=True)
    event = fields.Nested(CreditEventSchema)
    problem = fields.Dict()


class BatchSchema(StrictSchema):
    """What became of a batch, event by event."""

    results = fields.List(fields.Nested(BatchResultSchema), required=True)
    booked = fields.Integer(required=True)
    replayed = fields.Integer(required=True)
    rejected = fields.Integer(required=True)


class ReversalInSchema(StrictSchema):
    """Why an event is taken back."""

    reason = Text(1, 500, required=True)


class ReversalSchema(StrictSchema):
    """A reversal; ``points`` is the change it made."""

    id = fields.String(required=True)
    event_id = fields.String(required=True)
    status = fields.String(required=True)
    points = fields.Integer(required=True)


class QueryInstant(Instant):
    """A moment in a query string, where an offset's plus sign may have become a space."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, str) and len(value) > 6 and value[-6] == " ":
            value = f"{value[:-6]}+{value[-5:]}"
        return super()._deserialize(value, attr, data, **kwargs)


class EventsQuery(PageQuery):
    """Bounds on the moment of booking, both exclusive."""

    posted_after = QueryInstant()
    posted_before = QueryInstant()


@endpoint(
    blp, "POST", "/credit-events", auth=WRITE, login=Login.EARNING, body=CreditEventInSchema,
    response=CreditEventSchema, status=201, idempotency="accepted", dump=False,
    errors=("event_mismatch", "daily_cap_reached"), tx_with_key_only=True,
)  # fmt: skip
def post_credit_event(call: Call, event: EventIn) -> Any:
    source = source_of(call.client)
    outcome = book_events(call.tx, source, [event], call.now)[0] if call.has_tx else book_in_group(source, event)
    if outcome.error is not None:
        raise outcome.error
    return Reply(outcome.body, 200, REPLAYED) if outcome.replayed else outcome.body


@endpoint(
    blp, "POST", "/credit-events/batch", auth=WRITE, login=Login.EARNING, body=BatchInSchema,
    response=BatchSchema, status=200, idempotency="accepted", dump=False,
)  # fmt: skip
def post_credit_event_batch(call: Call, raws: list[Any]) -> dict[str, Any]:
    read: list[tuple[int, EventIn]] = []
    results: list[dict[str, Any]] = [{}] * len(raws)
    for index, raw in enumerate(raws):
        try:
            read.append((index, read_event(raw)))
        except ma.ValidationError as error:
            results[index] = _refused(index, Invalid(error.normalized_messages()))
    outcomes = book_events(call.tx, source_of(call.client), [event for _, event in read], call.now)
    for (index, _), outcome in zip(read, outcomes, strict=True):
        results[index] = _result(index, outcome)
    statuses = [result["status"] for result in results]
    booked, replayed = statuses.count(201), statuses.count(200)
    return {
        "results": results,
        "booked": booked,
        "replayed": replayed,
        "rejected": len(results) - booked - replayed,
    }


def _result(index: int, outcome: Outcome) -> dict[str, Any]:
    if outcome.error is not None:
        return _refused(index, outcome.error)
    return {"index": index, "status": 200 if outcome.replayed else 201, "event": outcome.body}


def _refused(index: int, error: MallError) -> dict[str, Any]:
    problem = problem_of(error)
    return {"index": index, "status": problem["status"], "problem": problem}


@endpoint(
    blp, "GET", "/credit-events", auth=WRITE, login=Login.EARNING, query=EventsQuery,
    response=list_schema(PostedEventSchema), dump=False,
)  # fmt: skip
def list_credit_events(call: Call) -> dict[str, Any]:
    query = call.query
    return list_events(
        call.tx,
        call.client.client_id,
        posted_after=query.get("posted_after"),
        posted_before=query.get("posted_before"),
        limit=query["limit"],
        cursor_text=query.get("cursor"),
    )


@endpoint(
    blp, "GET", "/credit-events/<opaque:event_id>", auth=WRITE, login=Login.EARNING, response=CreditEventSchema,
    dump=False,
)  # fmt: skip
def get_credit_event(call: Call, event_id: str) -> dict[str, Any]:
    return get_event(call.tx, call.client.client_id, event_id)


@endpoint(
    blp, "POST", "/credit-events/<opaque:event_id>/reversal", auth=WRITE, login=Login.EARNING,
    body=ReversalInSchema, response=ReversalSchema, status=201, idempotency="accepted",
)  # fmt: skip
def reverse_credit_event(call: Call, body: dict[str, Any], event_id: str) -> Any:
    done = reverse_event(call.tx, source_of(call.client), event_id, body["reason"], call.now)
    return Reply(done.body, 200, REPLAYED) if done.again else done.body

"""Reading credit events off the wire: strict, field by field, without a schema library in the hot path.

The schemas here document the same rules in the OpenAPI document; their ``load`` is the reader below.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import marshmallow as ma
from flask_babel import lazy_gettext as _l
from marshmallow import fields

from mall.http.fields import (
    NOT_NULL,
    NOT_OBJECT,
    REQUIRED,
    UNKNOWN,
    Choice,
    Instant,
    OpaqueId,
    Points,
    StrictSchema,
    Text,
    Whole,
    parse_instant,
)
from points.earning.event_types import (
    EVENT_TYPES,
    INTERNAL_TYPES,
    MAX_EXPLICIT_POINTS,
    MAX_GRADE,
    STAGES,
    EventIn,
    FactValue,
)

MAX_SCORE = 1_000_000_000
MAX_BATCH = 1000
WIRE_TYPES = tuple(name for name in EVENT_TYPES if name not in INTERNAL_TYPES)
_ID = re.compile(r"[A-Za-z0-9._:~/-]{1,128}")
_LABEL = re.compile(r"[a-z0-9_.-]{1,40}")
_MISSING: Final = object()

NOT_STRING = Text.default_error_messages["invalid"]
WRONG_FORM = Text.default_error_messages["pattern"]
NOT_WHOLE = Whole.default_error_messages["invalid"]
OUT_OF_RANGE = Whole.default_error_messages["range"]
NOT_CHOICE = Choice.default_error_messages["choice"]
NOT_INSTANT = Instant.default_error_messages["invalid"]
RESERVED = _l("Must not begin with cev_ nor end with /reversal.")
NOT_LIST = _l("Must be a list.")
BATCH_SIZE = _l("Must hold 1 to 1000 events.")
OVER_MAX = _l("Is more than max_score.")


class _Bad(Exception):
    def __init__(self, message: Any) -> None:
        super().__init__()
        self.message = message


Reader = Callable[[Any], Any]


def _opaque(value: Any) -> str:
    if not isinstance(value, str):
        raise _Bad(NOT_STRING)
    if not _ID.fullmatch(value):
        raise _Bad(WRONG_FORM)
    return value


def opaque_name(value: Any) -> str:
    """An id of an event or member: opaque, and not to be mistaken for a path or id of ours."""
    text = _opaque(value)
    if text.startswith("cev_") or text.endswith("/reversal"):
        raise _Bad(RESERVED)
    return text


def _label(value: Any) -> str:
    if not isinstance(value, str):
        raise _Bad(NOT_STRING)
    if not _LABEL.fullmatch(value):
        raise _Bad(NOT_CHOICE)
    return value


def _whole(least: int, most: int) -> Reader:
    def read(value: Any) -> int:
        if type(value) is not int:
            if not isinstance(value, float) or not value.is_integer():
                raise _Bad(NOT_WHOLE)
            value = int(value)
        if not least <= value <= most:
            raise _Bad(OUT_OF_RANGE)
        return int(value)

    return read


def _one_of(choices: tuple[str, ...]) -> Reader:
    allowed = frozenset(choices)

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise _Bad(NOT_STRING)
        if value not in allowed:
            raise _Bad(NOT_CHOICE)
        return value

    return read


def _instant(value: Any) -> Any:
    moment = parse_instant(value)
    if moment is None:
        raise _Bad(NOT_INSTANT)
    return moment


_HEAD: dict[str, Reader] = {"id": opaque_name, "member": opaque_name, "occurred_at": _instant}
_DATA: dict[str, dict[str, tuple[Reader, Any]]] = {
    "tip.outcome": {
        "case": (_opaque, _MISSING),
        "stage": (_one_of(STAGES), _MISSING),
        "grade": (_whole(0, MAX_GRADE), 0),
        "share": (_whole(1, 100), 100),
    },
    "member.login": {},
    "quiz.result": {
        "quiz": (_opaque, _MISSING),
        "score": (_whole(0, MAX_SCORE), _MISSING),
        "max_score": (_whole(1, MAX_SCORE), _MISSING),
    },
    "activity.attended": {"activity": (_opaque, _MISSING)},
    "points.credit": {"points": (_whole(1, MAX_EXPLICIT_POINTS), _MISSING), "label": (_label, _MISSING)},
}
_SUBJECTS = ("case", "quiz", "activity")
_KNOWN = frozenset({"id", "type", "member", "occurred_at", "data"})


def read_event(raw: Any) -> EventIn:
    """One event as sent. Raises marshmallow.ValidationError with messages by field."""
    if not isinstance(raw, dict):
        raise ma.ValidationError({"_schema": [NOT_OBJECT]})
    errors: dict[str, Any] = {}
    for name in raw.keys() - _KNOWN:
        errors[name] = [UNKNOWN]
    read: dict[str, Any] = {}
    for name, reader in _HEAD.items():
        _take(raw, name, reader, _MISSING, read, errors)
    kind = raw.get("type", _MISSING)
    spec = _DATA.get(kind) if isinstance(kind, str) else None
    if spec is None:
        errors["type"] = [_wrong_type(kind)]
    else:
        data = _read_data(raw, spec, errors)
    if errors:
        raise ma.ValidationError(errors)
    subject = next((str(data.pop(name)) for name in _SUBJECTS if name in data), None)
    return EventIn(read["id"], kind, read["member"], read["occurred_at"], subject, data)


def _wrong_type(kind: Any) -> Any:
    if kind is _MISSING:
        return REQUIRED
    if kind is None:
        return NOT_NULL
    return NOT_CHOICE if isinstance(kind, str) else NOT_STRING


def _read_data(
    raw: Mapping[str, Any], spec: dict[str, tuple[Reader, Any]], errors: dict[str, Any]
) -> dict[str, FactValue]:
    sent = raw.get("data", _MISSING)
    if sent is _MISSING and not spec:
        sent = {}
    if not isinstance(sent, dict):
        errors["data"] = [REQUIRED if sent is _MISSING else NOT_NULL if sent is None else NOT_OBJECT]
        return {}
    wrong: dict[str, Any] = {name: [UNKNOWN] for name in sent.keys() - spec.keys()}
    read: dict[str, Any] = {}
    for name, (reader, default) in spec.items():
        _take(sent, name, reader, default, read, wrong)
    if not wrong and "max_score" in read and read["score"] > read["max_score"]:
        wrong["score"] = [OVER_MAX]
    if wrong:
        errors["data"] = wrong
    return read


def _take(
    sent: Mapping[str, Any],
    name: str,
    reader: Reader,
    default: Any,
    read: dict[str, Any],
    errors: dict[str, Any],
) -> None:
    value = sent.get(name, _MISSING)
    if value is _MISSING:
        if default is _MISSING:
            errors[name] = [REQUIRED]
        else:
            read[name] = default
    elif value is None:
        errors[name] = [NOT_NULL]
    else:
        try:
            read[name] = reader(value)
        except _Bad as bad:
            errors[name] = [bad.message]


class EventDataSchema(StrictSchema):
    """What an event of some type says; see the table in docs/api.md for which fields belong to which type."""

    case = OpaqueId()
    stage = Choice(STAGES)
    grade = Whole(0, MAX_GRADE)
    share = Whole(1, 100)
    quiz = OpaqueId()
    score = Whole(0, MAX_SCORE)
    max_score = Whole(1, MAX_SCORE)
    activity = OpaqueId()
    points = Points(1, MAX_EXPLICIT_POINTS)
    label = Text(1, 40, pattern=r"[a-z0-9_.-]{1,40}")


class CreditEventInSchema(StrictSchema):
    """A credit event as a reporting system sends it."""

    id = OpaqueId(required=True)
    type = Choice(WIRE_TYPES, required=True)
    member = OpaqueId(required=True)
    occurred_at = Instant(required=True)
    data = fields.Nested(EventDataSchema)

    def load(self, data: Any, **kwargs: Any) -> EventIn:  # type: ignore[override]
        return read_event(data)


class BatchInSchema(StrictSchema):
    """1 to 1000 events. The events themselves are read one by one: each stands alone."""

    events = fields.List(
        fields.Nested(CreditEventInSchema), required=True, metadata={"minItems": 1, "maxItems": MAX_BATCH}
    )

    def load(self, data: Any, **kwargs: Any) -> list[Any]:  # type: ignore[override]
        if not isinstance(data, dict):
            raise ma.ValidationError({"_schema": [NOT_OBJECT]})
        errors: dict[str, Any] = {name: [UNKNOWN] for name in data.keys() - {"events"}}
        events = data.get("events", _MISSING)
        if events is _MISSING or events is None:
            errors["events"] = [REQUIRED if events is _MISSING else NOT_NULL]
        elif not isinstance(events, list):
            errors["events"] = [NOT_LIST]
        elif not 1 <= len(events) <= MAX_BATCH:
            errors["events"] = [BATCH_SIZE]
        if errors:
            raise ma.ValidationError(errors)
        found: list[Any] = events
        return found

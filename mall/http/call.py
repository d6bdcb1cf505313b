"""One call of a route: who asks, in which transaction, at which moment; and reading its body."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import marshmallow as ma
from flask import request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from mall.errors import Invalid, Malformed, Unsupported
from mall.http.principals import ClientPrincipal, MemberPrincipal, Principal, StaffPrincipal
from mall.json_text import JSON_TYPE


@dataclass(slots=True)
class Call:
    """What a handler is given. ``tx`` is None for routes that open their own transactions."""

    _tx: Session | None
    principal: Principal
    now: datetime
    request_id: str
    query: dict[str, Any] = field(default_factory=dict)
    raw_body: bytes = b""
    key: str | None = None
    """The Idempotency-Key, well formed."""
    json_body: Any = None
    """The body as JSON, before it is read by the route's schema."""

    @property
    def has_tx(self) -> bool:
        """Whether the edge has opened a transaction for this call."""
        return self._tx is not None

    @property
    def tx(self) -> Session:
        """The transaction of this call."""
        assert isinstance(self._tx, Session), "this route declares no login"
        return self._tx

    @property
    def member(self) -> MemberPrincipal:
        """The calling member; the route's auth has made sure of it."""
        assert isinstance(self.principal, MemberPrincipal)
        return self.principal

    @property
    def staff(self) -> StaffPrincipal:
        """The calling member of staff."""
        assert isinstance(self.principal, StaffPrincipal)
        return self.principal

    @property
    def client(self) -> ClientPrincipal:
        """The calling reporting system."""
        assert isinstance(self.principal, ClientPrincipal)
        return self.principal


@dataclass(slots=True)
class Reply:
    """An answer that deviates from the route's declared status or needs headers of its own."""

    value: Any
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def require_media_type(*wanted: str) -> None:
    """Raise Unsupported (415) for a body that says it is something else."""
    if request.environ.get("CONTENT_TYPE") not in wanted and request.mimetype not in wanted:
        raise Unsupported("unsupported_media_type", _("Content-Type must be %(type)s.", type=" / ".join(wanted)))


def read_json(raw: bytes) -> Any:
    """The JSON value of a request body. Raises Unsupported (415) or Malformed (400)."""
    require_media_type(JSON_TYPE)
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed("malformed_json") from error


def load(schema: ma.Schema, value: Any) -> dict[str, Any]:
    """``value`` read by ``schema``. Raises Invalid (422) naming the fields."""
    try:
        loaded: dict[str, Any] = schema.load(value)
    except ma.ValidationError as error:
        raise Invalid(error.normalized_messages()) from error
    return loaded


def read_query(schema: ma.Schema) -> dict[str, Any]:
    """The query string read by ``schema``; a name given twice is refused."""
    twice = {key: [_("Given more than once.")] for key, values in request.args.lists() if len(values) > 1}
    if twice:
        raise Invalid(twice)
    return load(schema, request.args.to_dict())

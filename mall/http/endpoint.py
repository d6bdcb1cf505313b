"""``@endpoint``: one declaration of a route of the API gives its auth, transaction, body, answer and docs.

The order of a call: read the body (bounded), authenticate, open the transaction, authorise, parse,
look up the idempotency key, run the handler, store the answer, commit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import marshmallow as ma
from flask import Response, g, request
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from mall import clock
from mall.audit import came_from
from mall.db import Login, run_autocommit, run_tx
from mall.http import idempotency
from mall.http.alike import AlikeBodies
from mall.http.call import Call, Reply, load, read_json, read_query, require_media_type
from mall.http.csrf import check_csrf
from mall.http.json_answer import JsonAnswer
from mall.http.operation import describe
from mall.http.principals import Auth, ClientPrincipal, Principal, StaffPrincipal
from mall.http.route import Route
from mall.identity.authenticate import authenticate
from mall.identity.staff_cookie import in_back_office
from mall.json_text import JSON_TYPE, compact
from mall.proxies import this_request

Handler = Callable[..., Any]
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def endpoint(
    blp: Blueprint,
    method: str,
    rule: str,
    *,
    auth: Auth,
    login: Login | None,
    body: type[ma.Schema] | ma.Schema | None = None,
    query: type[ma.Schema] | ma.Schema | None = None,
    response: type[ma.Schema] | ma.Schema | None = None,
    status: int = 200,
    idempotency: str | None = None,
    errors: tuple[str, ...] = (),
    secret_fields: tuple[str, ...] = (),
    body_type: str | tuple[str, ...] = JSON_TYPE,
    dump: bool = True,
    tx_with_key_only: bool = False,
    body_optional: bool = False,
    max_bytes: int | None = None,
    before: Callable[[dict[str, Any]], None] | None = None,
    alike: tuple[str, ...] = (),
) -> Callable[[Handler], Handler]:
    """Declare a route of the API.

    ``login``: the database login of its transaction, None when the handler opens its own.
    ``idempotency``: ``"required"`` (400 without a key), ``"accepted"``, or None; every POST with a
    transaction accepts a key even when None is said. ``errors``: the 409 codes it may answer, for the docs.
    ``secret_fields``: members of the answer that are shown once and never stored. ``body_type``: another
    media type, or one of several, hands the handler ``call.raw_body`` unparsed;
    ``max_bytes``: how large the body may be, when that is not the app's limit. ``dump=False``: the handler
    returns the answer in wire form already (hot paths); ``response`` then only documents it.
    ``tx_with_key_only``: without an Idempotency-Key the handler opens its own transaction (``call.has_tx`` tells).
    ``body_optional``: no body at all stands for ``{}``. ``before``: looks at the body once the caller is known and
    before the transaction is opened; what asks the network goes there. ``alike``: fields of bodies that many send
    alike (``AlikeBodies``).
    """
    if idempotency is None and method == "POST" and login is not None:
        idempotency = "accepted"
    schema = _instance(body)
    route = Route(
        method, auth, login, schema, _instance(query), _instance(response), status, idempotency,
        secret_fields, errors, (body_type,) if isinstance(body_type, str) else body_type, dump, tx_with_key_only,
        body_optional, max_bytes, before, AlikeBodies(schema, frozenset(alike)) if schema and alike else None,
    )  # fmt: skip

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def view(**path_args: Any) -> Response:
            return _serve(route, handler, path_args)

        view.auth = auth  # type: ignore[attr-defined]
        view._apidoc = {"manual_doc": describe(route, handler.__name__)}  # type: ignore[attr-defined]
        blp.add_url_rule(rule, handler.__name__, view, methods=[method])
        return handler

    return decorate


def _instance(schema: type[ma.Schema] | ma.Schema | None) -> ma.Schema | None:
    return schema() if isinstance(schema, type) else schema


def _serve(route: Route, handler: Handler, path_args: dict[str, Any]) -> Response:
    asked = this_request()
    if route.max_bytes is not None:
        asked.max_content_length = route.max_bytes
    raw = asked.get_data(cache=True) if route.method not in SAFE_METHODS else b""
    principal = identify()
    if route.login is None or (route.tx_with_key_only and "HTTP_IDEMPOTENCY_KEY" not in asked.environ):
        return _run(route, handler, path_args, None, principal, raw)
    if route.before is not None and route.body is not None:
        route.auth.check(principal)
        route.before(load(route.body, read_json(raw)))

    def work(tx: Session) -> Response:
        return _run(route, handler, path_args, tx, principal, raw)

    # A read needs no transaction: at READ COMMITTED each statement sees its own moment anyway.
    return run_autocommit(route.login, work) if route.method == "GET" else run_tx(route.login, work)


def identify() -> Principal:
    """Who calls, after the CSRF check that a cookie needs before it may change anything.

    Looked up by itself, outside the transaction of the route.
    """
    asked = this_request()
    principal = authenticate(asked)
    g.principal = principal
    # Staff and programs are known by where they are; where a member is, nobody writes down.
    known = isinstance(principal, StaffPrincipal | ClientPrincipal) or in_back_office(asked)
    came_from(f"{principal.via} {asked.remote_addr}" if known else None)
    if principal.via == "cookie" and asked.method not in SAFE_METHODS:
        check_csrf()
    return principal


def _run(
    route: Route, handler: Handler, path_args: dict[str, Any], tx: Session | None, principal: Principal, raw: bytes
) -> Response:
    route.auth.check(principal)
    route.auth.check_fresh(principal, clock.now())
    call = Call(tx, principal, clock.now(), g.request_id, raw_body=raw)
    if route.idempotency is not None:
        given = request.environ.get("HTTP_IDEMPOTENCY_KEY")
        call.key = idempotency.check_form(given, required=route.idempotency == "required")
    parsed = loaded = None
    if route.alike is not None:
        parsed, loaded = route.alike.read(raw)
    elif route.body_types != (JSON_TYPE,):
        require_media_type(*route.body_types)
    elif route.body is not None:
        parsed = {} if route.body_optional and not raw else read_json(raw)
    call.json_body = parsed
    if route.query is not None:
        call.query = read_query(route.query)

    def effect() -> Response:
        if route.body is None or route.body_types != (JSON_TYPE,):
            return answer(route, handler(call, **path_args))
        return answer(route, handler(call, load(route.body, parsed) if loaded is None else loaded, **path_args))

    if call.key is None or tx is None:
        return effect()
    asked = idempotency.fingerprint(route.method, request.full_path, raw.hex() if parsed is None else parsed)
    return idempotency.once(tx, principal.name, call.key, asked, call.now, effect, route.secret_fields)


def answer(route: Route, value: Any) -> Response:
    """A handler's value as a response."""
    status, headers = route.status, {}
    if isinstance(value, Reply):
        status, headers, value = value.status or status, value.headers, value.value
    if isinstance(value, Response):
        return value
    if route.response is not None and route.dump:
        value = route.response.dump(value)
    if status == 204 or (value is None and route.response is None):
        empty = Response(status=204, headers=headers)
        del empty.headers["Content-Type"]
        return empty
    return JsonAnswer(compact(value), status=status, headers=headers, content_type=JSON_TYPE)

"""Every field of every route, wrong in every way: a refusal that names the field, and nothing booked.

Driven by the OpenAPI document: a new operation or field is tried without anybody adding it here, and a body
that ``bodies.py`` does not know fails the guard.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bodies import BODIES, EVENTS
from werkzeug.test import TestResponse
from world import API_URL, World

Path = tuple[str | int, ...]
MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}
ABSENT = object()
NUL, SURROGATE = "a\0b", "a\ud800b"
NOT_STRINGS = [0, -1, 1.5, True, 2**63, [], {}]
NOT_WHOLE = ["1", "1e9", "", True, 1.5, 2**63, 2**64, 10**400, [], {}]
NOT_FLAGS = ["true", 0, 1, 1.5, "", [], {}]
NOT_TIMES = ["", "tomorrow", "1e9", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00", "0000-01-01T00:00:00Z", NUL]
RAW = {
    "empty": (b"", 400),
    "not JSON": (b"{", 400),
    "not UTF-8": (b'{"a": "\xff\xfe"}', 400),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), 400),
    "NaN": (b'{"a": NaN}', 400),
    "too deep": (b"[" * 100_000, 400),
    "a list": (b"[]", 422),
    "null": (b"null", 422),
    "a number": (b"1e9", 422),
    "a string": (b'"x"', 422),
    "10 MB": (b'{"a": "' + b"x" * 10_000_000 + b'"}', 413),
}


class Findings:
    """Collects what is wrong, so that one run tells everything."""

    def __init__(self) -> None:
        self.wrong: list[str] = []

    @contextmanager
    def of(self, what: str) -> Iterator[None]:
        """Note a failed assertion of this attempt and go on."""
        try:
            yield
        except AssertionError as error:
            self.wrong.append(f"{what}: {str(error)[:300]}")


@pytest.fixture
def findings() -> Iterator[Findings]:
    """Must be empty in the end."""
    found = Findings()
    yield found
    assert not found.wrong, "\n".join(found.wrong[:100])


@pytest.fixture(scope="module")
def document(world: World) -> Any:
    """The OpenAPI document as it is served."""
    return world.app.test_client().get(API_URL + "/openapi.json").json


@pytest.fixture(scope="module", autouse=True)
def variant(world: World) -> None:
    """A gift with a variant, so that every field of an order has a valid value."""
    gift = world.names["delivery"]
    made = world.made(f"/admin/gifts/{gift}/variants", "owner", {"name": "Red", "stock": 5})
    world.names["variant"] = made["id"]


def _operations(document: Any, *, body: bool) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != "parameters" and ("requestBody" in operation) == body:
                yield method.upper(), path, operation


def _schema(document: Any, schema: dict[str, Any]) -> dict[str, Any]:
    for ref in [schema.get("$ref"), *(part.get("$ref") for part in schema.get("anyOf", []))]:
        if ref:
            found = dict(document["components"]["schemas"][ref.rsplit("/", 1)[1]])
            may_be_null = {"type": "null"} in schema.get("anyOf", [])
            return {**found, "type": ["object", "null"]} if may_be_null else found
    return schema


def _json_schema(document: Any, operation: dict[str, Any]) -> dict[str, Any] | None:
    content = operation["requestBody"]["content"].get("application/json")
    return content and _schema(document, content["schema"])


def _types(schema: dict[str, Any]) -> set[str]:
    named = schema.get("type", "object" if "properties" in schema else [])
    either = {"null"} if {"type": "null"} in schema.get("oneOf", []) else set()
    return either | ({named} if isinstance(named, str) else set(named))


def _wrong_values(schema: dict[str, Any]) -> Iterator[Any]:
    types = _types(schema)
    if "null" not in types and schema:
        yield None
    if "oneOf" in schema:
        yield from [1, True, [], {"fr": "x"}, {"zh": 1}, {"en": NUL}, NUL, SURROGATE, "x" * 10_000]
    elif schema.get("format") == "date-time":
        yield from [*NOT_STRINGS, *NOT_TIMES]
    elif "string" in types:
        yield from [*NOT_STRINGS, NUL, SURROGATE, "x" * 10_000]
        if schema.get("minLength", 0) > 0:
            yield from ["", " "]
        if "enum" in schema:
            yield "nothing of this kind"
    elif "integer" in types:
        least, most = schema.get("minimum"), schema.get("maximum")
        yield from [*NOT_WHOLE, *([least - 1] if least is not None else []), *([most + 1] if most is not None else [])]
        if least is not None and least >= 0:
            yield -1
    elif "boolean" in types:
        yield from NOT_FLAGS
    elif "array" in types:
        yield from [1, "x", {}, True, [[]], [None], [1.5]]
    elif "object" in types:
        yield from [1, "x", [], True]


def _at(body: Any, path: Path) -> Any:
    for step in path:
        try:
            body = body[step]
        except (KeyError, IndexError, TypeError):
            return ABSENT
    return body


def _with(body: Any, path: Path, value: Any) -> Any:
    changed = copy.deepcopy(body)
    inner = _at(changed, path[:-1])
    if value is ABSENT:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return changed


def _mutations(document: Any, schema: dict[str, Any], body: Any, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """(field, wrong body) for each field of ``schema`` that ``body`` holds, and an unknown one in each object."""
    yield (*at, "surplus"), _surplus(body, at)
    for name, raw in schema.get("properties", {}).items():
        field, path = _schema(document, raw), (*at, name)
        if _at(body, path) is ABSENT:
            continue
        if name in schema.get("required", []):
            yield path, _with(body, path, ABSENT)
        for value in _wrong_values(field):
            if (name, value) != ("password", " "):  # of the right form, and wrong
                yield path, _with(body, path, value)
        if "properties" in field:
            yield from _mutations(document, field, body, path)
        items = _schema(document, field.get("items", {}))
        if "properties" in items:
            yield from _mutations(document, items, body, (*path, 0))
        elif items:
            for value in _wrong_values(items):
                yield path, _with(body, (*path, 0), value)


def _surplus(body: Any, at: Path) -> Any:
    changed = copy.deepcopy(body)
    _at(changed, at)["surplus"] = 1
    return changed


def _fields(document: Any, schema: dict[str, Any], at: Path = ()) -> Iterator[Path]:
    for name, raw in schema.get("properties", {}).items():
        field = _schema(document, raw)
        yield (*at, name)
        yield from _fields(document, field, (*at, name))
        yield from _fields(document, _schema(document, field.get("items", {})), (*at, name, 0))


def _real(world: World, path: str) -> str:
    path = path.removeprefix(API_URL)
    return path.format(**world.ids) if "{" in path else path


def assert_problem(answer: TestResponse, *statuses: int) -> dict[str, Any]:
    """The answer is a problem document with one of ``statuses``, whole and consistent."""
    text = answer.get_data(as_text=True)
    assert answer.status_code in statuses, text
    assert answer.content_type == "application/problem+json"
    body = json.loads(text)
    assert set(body) >= MEMBERS
    assert body["status"] == answer.status_code
    assert body["request_id"] == answer.headers["Request-Id"]
    return dict(body)


def _assert_names(answer: TestResponse, field: Path) -> None:
    body = assert_problem(answer, 404, 422)
    name = ".".join(map(str, field))
    named = body.get("errors", {})
    assert any(key == name or key.startswith(name + ".") or name.startswith(key + ".") for key in named), named
    assert all(messages and all(messages) for messages in named.values())


def test_there_is_a_valid_body_for_every_operation_that_takes_one(world: World, document: Any) -> None:
    taking = {o["operationId"]: _json_schema(document, o) for _, _, o in _operations(document, body=True)}
    known = {name for name, schema in taking.items() if schema is not None}
    assert known - set(BODIES) == {"post_credit_event_batch"}  # its events are those of post_credit_event
    for name in sorted(known & set(BODIES)):
        held = BODIES[name][1](world)
        missing = [
            field for field in _fields(document, taking[name] or {})
            if all(_at(body, field) is ABSENT for body in held)
        ]  # fmt: skip
        assert missing == [], name


def test_every_field_wrong_in_every_way_is_refused_by_name(world: World, document: Any, findings: Findings) -> None:
    for method, path, operation in _operations(document, body=True):
        name, schema = operation["operationId"], _json_schema(document, operation)
        if schema is None or name not in BODIES:
            continue
        who, bodies = BODIES[name]
        before = world.snapshot()
        for body in bodies(world):
            for field, wrong in _mutations(document, schema, body):
                with findings.of(f"{name} {field} {json.dumps(_at(wrong, field), default=str)[:60]}"):
                    sent = json.dumps(wrong, allow_nan=False)
                    answer = world.send(method, _real(world, path), who, data=sent, content_type="application/json")
                    _assert_names(answer, field)
        assert world.snapshot() == before, name


def test_every_body_that_is_none_is_refused(world: World, document: Any, findings: Findings) -> None:
    before = world.snapshot()
    for method, path, operation in _operations(document, body=True):
        name = operation["operationId"]
        if _json_schema(document, operation) is None:
            continue
        who = BODIES[name][0] if name in BODIES else "client"
        for what, (raw, status) in RAW.items():
            if what == "empty" and not operation["requestBody"]["required"]:
                continue
            with findings.of(f"{name}: {what}"):
                answer = world.send(method, _real(world, path), who, data=raw, content_type="application/json")
                assert_problem(answer, status)
        for media_type in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""):
            with findings.of(f"{name}: {media_type}"):
                answer = world.send(method, _real(world, path), who, data=b"{}", content_type=media_type)
                assert_problem(answer, 415)
    assert world.snapshot() == before


def test_every_parameter_of_a_query_is_checked(world: World, document: Any, findings: Findings) -> None:
    before = world.snapshot()
    for method, path, operation in _operations(document, body=False):
        queries = [p for p in operation.get("parameters", []) if p["in"] == "query"]
        who = _reader(operation, path)
        for parameter in queries:
            schema = _schema(document, parameter["schema"])
            texts = ["a%00b", "%00"]
            if "integer" in _types(schema):
                texts += ["", "x", "1e9", "1.5", "-1", "0", "9223372036854775808", "9" * 400, "%F0%9F%98%80"]
            elif "boolean" in _types(schema):
                texts += ["", "yes", "2", "1.0"]
            elif schema.get("format") == "date-time" or "enum" in schema:
                texts += ["", "1e9", "tomorrow", "2026-02-30T00:00:00Z"]
            elif parameter["name"] == "cursor":
                texts += ["x", "%FF", "W10", "WzFd", "WyJ4Il0" * 100, "WyJcdTAwMDAiXQ"]
            for text in [*texts, *(f"{t}&{parameter['name']}={t}" for t in ("1", "x"))]:
                with findings.of(f"{operation['operationId']}?{parameter['name']}={text[:40]}"):
                    answer = world.send(method, f"{_real(world, path)}?{parameter['name']}={text}", who)
                    if parameter["name"] == "cursor" and answer.status_code == 200:
                        continue  # a cursor of another list may be one of this
                    _assert_names(answer, (parameter["name"],))
        if queries:
            with findings.of(f"{operation['operationId']}?surplus"):
                _assert_names(world.send(method, f"{_real(world, path)}?surplus=1", who), ("surplus",))
    assert world.snapshot() == before


def _reader(operation: dict[str, Any], path: str) -> str:
    needs = {name for option in operation.get("security", []) for name in option}
    if "key" in needs:
        return "client"
    return "owner" if "/admin/" in path or "/staff/" in path else "member"


BAD_IDS = [
    "%00", "x%00", "a%00b%00", "%FF", "%ED%A0%80", "..%5C", "1e9", "-1", "0", "9223372036854775808", "%F0%9F%98%80",
    "x" * 3000, "%0A", "'%20OR%201=1--", "%2F%2F", "cev_", "null", "gft_00000000000000000000000000",
]  # fmt: skip


def test_no_id_in_a_path_is_too_strange(world: World, document: Any, findings: Findings) -> None:
    before = world.snapshot()
    everything = [*_operations(document, body=False), *_operations(document, body=True)]
    for method, path, operation in everything:
        names = re.findall(r"\{([a-z_]+)\}", path)
        name = operation["operationId"]
        who = BODIES[name][0] if name in BODIES else _reader(operation, path)
        body = BODIES[name][1](world)[0] if name in BODIES else None
        for place in names:
            for bad in BAD_IDS:
                url = path.removeprefix(API_URL).format(**{**world.ids, place: bad})
                with findings.of(f"{method} {url[:100]}"):
                    more: dict[str, Any] = {"json": body} if body is not None else {}
                    if "text/csv" in operation.get("requestBody", {}).get("content", {}):
                        more = {"data": b"NEW-1\n", "content_type": "text/csv"}
                    elif "image/png" in operation.get("requestBody", {}).get("content", {}):
                        more = {"data": b"x", "content_type": "image/png"}
                    assert_problem(world.send(method, url, who, **more), 404, 405, 422)
    assert world.snapshot() == before


@pytest.mark.parametrize("value", ["", " ", "\t", "ключ", "a b", "x" * 256, "a\x7fb"])
def test_a_key_that_is_no_key_is_refused(world: World, value: str) -> None:
    before = world.snapshot()
    headers = {"Idempotency-Key": value.encode().decode("latin-1")}
    body = {"gift": world.ids["gift_id"], "quantity": 1}
    answer = world.send("POST", "/orders", "member", json=body, headers=headers)
    code = "idempotency_key_missing" if value == "" else "idempotency_key_invalid"
    assert assert_problem(answer, 400)["code"] in (code, "idempotency_key_missing")
    assert world.snapshot() == before


STRANGE_HEADERS = [
    ("Authorization", "Bearer"), ("Authorization", "Bearer "), ("Authorization", "Bearer \xff"),
    ("Authorization", "Basic eDp5"), ("Authorization", "Bearer mall_live_" + "x" * 9000), ("Authorization", "x" * 20),
    ("Authorization", "Bearer mss_\x00"), ("Cookie", "mall_session=x"), ("Cookie", "mall_session=\xff"),
    ("Cookie", "mall_session=eyJ0b2tlbiI6MX0.x.y"), ("Signature", "x"), ("Signature-Input", "sig1=(\xff"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), STRANGE_HEADERS)
def test_strange_credentials_are_nobodys(world: World, name: str, value: str) -> None:
    assert_problem(world.send("GET", "/me", headers={name: value}), 401)


@pytest.mark.parametrize(
    ("name", "value"),
    [("Accept-Language", "\xff"), ("Accept-Language", "x" * 5000), ("Accept-Language", "zh;q=nan,en;q=1e999"),
     ("Request-Id", "\xff\x00"), ("Content-Length", "x"), ("Accept", "text/nothing"), ("Accept-Encoding", "\xff"),
     ("If-None-Match", "\xff"), ("Range", "bytes=x-"), ("X-Forwarded-For", "\xff")],
)  # fmt: skip
def test_strange_headers_change_nothing(world: World, name: str, value: str) -> None:
    assert world.send("GET", "/me", "member", headers={name: value}).status_code == 200


def _one_event(**changes: Any) -> dict[str, Any]:
    return {**EVENTS[0], **changes}


def test_a_batch_takes_1_to_1000_events(world: World) -> None:
    before = world.snapshot()
    for count in (0, 1001):
        batch = {"events": [_one_event(id=f"many-{number}") for number in range(count)]}
        _assert_names(world.send("POST", "/credit-events/batch", "client", json=batch), ("events",))
    for wrong in (None, {}, "x", 1, [[1]]):
        body = {"events": wrong} if wrong != [[1]] else {"events": [_one_event(id="b-1")], "surplus": 1}
        field = "surplus" if wrong == [[1]] else "events"
        _assert_names(world.send("POST", "/credit-events/batch", "client", json=body), (field,))
    assert world.snapshot() == before


def test_each_wrong_event_of_a_batch_is_refused_by_name(world: World, document: Any) -> None:
    schema = document["components"]["schemas"]["CreditEventIn"]
    wrong = [pair for body in EVENTS for pair in _mutations(document, schema, body)]
    wrong += [((), value) for value in (None, 1, "x", [], True)]
    before = world.snapshot()
    for start in range(0, len(wrong), 900):
        part = wrong[start : start + 900]
        sent = json.dumps({"events": [body for _, body in part]})
        answer = world.send(
            "POST", "/credit-events/batch", "client", data=sent, content_type="application/json",
            headers={"Idempotency-Key": ""},
        )  # fmt: skip
        assert answer.status_code == 200
        assert (answer.json["booked"], answer.json["replayed"], answer.json["rejected"]) == (0, 0, len(part))
        for (field, _), result in zip(part, answer.json["results"], strict=True):
            assert result["status"] == 422
            assert set(result["problem"]) >= MEMBERS
            name = ".".join(map(str, field)) or "body"
            assert any(key == name or name.startswith(key) for key in result["problem"]["errors"]), result
    assert world.snapshot() == before


def test_times_too_far_ahead_are_refused_by_name(world: World) -> None:
    before, now = world.snapshot(), datetime.now(UTC)
    for ahead in (timedelta(minutes=11), timedelta(days=400), timedelta(days=365 * 5000)):
        moment = (now + ahead).isoformat()
        answer = world.send("POST", "/credit-events", "client", json=_one_event(id="soon", occurred_at=moment))
        _assert_names(answer, ("occurred_at",))
    for moment in (now - timedelta(days=1), now + timedelta(days=365 * 20)):
        body = {"points": 5, "count": 1, "expires_at": moment.isoformat()}
        _assert_names(world.send("POST", "/claim-codes", "client", json=body), ("expires_at",))
    body = {"expires_at": (now - timedelta(days=1)).isoformat()}
    answer = world.send("POST", f"/admin/api-clients/{world.ids['client_id']}/keys", "owner", json=body)
    _assert_names(answer, ("expires_at",))
    assert world.snapshot() == before


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"A\0B\n", b"x" * 10_000_000, b'"', b"\xff\xff"])
def test_a_file_of_codes_that_is_none_imports_nothing(world: World, raw: bytes) -> None:
    before = world.snapshot()
    path = f"/admin/gifts/{world.names['voucher']}/vouchers"
    answer = world.send("POST", path, "owner", data=raw, content_type="text/csv")
    if answer.status_code == 201:
        assert answer.json["imported"] == 0
    else:
        assert_problem(answer, 413, 422)
        assert world.snapshot() == before
    assert_problem(world.send("POST", path, "owner", data=b"A-9\n", content_type="application/json"), 415)

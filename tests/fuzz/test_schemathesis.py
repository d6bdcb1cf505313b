"""Schemathesis reads the served OpenAPI document and sends whatever it can think of to every operation.

No 5xx, and no answer that the document does not describe: status, media type, headers, body.
"""

from __future__ import annotations

from contextlib import suppress
from contextvars import Context
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.failures import FailureGroup
from world import World

pytestmark = [pytest.mark.fuzz, pytest.mark.long]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 5
"""Random requests of each kind for each operation, on top of schemathesis' own list of edge cases."""
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@schemathesis.serializer(WORKBOOK)
def as_workbook(_context: Any, value: Any) -> bytes:
    """A workbook's media type with whatever bytes were thought of."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


ENDS_THE_SESSION = ("/sessions/current", "/sessions", "/me")


def _caller(world: World, operation: schemathesis.APIOperation) -> dict[str, str]:
    """Headers of somebody who may call."""
    raw, path = operation.definition.raw, operation.path
    needs = {name for option in raw.get("security", []) for name in option}
    if operation.method == "delete" and path.endswith(ENDS_THE_SESSION):
        who = "stranger"  # the others need their sessions
    elif "key" in needs:
        who = "client"
    elif "token" in needs:
        who = "owner" if "/admin/" in path or "/staff/" in path else "member"
    else:
        who = "stranger"
    return {**world.auth.get(who, {}), "Accept-Encoding": "identity"}


def _send(world: World, case: schemathesis.Case, who: dict[str, str], found: dict[str, str]) -> None:
    """Send one request; a broken promise goes to ``found`` with the request that shows it."""
    try:
        Context().run(case.call_and_validate, headers=who, checks=CHECKS)
    except FailureGroup as group:
        for failure in group.exceptions:
            found.setdefault(f"{failure.title}: {failure.message[:300]}", case.as_curl_command())


def _fuzz(world: World, operation: schemathesis.APIOperation, found: dict[str, str]) -> None:
    who, real = _caller(world, operation), world.ids
    every = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    edges = operation.schema.iter_coverage_cases(
        operation, generation_modes=every, generation_config=operation.schema.config.generation
    )
    for case in edges:
        if case.method.lower() == operation.method.lower():
            _send(world, case, who, found)
    for mode in every:
        strategy: Any = operation.as_strategy(generation_mode=mode)

        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=strategy)
        def try_one(case: schemathesis.Case) -> None:
            _send(world, case, who, found)
            if case.path_parameters:
                case.path_parameters = {name: real[name] for name in case.path_parameters}
                _send(world, case, who, found)

        with suppress(Unsatisfiable):  # there may be nothing to get wrong
            try_one()


def test_every_answer_is_one_that_the_document_describes(world: World, subtests: pytest.Subtests) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", world.app)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 50
    for operation in operations:
        with subtests.test(operation.label):
            found: dict[str, str] = {}
            _fuzz(world, operation, found)
            assert not found, "\n".join(f"{what}\n  {how}" for what, how in found.items())

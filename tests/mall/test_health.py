"""What probes and Prometheus see, and what the log may not tell."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

from mall.app import create_app
from mall.db import Login, run_tx
from mall.health import DRAIN_FILE
from mall.logs import _tell_exception, in_short
from mall.settings import Settings


@pytest.fixture
def drain(app: Flask) -> Iterator[Path]:
    """The file that says that the installation is going down."""
    file: Path = app.extensions["settings"].var / DRAIN_FILE
    file.touch()
    yield file
    file.unlink(missing_ok=True)


@pytest.fixture
def lost() -> FlaskClient:
    """An app whose PostgreSQL and Redis do not answer."""
    settings = Settings(
        secret_key="test-7f3c9a1e5b2d8460c1f7e3a95d0b6842",
        database_url="postgresql://owner@127.0.0.1:1/nothing",
        redis_url="redis://127.0.0.1:1",
        testing=True,
    )
    return create_app(settings).test_client()


def test_a_healthy_app_is_alive_and_ready(client: FlaskClient) -> None:
    for path in ("/livez", "/readyz"):
        answer = client.get(path)
        assert (answer.status_code, answer.text) == (200, "ok\n")
        assert answer.headers["Cache-Control"] == "no-store"


def test_an_app_without_stores_is_alive_but_not_ready(lost: FlaskClient) -> None:
    assert lost.get("/livez").status_code == 200
    answer = lost.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "database unavailable\n")
    assert answer.headers["Retry-After"] == "5"
    figures = lost.get("/metrics")
    assert figures.status_code == 200
    assert "mall_database_up 0.0" in figures.text.splitlines()


def test_an_app_going_down_is_alive_but_not_ready(client: FlaskClient, drain: Path) -> None:
    assert client.get("/livez").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text, answer.headers["Retry-After"]) == (503, "draining\n", "5")


def test_a_drain_that_was_killed_does_not_last(client: FlaskClient, drain: Path) -> None:
    old = time.time() - 121
    os.utime(drain, (old, old))
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_figures_are_for_this_machine_only(client: FlaskClient, header: str) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 403
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": "10.0.0.9"}).status_code == 403


def test_a_token_opens_the_figures_from_anywhere_and_is_then_needed_everywhere(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = app.extensions["settings"]
    with_token = Settings(**{**vars(settings), "metrics_token": "an opener"})
    monkeypatch.setitem(app.extensions, "settings", with_token)
    client, far = app.test_client(), {"REMOTE_ADDR": "10.0.0.9"}
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer another"}).status_code == 403
    shown = client.get("/metrics", headers={"Authorization": "Bearer an opener"}, environ_overrides=far)
    assert shown.status_code == 200


def test_figures_name_routes_not_paths_and_no_more_methods_than_there_are(client: FlaskClient) -> None:
    client.get("/gifts/gft_hidden-away?q=hidden-away")
    client.open("/hidden-away", method="HIDDEN-AWAY")
    figures = client.get("/metrics").text
    assert 'route="/gifts/<gift_id>"' in figures
    assert "hidden-away" not in figures.lower()  # no route of ours is called so


def test_a_request_is_logged_with_its_id_route_status_and_time_and_nothing_else(client: FlaskClient) -> None:
    with capture_logs() as lines:
        answer = client.get("/gifts/gft_secret?q=secret", headers={"X-Forwarded-For": "10.1.2.3"})
    line = next(line for line in lines if line["event"] == "request")
    assert set(line) == {"event", "log_level", "request_id", "method", "route", "status", "ms"}
    assert (line["route"], line["status"]) == ("/gifts/<gift_id>", answer.status_code)
    assert line["request_id"] == answer.headers["Request-Id"]


def test_what_the_database_refuses_is_logged_without_values(app: Flask) -> None:
    clash = text("INSERT INTO job_runs (name) VALUES (:name), (:name)")
    name = ".".join(("li", "hua"))  # in two, as the story quotes lines of code
    with pytest.raises(IntegrityError) as refused:
        run_tx(Login.BACKOFFICE, lambda tx: tx.execute(clash, {"name": name}))
    assert name in str(refused.value)
    event = _tell_exception(None, "error", {"event": "unhandled", "exc_info": refused.value})
    told = json.dumps(event)
    assert "UniqueViolation 23505 pk_job_runs" in told
    assert "test_health.py" in told
    assert name not in told


def test_what_cannot_be_read_as_a_value_is_not_quoted() -> None:
    assert in_short(psycopg.errors.InvalidTextRepresentation('invalid input: "li.hua"')) == (
        "InvalidTextRepresentation 22P02"
    )
    assert in_short(psycopg.OperationalError("connection to 10.1.2.3 refused")) == "OperationalError no connection"
    assert in_short(ValueError("plain")) == "ValueError: plain"


def test_a_failing_line_of_the_standard_library_tells_its_story(app: Flask) -> None:
    try:
        raise ValueError("outer") from KeyError("inner")
    except ValueError:
        event = _tell_exception(structlog.get_logger(), "error", {"event": "x", "exc_info": True})
    assert event["exception"].index("KeyError") < event["exception"].index("ValueError: outer")


def test_a_head_of_an_answer_of_the_api_has_its_headers_and_no_body(client: FlaskClient) -> None:
    whole, head = client.get("/api/v1/gifts"), client.head("/api/v1/gifts")
    assert (head.status_code, head.data, head.headers["Content-Type"]) == (200, b"", "application/json")
    assert head.headers["Content-Length"] == str(len(whole.data))
    missing = client.head("/api/v1/gifts/none")
    assert (missing.status_code, missing.data, missing.content_type) == (404, b"", "application/problem+json")

"""A member's effectiveness: smoothed, over a rolling window, for that member alone after giving the password."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from mall import clock
from mall.crypto import keyring
from mall.db import Login
from points.earning.keys import member_hash
from points.standing.effectiveness import Effectiveness

URL = "/api/v1/me/effectiveness"


@pytest.fixture
def tipster(client: FlaskClient, make_member: Callable[..., Any], make_client: Callable[..., Any], run: Any) -> Any:
    """A member with five tips: two of use, one not, one waiting, one too long ago."""
    member, source = make_member(), make_client(["credits:write"])
    run(
        Login.OWNER,
        lambda tx: tx.execute(
            text("INSERT INTO sources.source_members VALUES (:hash, :source, :member, '', now())"),
            {"hash": member_hash(keyring(), source.id, "u-1"), "source": source.id, "member": member.id},
        ),
    )
    for name, stage, days in (
        ("a", "adopted", 1),
        ("b", "solved", 2),
        ("c", "rejected", 3),
        ("d", "received", 4),
        ("e", "adopted", 400),
    ):
        event = {
            "id": name, "type": "tip.outcome", "member": "u-1", "data": {"case": f"secret-{name}", "stage": stage},
            "occurred_at": (clock.now() - timedelta(days=days)).isoformat(),
        }  # fmt: skip
        assert client.post("/api/v1/credit-events", json=event, headers=source.auth).status_code == 201
    return member


@pytest.mark.parametrize(
    ("adopted", "judged", "percent"), [(0, 0, 50), (1, 1, 60), (0, 1, 40), (2, 3, 57), (40, 50, 78), (1000, 1000, 100)]
)
def test_few_tips_say_little_and_many_say_all(adopted: int, judged: int, percent: int) -> None:
    assert Effectiveness(adopted, judged).percent == percent


def test_the_member_sees_the_figure_and_every_tip_behind_it(client: FlaskClient, tipster: Any) -> None:
    answer = client.get(URL, headers=tipster.auth)
    assert answer.status_code == 200
    own = answer.json
    assert (own["percent"], own["adopted"], own["judged"], own["waiting"]) == (57, 2, 3, 1)
    assert [(line["stage"], line["counts"]) for line in own["lines"]] == [
        ("adopted", "adopted"), ("solved", "adopted"), ("rejected", "not_adopted"), ("received", "not_judged"),
    ]  # fmt: skip
    assert "secret" not in answer.get_data(as_text=True)


def test_nobody_sees_it_without_the_password_given_just_now(
    client: FlaskClient, tipster: Any, run: Callable[..., Any], make_staff: Callable[..., Any]
) -> None:
    earlier = text("UPDATE login_sessions SET authenticated_at = authenticated_at - interval '16 minutes'")
    run(Login.OWNER, lambda tx: tx.execute(earlier))
    refused = client.get(URL, headers=tipster.auth)
    assert (refused.status_code, refused.json["code"]) == (403, "confirmation_required")
    assert client.get(URL, headers=make_staff("owner").auth).status_code == 403
    assert client.get(URL).status_code == 401

"""Staff set the levels over the API and on their page."""

from __future__ import annotations

import copy

import pytest
from sqlalchemy import text

from mall.db import Login

WORDS = {"zh": "级", "en": "Step"}
BODY = {
    "version": 0,
    "levels": [{"from_points": points, "name": WORDS, "perks": {"zh": "好处"}} for points in (0, 5, 50, 500, 5000)],
    "downgrade": {"policy": "rolling", "months": 6, "warn_days": 14},
}
URL = "/api/v1/admin/levels"


def test_levels_are_the_malls_own_until_staff_set_them(client, make_staff, make_member, run):
    rules, member = make_staff("rules"), make_member()
    run(Login.EARNING, lambda tx: tx.execute(text("INSERT INTO standings VALUES (:m, 60)"), {"m": member.id}))
    found = client.get(URL, headers=rules.auth).json
    assert (found["version"], found["downgrade"]["policy"], found["updated_by"]) == (0, "never", None)
    assert [one["from_points"] for one in found["levels"]] == [0, 100, 500, 2000, 5000]
    assert client.get("/api/v1/me", headers=member.auth).json["level"]["name"] == "新邻居"
    saved = client.put(URL, json=BODY, headers=rules.auth).json
    assert (saved["version"], saved["updated_by"], saved["downgrade"]) == (1, f"staff:{rules.id}", BODY["downgrade"])
    level = client.get("/api/v1/me", headers=member.auth).json["level"]
    assert level == {"number": 3, "name": "级", "points": 60, "next_at": 500}
    audited = run(
        Login.BACKOFFICE, lambda tx: tx.scalar(text("SELECT detail FROM audit_entries WHERE action = 'levels.set'"))
    )
    assert (audited["version"], audited["window_months"], audited["steps"][2]["from_points"]) == (1, 6, 50)


def test_whoever_looked_at_an_older_version_overwrites_nothing(client, make_staff):
    owner = make_staff()
    assert client.put(URL, json=BODY, headers=owner.auth).status_code == 200
    refused = client.put(URL, json={**BODY, "downgrade": {"policy": "never"}}, headers=owner.auth)
    assert (refused.status_code, refused.json["code"], refused.json["version"]) == (409, "levels_changed", 1)
    assert client.get(URL, headers=owner.auth).json["downgrade"]["policy"] == "rolling"
    assert client.put(URL, json={**BODY, "version": 1}, headers=owner.auth).json["version"] == 2


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("levels", 0, "from_points"), 1, "levels.0.from_points"),
        (("levels", 2, "from_points"), 5, "levels.2.from_points"),
        (("levels", 2, "name"), {}, "levels.2.name"),
        (("downgrade",), {"policy": "rolling", "months": 6}, "downgrade.warn_days"),
        (("downgrade",), {"policy": "never", "months": 6}, "downgrade.months"),
    ],
)
def test_what_makes_no_levels_is_refused_by_its_field_and_changes_nothing(client, make_staff, path, value, field):
    owner, body = make_staff(), copy.deepcopy(BODY)
    at = body
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    refused = client.put(URL, json=body, headers=owner.auth)
    assert (refused.status_code, list(refused.json["errors"])) == (422, [field])
    assert client.get(URL, headers=owner.auth).json["version"] == 0

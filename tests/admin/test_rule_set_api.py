"""The whole rule set as one file: given out, looked at in a dry run, put in as drafts, all of it or nothing."""

from __future__ import annotations

import copy
import json
import threading

import pytest
from sqlalchemy import text

from mall.db import Login

URL = "/api/v1/admin/rule-set"
WEEKEND = {"name": {"zh": "周末", "en": "Weekend"}, "factor": "2", "active": {"weekdays": [6, 7]}}
TABLES = (
    "earning_rules", "earning_rule_versions", "campaigns", "point_budgets", "rule_controls", "rule_revision",
    "audit_entries", "sources.cap_usage", "segments", "redemption_rules",
)  # fmt: skip


@pytest.fixture
def stored(run):
    """``stored()``: every row of what a rule set may touch."""
    return lambda: {
        name: sorted(map(str, run(Login.OWNER, lambda tx, name=name: tx.execute(text(f"SELECT * FROM {name}")).all())))
        for name in TABLES
    }


@pytest.fixture
def owner(make_staff, client):
    """An owner of a mall with a campaign published, one drafted, a budget and a limit."""
    person = make_staff("owner")
    for key in ("weekend", "idea"):
        client.post("/api/v1/admin/campaigns", json={"key": key, **WEEKEND}, headers=person.auth)
    client.post("/api/v1/admin/campaigns/weekend/publish", headers=person.auth)
    budget = {"period": "month", "limit_points": 50_000, "action": "stop"}
    client.put("/api/v1/admin/budgets/tip-outcome", json=budget, headers=person.auth)
    client.patch("/api/v1/admin/rule-controls", json={"approve_above_award_points": 500}, headers=person.auth)
    return person


@pytest.fixture
def file(owner, client):
    """The exported file."""
    answer = client.get(URL, headers=owner.auth)
    assert answer.status_code == 200, answer.json
    return answer.json


@pytest.fixture
def put(client):
    """``put(person, file, dry_run=…)``: the answer."""

    def send(person, wanted, dry_run=False):
        headers = {**person.auth, "Accept-Language": "en"}
        return client.post(f"{URL}?dry_run={str(dry_run).lower()}", json=wanted, headers=headers)

    return send


def rule_in(file, key):
    return next(one for one in file["earning_rules"] if one["key"] == key)


def test_the_file_holds_what_is_in_force_and_nothing_else(file):
    assert (file["format"], file["format_version"]) == ("points-mall/rule-set", 1)
    assert len(file["earning_rules"]) == 7
    assert rule_in(file, "tip-outcome")["document"]["points"]["base"]["equal"]["solved"] == 100
    assert file["campaigns"] == [{"key": "weekend", "document": WEEKEND}]
    assert file["budgets"] == [
        {"scope": "tip-outcome", "period": "month", "limit_points": 50_000, "action": "stop"},
    ]  # fmt: skip
    assert file["controls"] == {
        "approve_above_award_points": 500, "approve_above_minted_points": 100_000, "backtest_budget_points": None,
        "backtest_required": False,
    }  # fmt: skip


@pytest.mark.parametrize("dry_run", [True, False])
def test_putting_the_exported_file_back_changes_nothing(file, owner, put, stored, dry_run):
    before = stored()
    answer = put(owner, file, dry_run)
    assert answer.json == {"dry_run": dry_run, "changes": [], "unchanged": 10, "kept": []}
    assert stored() == before


def changed(file):
    """The file with something new in every part."""
    wanted = copy.deepcopy(file)
    rule_in(wanted, "tip-outcome")["document"]["points"]["base"]["equal"]["solved"] = 120
    rule_in(wanted, "daily-check-in")["title"]["en"] = "Every day"
    document = {"event": "activity.attended", "points": {"base": {"fixed": 5}}, "visibility": "public"}
    wanted["earning_rules"].append({"key": "fair", "title": {"zh": "市集"}, "document": document})
    wanted["earning_rules"] = [one for one in wanted["earning_rules"] if one["key"] != "member-login"]
    wanted["campaigns"].append({"key": "spring", "document": {**WEEKEND, "factor": "1.5", "rules": ["fair"]}})
    wanted["campaigns"].append({"key": "idea", "document": {**WEEKEND, "factor": "3"}})
    wanted["budgets"].append({"scope": "fair", "period": "total", "limit_points": 900, "action": "pend"})
    wanted["controls"]["backtest_required"] = True
    return wanted


def test_a_dry_run_tells_the_difference_line_by_line_and_writes_nothing(file, owner, put, stored):
    before = stored()
    answer = put(owner, changed(file), dry_run=True)
    assert answer.status_code == 200, answer.json
    assert stored() == before
    told = {(one["section"], one["key"]): one for one in answer.json["changes"]}
    assert {key: (one["action"], one["version"]) for key, one in told.items()} == {
        ("earning_rules", "tip-outcome"): ("drafted", 2),
        ("earning_rules", "daily-check-in"): ("renamed", None),
        ("earning_rules", "fair"): ("created", 1),
        ("campaigns", "spring"): ("created", None),
        ("campaigns", "idea"): ("changed", None),
        ("budgets", "fair"): ("set", None),
        ("controls", "rule-controls"): ("set", None),
    }
    assert told["earning_rules", "tip-outcome"]["differences"] == [{
        "path": "points.base.equal.solved", "label": "Points for solved", "before": "100", "after": "120",
        "before_words": "100", "after_words": "120",
    }]  # fmt: skip
    shown = [
        (line["label"], line["before_words"], line["after_words"]) for line in told["campaigns", "idea"]["differences"]
    ]
    assert shown == [("Multiplier", "2", "3")]
    assert answer.json["kept"] == [{"section": "earning_rules", "key": "member-login"}]
    assert answer.json["unchanged"] == 6


def test_a_file_makes_drafts_and_publishes_nothing_and_twice_is_once(file, owner, put, client, run, stored):
    wanted = changed(file)
    assert put(owner, wanted).status_code == 200
    states = run(Login.OWNER, lambda tx: tx.execute(
        text("SELECT rule_key, version, state FROM earning_rule_versions WHERE state <> 'published' ORDER BY 1")
    ).all())  # fmt: skip
    assert [tuple(row) for row in states] == [("fair", 1, "draft"), ("tip-outcome", 2, "draft")]
    campaigns = client.get("/api/v1/admin/campaigns", headers=owner.auth).json["items"]
    assert {one["key"]: one["state"] for one in campaigns} == {
        "weekend": "published",
        "spring": "draft",
        "idea": "draft",
    }
    published = client.get(URL, headers=owner.auth).json
    assert rule_in(published, "tip-outcome") == rule_in(file, "tip-outcome")
    assert rule_in(published, "daily-check-in")["title"]["en"] == "Every day"
    assert published["budgets"][0] == {"scope": "fair", "period": "total", "limit_points": 900, "action": "pend"}
    before = stored()
    assert put(owner, wanted).json["changes"] == []
    assert stored() == before


def test_every_error_is_told_with_its_path_and_nothing_changes(file, owner, put, stored):
    wanted, before = changed(file), stored()
    place = wanted["earning_rules"].index(rule_in(wanted, "tip-outcome"))
    wanted["earning_rules"][place]["document"]["condition"] = "grad == 1"
    wanted["earning_rules"].append(copy.deepcopy(wanted["earning_rules"][-1]))
    wanted["earning_rules"].append({**wanted["earning_rules"][-1], "key": "programme"})
    wanted["campaigns"][0]["document"]["factor"] = "4"
    wanted["campaigns"][1]["document"]["rules"] = ["nowhere"]
    wanted["budgets"].append({"scope": "nowhere", "period": "month", "limit_points": 5, "action": "stop"})
    for dry_run in (True, False):
        answer = put(owner, wanted, dry_run)
        assert (answer.status_code, answer.json["code"]) == (422, "invalid_fields")
        assert (
            answer.json["errors"]
            == {
                f"earning_rules.{place}.document.condition": ["line 1, column 1: there is no field grad"],
                "earning_rules.7.key": ["stands in the file twice"],
                "earning_rules.8": ["There is a rule with this key already."],
                "campaigns.0.key": ["has been published here and does not change any more: give it another key"],
                "campaigns.1.document.rules": ["there is no rule nowhere"],
                "budgets.2.scope": ["there is no rule nowhere"],
            }
            or answer.json["errors"] == {}
        )
        assert stored() == before


def test_unknown_keys_other_formats_and_what_is_no_file_are_refused(file, owner, put, stored):
    before = stored()
    for spoilt, path in (
        ({**file, "version": 2}, "version"),
        ({**file, "format_version": 2}, "format_version"),
        ({**file, "format": "rules"}, "format"),
        ({name: part for name, part in file.items() if name != "format"}, "format"),
        ({**file, "budgets": [{**file["budgets"][0], "colour": "red"}]}, "budgets.0.colour"),
        (
            {**file, "campaigns": [{"key": "x", "document": {**WEEKEND, "colour": "red"}}]},
            "campaigns.0.document.colour",
        ),
    ):
        answer = put(owner, spoilt, dry_run=True)
        assert (answer.status_code, list(answer.json["errors"])) == (422, [path])
    document = rule_in(file, "tip-outcome")["document"]
    document["colour"] = "red"
    place = file["earning_rules"].index(rule_in(file, "tip-outcome"))
    assert list(put(owner, file).json["errors"]) == [f"earning_rules.{place}.document.colour"]
    assert stored() == before


def test_only_an_owner_changes_the_owners_limits_with_a_file(file, put, make_staff, stored, owner):
    before, wanted = stored(), changed(file)
    person = make_staff("rules")
    staff_rows = stored()["audit_entries"]  # making somebody is a deed too
    answer = put(person, wanted)
    assert answer.json["errors"] == {"controls": ["only an owner changes these: leave them out of the file"]}
    assert stored() == {**before, "audit_entries": staff_rows}
    del wanted["controls"]
    assert put(person, wanted).status_code == 200
    assert put(make_staff("auditor"), wanted, dry_run=True).status_code == 403


def test_a_shell_takes_the_file_out_and_puts_it_in(app, owner, stored, tmp_path):
    runner, path = app.test_cli_runner(), tmp_path / "rules.json"
    assert runner.invoke(args=["rules", "export", str(path)]).exit_code == 0
    taken = json.loads(path.read_text(encoding="utf-8"))
    assert taken == json.loads(runner.invoke(args=["rules", "export", "-"]).output)
    before = stored()
    same = runner.invoke(args=["rules", "import", str(path)])
    assert (same.exit_code, same.output) == (0, "10 unchanged\nDone.\n")
    rule_in(taken, "tip-outcome")["document"]["points"]["base"]["equal"]["solved"] = 120
    path.write_text(json.dumps(taken), encoding="utf-8")
    tried = runner.invoke(args=["rules", "import", "--dry-run", str(path)])
    assert tried.output == (
        "earning_rules tip-outcome: drafted version 2\n  Points for solved: 100 → 120\n9 unchanged\n"
        "Nothing was changed: a dry run.\n"
    )
    assert stored() == before
    taken["colour"] = "red"
    refused = runner.invoke(args=["rules", "import", "-"], input=json.dumps(taken))
    assert refused.exit_code == 1 and "colour: Unknown field." in refused.output
    assert stored() == before


def test_the_same_file_put_in_twice_at_once_makes_one_draft(app, file, owner, run):
    rule_in(file, "tip-outcome")["document"]["points"]["base"]["equal"]["solved"] = 120
    gate, answers = threading.Barrier(4), []

    def send():
        gate.wait()
        answers.append(app.test_client().post(URL, json=file, headers=owner.auth))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(len(answer.json["changes"]) for answer in answers) == [0, 0, 0, 1]
    count = text("SELECT count(*) FROM earning_rule_versions WHERE rule_key = 'tip-outcome'")
    assert run(Login.OWNER, lambda tx: tx.scalar(count)) == 2


FRIENDS = {"name": {"zh": "老朋友", "en": "Old friends"}, "filter": {"level_from": 3, "joined_to": "2026-06-30"}}


@pytest.fixture
def shelf_rules(owner, client):
    """Ids of a segment and of two redemption rules: a season without gifts, and one for the segment only."""
    segment = client.post("/api/v1/admin/segments", json=FRIENDS, headers=owner.auth).json["id"]
    season = {"kind": "blackout", "first_day": "2026-12-24", "last_day": "2026-12-26", "hours": [[8, 20]]}
    closed = {"kind": "segment", "segment": segment, "members": "only", "above_points": 500}
    made = [
        client.post("/api/v1/admin/redemption-rules", json={"name": {"zh": "规则"}, **one}, headers=owner.auth)
        for one in (season, closed)
    ]
    return segment, *(answer.json["id"] for answer in made)


def test_segments_and_redemption_rules_move_to_another_mall_under_their_ids(shelf_rules, file, owner, put, run, stored):
    segment, season, closed = shelf_rules
    assert file["segments"] == [{"id": segment, **FRIENDS}]
    by_id = {one["id"]: one for one in file["redemption_rules"]}
    assert by_id[season] == {
        "id": season, "name": {"zh": "规则"}, "kind": "blackout", "active": True, "first_day": "2026-12-24",
        "last_day": "2026-12-26", "hours": [[8, 20]],
    }  # fmt: skip
    assert by_id[closed]["segment"] == segment
    assert put(owner, file).json["changes"] == []
    for table in ("redemption_rules", "segments"):  # the other mall has neither
        run(Login.OWNER, lambda tx, table=table: tx.execute(text(f"DELETE FROM {table}")))
    empty = stored()
    tried = put(owner, file, dry_run=True).json
    assert stored() == empty
    assert {(one["section"], one["key"], one["action"]) for one in tried["changes"]} == {
        ("segments", segment, "added"), ("redemption_rules", season, "added"), ("redemption_rules", closed, "added"),
    }  # fmt: skip
    labels = {line["label"] for one in tried["changes"] for line in one["differences"]}
    assert {"Level: from", "Member since: up to", "First day", "Who may redeem"} <= labels
    assert put(owner, file).json["changes"] == tried["changes"]
    assert put(owner, file).json["changes"] == []
    by_id[closed]["above_points"] = 800
    (change,) = put(owner, file).json["changes"]
    assert (change["key"], change["action"]) == (closed, "set")
    assert [(line["path"], line["before"], line["after"]) for line in change["differences"]] == [
        ("above_points", "500", "800")
    ]


def test_a_redemption_rule_for_a_gift_that_is_not_here_is_refused_with_its_place(shelf_rules, file, owner, put, stored):
    before = stored()
    file["redemption_rules"][0]["gift"] = "gft_elsewhere"
    answer = put(owner, file)
    assert (answer.status_code, answer.json["errors"]) == (422, {"redemption_rules.0.gift": ["Not found."]})
    assert stored() == before

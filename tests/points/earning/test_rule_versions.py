"""The way of a rule version: drafted, edited, submitted, approved, published, brought back, ended."""

from __future__ import annotations

import copy
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from mall.db import Login
from mall.errors import Conflict, Forbidden, Invalid, MallError, NotFound
from points.earning.approval import approve, reject, submit
from points.earning.defaults import DEFAULT_RULES
from points.earning.drafts import change_draft, create_draft, create_rule, discard_draft
from points.earning.publishing import publish, retire, roll_back
from points.earning.rules import rule_set
from points.earning.versions import By, change_controls, rule, version, versions

TIP = DEFAULT_RULES["tip-outcome"]
KEY = "tip-outcome"


def _tip(solved: int) -> dict[str, Any]:
    document = copy.deepcopy(TIP)
    document["points"]["base"]["equal"]["solved"] = solved
    return document


class Office:
    """Two editors and an owner, each deed in a transaction of its own."""

    def __init__(self, run: Any, now: Any) -> None:
        self.run, self.now = run, now

    def by(self, name: str = "ann", owner: bool = False, later: timedelta = timedelta(0)) -> By:
        return By(f"staff:{name}", owner, self.now + later)

    def do(self, deed: Any, *args: Any, who: str = "ann", owner: bool = False, later: timedelta = timedelta(0)) -> Any:
        return self.run(Login.BACKOFFICE, lambda tx: deed(tx, *args, by=self.by(who, owner, later)))

    def view(self, number: int, key: str = KEY, later: timedelta = timedelta(0)) -> Any:
        return self.run(Login.BACKOFFICE, lambda tx: version(tx, key, number, self.now + later))

    def rule(self, key: str = KEY) -> Any:
        return self.run(Login.BACKOFFICE, lambda tx: rule(tx, key, self.now))

    def tables(self) -> Any:
        query = "SELECT v::text FROM earning_rule_versions v UNION ALL SELECT token FROM rule_revision ORDER BY 1"
        return self.run(Login.BACKOFFICE, lambda tx: tx.execute(text(query)).scalars().all())

    def audit(self) -> list[tuple[str, str]]:
        query = text("SELECT action, actor FROM audit_entries WHERE subject LIKE 'earning-rule:%' ORDER BY id")
        return [tuple(row) for row in self.run(Login.BACKOFFICE, lambda tx: tx.execute(query).all())]


@pytest.fixture
def office(run: Any, now: Any) -> Office:
    """The rules' office."""
    return Office(run, now)


def refused(office: Office, error: type[MallError], code: str, deed: Any, *args: Any, **more: Any) -> None:
    """The deed is refused with ``code`` and nothing has changed."""
    before = office.tables()
    with pytest.raises(error) as raised:
        office.do(deed, *args, **more)
    assert raised.value.code == code
    assert office.tables() == before


def draft(office: Office, document: dict[str, Any], key: str = KEY, who: str = "ann") -> int:
    """A new draft's number."""
    return office.do(lambda tx, by: create_draft(tx, key, by, document).version, who=who)


def pub(tx: Any, number: int, by: By, at: Any = None, key: str = KEY) -> Any:
    """Publish a version of the tips' rule."""
    return publish(tx, key, number, by, at)


def test_a_draft_pays_nothing_until_it_is_published_and_the_audit_tells_who_did_it(office, mall):
    assert draft(office, _tip(120)) == 2
    assert mall.points(mall.tip("a", "solved", case="a", at=office.now), now=office.now) == [100]
    office.do(pub, 2)
    assert mall.points(mall.tip("b", "solved", grade=1, case="b", at=office.now), now=office.now) == [144]
    assert office.audit() == [("earning_rule.drafted", "staff:ann"), ("earning_rule.published", "staff:ann")]


def test_rolling_back_publishes_a_copy_and_old_awards_keep_their_version_and_explanation(office, mall, run):
    draft(office, _tip(120))
    office.do(pub, 2)
    (first,) = mall.book(mall.tip("a", "solved", grade=1, case="a", at=office.now), now=office.now)
    day = timedelta(days=1)
    office.do(lambda tx, by: roll_back(tx, KEY, 1, by), later=day)
    later = office.now + day
    assert mall.points(mall.tip("b", "solved", grade=1, case="b", at=later), now=later) == [120]
    query = text("SELECT rule_version, points, explanation FROM sources.awards ORDER BY award_id")
    awards = run(Login.EARNING, lambda tx: tx.execute(query).all())
    old = [["base", "stage", "solved", "120"], ["times", "grade", "1", "1.2"]]
    new = [["base", "stage", "solved", "100"], ["times", "grade", "1", "1.2"]]
    assert [tuple(row) for row in awards] == [(2, 144, old), (3, 120, new)]
    assert office.view(3, later=day).based_on == 1
    (again,) = mall.book(mall.tip("a", "solved", grade=1, case="a", at=office.now), now=later)
    assert again.replayed and again.body == first.body


def test_a_version_may_begin_later_and_be_withdrawn_before_it_does(office, run):
    draft(office, _tip(120))
    begins = office.now + timedelta(days=3)
    office.do(lambda tx, by: pub(tx, 2, by, begins))
    assert (office.view(2).standing, office.view(1).standing) == ("scheduled", "in_force")
    assert office.view(2, later=timedelta(days=3)).standing == "in_force"
    assert office.view(1, later=timedelta(days=3)).standing == "superseded"
    office.do(lambda tx, by: retire(tx, KEY, 2, by))
    assert office.view(2).standing == "withdrawn"
    found = run(Login.BACKOFFICE, lambda tx: rule_set(tx.connection().connection.driver_connection.cursor()))
    assert [one.version for one in found.in_force("tip.outcome", begins + timedelta(days=1))] == [1]


def test_a_retired_rule_pays_nothing_until_a_later_version_begins(office, mall):
    office.do(lambda tx, by: retire(tx, KEY, 1, by))
    assert office.rule().state == "retired"
    assert mall.points(mall.tip("a", "solved", case="a", at=office.now), now=office.now) == [0]
    office.do(lambda tx, by: roll_back(tx, KEY, 1, by))
    assert mall.points(mall.tip("b", "solved", case="b", at=office.now), now=office.now) == [100]
    refused(office, Conflict, "not_in_force", lambda tx, by: retire(tx, KEY, 1, by))


def test_publishing_twice_or_editing_what_is_published_is_refused(office):
    draft(office, _tip(120))
    office.do(pub, 2)
    refused(office, Conflict, "not_a_draft", pub, 2)
    refused(office, Conflict, "not_a_draft", lambda tx, by: change_draft(tx, KEY, 2, 1, _tip(1), by))
    refused(office, Conflict, "not_a_draft", lambda tx, by: submit(tx, KEY, 2, by))
    refused(office, Conflict, "not_a_draft", lambda tx, by: discard_draft(tx, KEY, 2, by))
    refused(office, Conflict, "in_force_already", lambda tx, by: roll_back(tx, KEY, 2, by))


def test_what_is_past_unknown_or_wrong_is_refused(office):
    draft(office, _tip(120))
    before = office.now - timedelta(seconds=1)
    refused(office, Invalid, "invalid_fields", lambda tx, by: pub(tx, 2, by, before))
    refused(office, NotFound, "not_found", pub, 9)
    refused(office, NotFound, "not_found", pub, 2**40)
    refused(office, Conflict, "never_published", lambda tx, by: roll_back(tx, KEY, 2, by))
    wrong = {**TIP, "condition": "colour == 1"}
    refused(office, Invalid, "invalid_fields", lambda tx, by: change_draft(tx, KEY, 2, 1, wrong, by))
    quiz = DEFAULT_RULES["quiz-result"]
    refused(office, Invalid, "invalid_fields", lambda tx, by: change_draft(tx, KEY, 2, 1, quiz, by))
    odd = {**TIP, "pending": {"kind": "none", "days": "\0"}}
    refused(office, Invalid, "invalid_fields", lambda tx, by: change_draft(tx, KEY, 2, 1, odd, by))
    refused(office, Conflict, "rule_exists", lambda tx, by: create_rule(tx, KEY, {"zh": "x"}, TIP, by))
    refused(office, Conflict, "rule_exists", lambda tx, by: create_rule(tx, "client-daily", {"zh": "x"}, TIP, by))


def test_who_has_not_seen_the_last_edit_may_not_save(office):
    draft(office, _tip(120))
    office.do(lambda tx, by: change_draft(tx, KEY, 2, 1, _tip(130), by), who="bob")
    refused(office, Conflict, "edited_meanwhile", lambda tx, by: change_draft(tx, KEY, 2, 1, _tip(140), by))
    view = office.view(2)
    assert (view.revision, view.document, view.authors) == (2, _tip(130), ["staff:ann", "staff:bob"])


def test_a_draft_above_the_limit_needs_a_second_person_who_wrote_none_of_it(office):
    draft(office, _tip(500))  # solved at grade 5 would be 1,500; the limit of a new database is 1,000
    refused(office, Conflict, "approval_required", pub, 2)
    refused(office, Conflict, "not_submitted", lambda tx, by: approve(tx, KEY, 2, by), who="bob")
    office.do(lambda tx, by: change_draft(tx, KEY, 2, 1, _tip(400), by), who="eve")
    office.do(lambda tx, by: submit(tx, KEY, 2, by))
    refused(office, Conflict, "approval_required", pub, 2)
    for author in ("ann", "eve"):
        refused(office, Conflict, "own_draft", lambda tx, by: approve(tx, KEY, 2, by), who=author, owner=True)
    refused(office, Conflict, "not_a_draft", lambda tx, by: change_draft(tx, KEY, 2, 2, _tip(1), by))
    office.do(lambda tx, by: reject(tx, KEY, 2, "too much", by), who="bob")
    assert (office.view(2).standing, office.view(2).rejection) == ("draft", "too much")
    office.do(lambda tx, by: submit(tx, KEY, 2, by))
    office.do(lambda tx, by: approve(tx, KEY, 2, by), who="bob")
    office.do(pub, 2)
    view = office.view(2)
    assert (view.standing, view.approved_by, view.published_by) == ("in_force", "staff:bob", "staff:ann")


def test_the_owner_sets_the_limits(office, run):
    draft(office, _tip(120))
    office.do(lambda tx, by: change_controls(tx, {"approve_above_award_points": 300}, by), who="own", owner=True)
    refused(office, Conflict, "approval_required", pub, 2)
    changes = {"approve_above_award_points": None, "backtest_required": True}
    office.do(lambda tx, by: change_controls(tx, changes, by), who="own", owner=True)
    refused(office, Conflict, "backtest_required", pub, 2)
    refused(office, Conflict, "backtest_required", lambda tx, by: submit(tx, KEY, 2, by))


def _backtested(run: Any, minted: int, over: bool, revision: int = 1) -> None:
    row = text(
        "INSERT INTO rule_backtests (id, rule_key, version, revision, window_from, window_until, state, "
        "minted_points, over_budget, started_by, created_at) VALUES (:id, 'tip-outcome', 2, :revision, "
        "now() - interval '1 day', now(), 'done', :minted, :over, 'staff:ann', now())"
    )
    values = {"id": f"bt_{minted}_{revision}", "minted": minted, "over": over, "revision": revision}
    run(Login.OWNER, lambda tx: tx.execute(row, values))


def test_a_backtest_that_mints_much_needs_approval_and_beyond_the_budget_an_owner(office, run):
    draft(office, _tip(120))
    _backtested(run, 100_001, over=False)
    refused(office, Conflict, "approval_required", pub, 2)
    office.do(lambda tx, by: submit(tx, KEY, 2, by))
    _backtested(run, 100_002, over=True)
    refused(office, Forbidden, "owner_required", lambda tx, by: approve(tx, KEY, 2, by), who="bob")
    office.do(lambda tx, by: approve(tx, KEY, 2, by), who="own", owner=True)
    office.do(pub, 2)
    assert office.view(2).standing == "in_force"


def test_a_backtest_of_an_earlier_edit_says_nothing_of_the_draft_as_it_is(office, run):
    draft(office, _tip(120))
    _backtested(run, 10, over=True)
    refused(office, Forbidden, "owner_required", pub, 2)
    office.do(lambda tx, by: change_draft(tx, KEY, 2, 1, _tip(101), by))
    office.do(pub, 2)


def test_the_draft_is_published_once_by_many_at_once(office, run):
    draft(office, _tip(120))
    outcomes: list[str] = []

    def go() -> None:
        try:
            office.do(pub, 2)
            outcomes.append("published")
        except Conflict as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=go) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["not_a_draft"] * 5 + ["published"]
    assert [action for action, _ in office.audit()].count("earning_rule.published") == 1


def test_standings_agree_with_what_the_booking_holds_in_force(office, run):
    for solved, later in ((101, 5), (102, 1), (103, 9)):
        number = draft(office, _tip(solved))
        begins = office.now + timedelta(days=later)
        office.do(lambda tx, by, n=number, at=begins: pub(tx, n, by, at))
    office.do(lambda tx, by: retire(tx, KEY, 2, by, office.now + timedelta(days=7)))
    office.do(lambda tx, by: retire(tx, KEY, 4, by, office.now + timedelta(days=2)))  # withdrawn: it begins later
    for day in range(12):
        at = office.now + timedelta(days=day, hours=1)

        def both(tx: Any, at: Any = at) -> Any:
            found = rule_set(tx.connection().connection.driver_connection.cursor()).in_force("tip.outcome", at)
            shown = [one.version for one in versions(tx, KEY, at) if one.standing == "in_force"]
            return [one.version for one in found], shown

        booked, shown = run(Login.BACKOFFICE, both)
        assert booked == shown, day

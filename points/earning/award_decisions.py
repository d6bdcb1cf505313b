"""Staff decide on awards that wait: confirmed, lowered or cancelled, one by one or many, each with a reason.

A decision is about what waits at that moment. A later stage of the case is valued anew; what it adds to an award
that was lowered or cancelled waits to be confirmed again, so that nothing slips by. Raising is no decision: that
is an adjustment, which takes two persons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from mall import audit
from mall.crypto import keyring
from mall.db import cursor
from mall.errors import Conflict, Invalid, MallError, NotFound
from points.earning.book_events import mall_zone
from points.earning.budgets import applying, budget_keys, spend
from points.earning.caps import CounterKey, Counters, counter_keys
from points.earning.case_states import AwardState, CaseState
from points.earning.evaluate import RuleSet
from points.earning.explain import Line
from points.earning.rules import rule_set
from points.earning.sentences import Sentence
from points.earning.sentences_display import shown
from points.earning.store import Writes, load_counters, read_awards
from points.earning.versions import By
from points.ledger.book import Book
from points.ledger.books import open_books

ACTIONS = ("confirm", "adjust", "cancel")
Found = dict[str, tuple[CaseState, AwardState]]


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to become of one award. ``points``: what an adjusted award grants in all, less than it does now."""

    award_id: str
    action: str
    reason: str
    points: int | None = None


@dataclass(slots=True)
class _Deciding:
    by: By
    rules: RuleSet
    counters: Counters = field(default_factory=Counters)
    touched: Found = field(default_factory=dict)
    public: dict[str, int] = field(default_factory=dict)


def decide_award(tx: Session, decision: Decision, by: By) -> AwardState:
    """Decide on one award. Raises NotFound, Conflict ``award_not_pending``, Invalid."""
    outcome = decide_awards(tx, [decision], by)[0]
    if isinstance(outcome, MallError):
        raise outcome
    return outcome


def decide_awards(tx: Session, decisions: Sequence[Decision], by: By) -> list[AwardState | MallError]:
    """Decide on many, in the order given; what became of each. A refusal touches no other."""
    cur, wanted = cursor(tx), [decision.award_id for decision in decisions]
    members = {case.member_id for case, _award in read_awards(cur, wanted).values()}
    if not members:
        return [NotFound() for _ in decisions]
    outcomes: list[AwardState | MallError] = []
    with open_books(tx, members, by.now) as books:
        found = read_awards(cur, wanted)
        work = _Deciding(by, rule_set(cur))
        load_counters(cur, _counter_keys(work, found), work.counters)
        for decision in decisions:
            if decision.award_id not in found:
                outcomes.append(NotFound())
                continue
            case, award = found[decision.award_id]
            try:
                _decide(work, decision, case, award, books[case.member_id])
            except MallError as refused:
                outcomes.append(refused)
                continue
            outcomes.append(award)
        writes = Writes(keyring(), by.now)
        writes.awards(work.touched.values())
        writes.counters(work.counters)
        writes.standings(work.public)
        writes.write(cur)
    for decision, outcome in zip(decisions, outcomes, strict=True):
        if isinstance(outcome, AwardState):
            _note(tx, decision, outcome, by)
    return outcomes


def _decide(work: _Deciding, decision: Decision, case: CaseState, award: AwardState, book: Book) -> None:
    now = work.by.now
    waiting = sum(lot.remaining for lot in book.award_lots(award.award_id) if lot.pending)
    if not waiting or not award.waits(now):
        raise Conflict("award_not_pending")
    if decision.action == "confirm":
        book.confirm(award.award_id)
        award.available_at = now
        work.touched[award.award_id] = (case, award)
        return
    points = _left(decision, award.points, waiting)
    book.clawback(award.points - points, occurred_at=now, award_id=award.award_id, label=award.label)
    _give_back(work, case, award, points)
    line = Line("cancelled", ()) if decision.action == "cancel" else Line("adjusted", (str(points),))
    award.points, award.explanation = points, [*award.explanation, line.stored()]
    if decision.action == "cancel":
        award.available_at = now if points else None  # what a later stage adds waits for another decision
    work.touched[award.award_id] = (case, award)


def _left(decision: Decision, points: int, waiting: int) -> int:
    """What the award grants after the decision."""
    if decision.action == "cancel":
        return points - waiting
    least, most = max(1, points - waiting), points - 1
    if decision.points is None or not least <= decision.points <= most:
        told = Sentence("must be a whole number from %(least)s to %(most)s", least=least, most=most)
        raise Invalid({"points": [shown(told)]})
    return decision.points


def _give_back(work: _Deciding, case: CaseState, award: AwardState, points: int) -> None:
    """What is taken from an award gives room under caps and budgets, and does not count for levels."""
    zone, now = mall_zone(), work.by.now
    rule = work.rules.version(award.rule_key, award.rule_version)
    if rule is not None:
        work.counters.correct(rule, case.member_id, case.anchor_at, zone, award.points, points)
    spend(work.counters, applying(work.rules.budgets, award.rule_key), points - award.points, now, zone)
    if not award.confidential:
        work.public[case.member_id] = work.public.get(case.member_id, 0) + points - award.points


def _counter_keys(work: _Deciding, found: Found) -> set[CounterKey]:
    zone = mall_zone()
    keys = budget_keys(work.rules.budgets, (award.rule_key for _case, award in found.values()), work.by.now, zone)
    for case, award in found.values():
        rule = work.rules.version(award.rule_key, award.rule_version)
        if rule is not None and rule.document.counted:
            keys |= counter_keys(rule, case.member_id, case.anchor_at, zone)
    return keys


def _note(tx: Session, decision: Decision, award: AwardState, by: By) -> None:
    detail: dict[str, Any] = {"rule": award.rule_key, "points": award.points, "reason": decision.reason}
    deed = {"confirm": "confirmed", "adjust": "adjusted", "cancel": "cancelled"}[decision.action]
    audit.record(tx, by.name, f"award.{deed}", f"award:{award.award_id}", detail, by.now, by.request_id)

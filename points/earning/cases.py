"""Pure: cases: which event decides one, and the change that brings its awards to what it is now worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from mall.ids import new_id
from points.earning.budgets import applying, spend
from points.earning.caps import Counters
from points.earning.case_states import AwardLine, AwardState, Book, CaseState, Change, Deferred, Wanted
from points.earning.evaluate import AwardWorth, RuleSet
from points.earning.event_types import EventSource
from points.earning.explain import Line
from points.earning.periods import FOREVER

NO_LINES: list[Line] = []


@dataclass(slots=True)
class Settler:
    """Brings cases to their worth: one for a batch, sharing its rules, counters and open books."""

    rules: RuleSet
    counters: Counters
    zone: ZoneInfo
    now: datetime
    make_id: Callable[[str], str] = new_id
    touched: dict[str, tuple[CaseState, AwardState]] = field(default_factory=dict)
    """Awards changed, by id."""
    appeals_over: bool = False
    """Whether malice costs points at once, although the rule lets members answer first."""
    settled: set[bytes] = field(default_factory=set)
    deferred: dict[bytes, Deferred] = field(default_factory=dict)
    """What malice will cost, by case, once the time to answer is over."""

    def arrive(
        self, case: CaseState, event_key: bytes, occurred_at: datetime, worths: Sequence[AwardWorth],
        source: EventSource, book: Book,
    ) -> Change | None:  # fmt: skip
        """An event arrives at its case; None when another one goes on deciding it."""
        case.arrivals += 1
        if not case.decided_by(occurred_at, sum(award.points for award in worths)):
            return None
        case.deciding_event, case.deciding_at = event_key, occurred_at
        return self.settle(case, worths, source, book, occurred_at)

    def settle(
        self,
        case: CaseState,
        worths: Sequence[AwardWorth],
        source: EventSource,
        book: Book,
        occurred_at: datetime,
    ) -> Change:
        """Make the case's awards what ``worths`` say, within caps, and book the differences.

        Increases are booked before decreases, so that a member never owes for a moment what another rule of
        the same case pays.
        """
        for old in case.awards.values():
            rule = self.rules.version(old.rule_key, old.rule_version)
            if rule is not None:
                self.counters.give_back(rule, case.member_id, case.anchor_at, self.zone, old.points)
        wanted = [self._within(case, worth) for worth in worths]
        valued = {worth.rule.key for worth in worths}
        wanted += [Wanted(key, None, 0, []) for key in case.awards if key not in valued]
        if self.rules.sparing:
            wanted = self._within_reach(case, wanted, book)
        if self.rules.budgets:
            wanted = self._within_budgets(case, wanted, source)
        total = public = 0
        lines = []
        changes = []
        for want in wanted:
            key, valued_by, granted, stored = want.key, want.worth, want.granted, want.stored
            known = case.awards.get(key)
            before = known.points if known else 0
            if known is not None and not known.confidential:
                public -= before
            delta = granted - before
            total += delta
            award = self._update(case, want, source)
            if award is not None and not award.confidential:
                public += granted
            if delta and award is not None:
                changes.append((delta, award, valued_by))
            if valued_by is not None or delta:
                version = valued_by.rule.version if valued_by else award.rule_version if award else 0
                text = [Line.read(line).text for line in stored]
                lines.append(AwardLine(award, key, version, granted, text))
        for delta, award, valued_by in sorted(changes, key=lambda change: -change[0]):
            self._book(delta, award, valued_by, source, book, occurred_at)
        case.worth = sum(worth.points for worth in worths)
        return Change(total, public, lines, self._reason(case, worths, total), self._waits(case))

    def _within(self, case: CaseState, worth: AwardWorth) -> Wanted:
        """What diminishing returns and caps leave of ``worth``."""
        rule, known = worth.rule, case.awards.get(worth.rule.key)
        left, number, lessened = worth.points, 0, NO_LINES
        if rule.document.diminishing is not None:
            number = known.number if known is not None and known.points > 0 else 0
            left, number, lessened = self.counters.diminish(
                rule, case.member_id, case.anchor_at, self.zone, left, number
            )
        granted, cuts = self.counters.take(rule, case.member_id, case.anchor_at, self.zone, left)
        stored = [line.stored() for line in (*worth.lines, *lessened, *cuts)]
        return Wanted(rule.key, worth, granted, stored, number if granted > 0 else 0, worth.review)

    def _within_reach(self, case: CaseState, wanted: list[Wanted], book: Book) -> list[Wanted]:
        """Leave to the member what a rule does not take back; the next stage tries again."""
        self.settled.add(case.case_key)
        self.deferred.pop(case.case_key, None)
        reached, taken = [], 0
        for want in wanted:
            known = case.awards.get(want.key)
            before = known.points if known is not None else 0
            rule = want.worth.rule if want.worth is not None else None
            if rule is None and known is not None:
                rule = self.rules.version(known.rule_key, known.rule_version)
            if rule is None or want.granted >= before or not rule.document.clawback.limited:
                reached.append(want)
                continue
            malice = want.worth is not None and want.worth.points < 0
            policy, granted, code = rule.document.clawback, want.granted, "kept"
            reach = policy.malice if malice else policy.good_faith
            if malice and policy.appeal_days and not self.appeals_over:
                self._defer(case, want.key, before - granted, policy.appeal_days)
                granted, code = before, "appeal"
            elif reach != "into_debt":
                room = book.within_reach(known.award_id if known else None, waiting_only=reach == "pending_only")
                granted = max(granted, before - max(0, room - taken))
                taken += before - granted
            if granted != want.granted:
                self.counters.correct(rule, case.member_id, case.anchor_at, self.zone, want.granted, granted)
                shown = policy.appeal_days if code == "appeal" else granted
                stored = [*want.stored, Line(code, (str(shown),)).stored()]
                number = known.number if known is not None and granted > 0 else 0
                want = replace(want, granted=granted, stored=stored, number=number)
            reached.append(want)
        return reached

    def _defer(self, case: CaseState, rule_key: str, points: int, days: int) -> None:
        other = self.deferred.get(case.case_key)
        if other is not None:
            points, days = points + other.points, max(days, other.days)
        self.deferred[case.case_key] = Deferred(case.member_id, rule_key, points, days)

    def _within_budgets(self, case: CaseState, wanted: list[Wanted], source: EventSource) -> list[Wanted]:
        """What the budgets leave; what goes back to them is counted before what is taken from them."""
        before = {key: award.points for key, award in case.awards.items()}
        changes = [(want.granted - before.get(want.key, 0), place) for place, want in enumerate(wanted)]
        for change, place in sorted(changes):
            want = wanted[place]
            budgets = applying(self.rules.budgets, want.key)
            left, lines, waits = spend(
                self.counters, budgets, change, self.now, self.zone, promised=source.promised
            )  # fmt: skip
            granted = want.granted - change + left
            if granted != want.granted and want.worth is not None:
                rule = want.worth.rule
                self.counters.correct(rule, case.member_id, case.anchor_at, self.zone, want.granted, granted)
            stored = [*want.stored, *(line.stored() for line in lines)]
            number = want.number if granted > 0 else 0
            wanted[place] = replace(want, granted=granted, stored=stored, number=number, waits=want.waits or waits)
        return wanted

    def _update(self, case: CaseState, want: Wanted, source: EventSource) -> AwardState | None:
        key, valued_by, granted, stored = want.key, want.worth, want.granted, want.stored
        award = case.awards.get(key)
        if award is None:
            if granted == 0 or valued_by is None:
                return None
            document = valued_by.rule.document
            award = AwardState(
                self.make_id("awd"), key, valued_by.rule.version, 0, stored,
                document.pending.available_at(self.now), FOREVER, document.confidential, source.label,
            )  # fmt: skip
            if granted < 0:
                award.available_at = self.now
            award.expires_at = document.expiry.expires_at(self.now, self.zone)
            case.awards[key] = award
        if (want.waits or source.held) and granted > award.points:
            award.available_at = None
        award.points, award.explanation, award.number = granted, stored, want.number
        if valued_by is not None:
            award.rule_version = valued_by.rule.version
            award.confidential = valued_by.rule.document.confidential
        self.touched[award.award_id] = (case, award)
        return award

    def _book(
        self, delta: int, award: AwardState, valued_by: AwardWorth | None, source: EventSource, book: Book,
        occurred_at: datetime,
    ) -> None:  # fmt: skip
        # The moment of a tip stays in the schema of sources: the ledger learns when it was booked.
        moment = occurred_at if source.internal else self.now
        if delta < 0:
            book.clawback(-delta, occurred_at=moment, award_id=award.award_id, label=source.label)
            return
        if valued_by is not None:
            award.expires_at = valued_by.rule.document.expiry.expires_at(self.now, self.zone)
        waits = award.waits(self.now)
        book.credit(
            delta,
            expires_at=award.expires_at,
            occurred_at=moment,
            award_id=award.award_id,
            label=source.label,
            available_at=award.available_at if waits else None,
            until_confirmed=award.available_at is None,
        )

    def _waits(self, case: CaseState) -> bool:
        return any(award.points > 0 and award.waits(self.now) for award in case.awards.values())

    def _reason(self, case: CaseState, worths: Sequence[AwardWorth], total: int) -> str | None:
        if total or any(award.points for award in case.awards.values()):
            return None
        if not worths:
            return "no_rule"
        return "cap_reached" if any(worth.points > 0 for worth in worths) else "no_points"

"""Pure: counters of caps while a batch is booked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from points.earning.evaluate import RuleVersion
from points.earning.explain import Line
from points.earning.formulas import ONE, plain, round_half_up
from points.earning.limits import Cap, Diminishing
from points.earning.periods import period_start

EVERYONE = "*"
DAILY = "client-daily"
"""The ``rule_key`` under which a reporting system's own daily cap is counted."""


@dataclass(frozen=True, slots=True, order=True)
class CounterKey:
    """A cap is counted for a holder (a member, everyone, or a source) and rule in one period."""

    holder: str
    rule_key: str
    period: str
    starts_at: datetime


@dataclass(slots=True)
class Counter:
    """Points granted and times granted."""

    points: int = 0
    times: int = 0


def counter_key(cap: Cap, rule_key: str, member_id: str, anchor_at: datetime, zone: ZoneInfo) -> CounterKey:
    """Where a cap counts what is granted for a case anchored at ``anchor_at``."""
    holder = member_id if cap.per == "member" else EVERYONE
    return CounterKey(holder, rule_key, cap.period, period_start(cap.period, anchor_at, zone))


def counter_keys(rule: RuleVersion, member_id: str, anchor_at: datetime, zone: ZoneInfo) -> set[CounterKey]:
    """Every counter a version's caps and diminishing returns use for one case."""
    keys = {counter_key(cap, rule.key, member_id, anchor_at, zone) for cap in rule.document.caps}
    if rule.document.diminishing is not None:
        keys.add(number_key(rule, rule.document.diminishing, member_id, anchor_at, zone))
    return keys


def number_key(
    rule: RuleVersion, diminishing: Diminishing, member_id: str, anchor_at: datetime, zone: ZoneInfo
) -> CounterKey:
    """Where a member's awards of a rule are numbered; a cap per member and the same period counts there too."""
    return CounterKey(member_id, rule.key, diminishing.per, period_start(diminishing.per, anchor_at, zone))


class Counters:
    """Counters read from the database under their locks, changed in memory, written back with the batch."""

    def __init__(self) -> None:
        self._counters: dict[CounterKey, Counter] = {}
        self.changed: set[CounterKey] = set()

    def load(self, key: CounterKey, points: int, times: int) -> None:
        """Set what the database holds."""
        self._counters[key] = Counter(points, times)

    def __getitem__(self, key: CounterKey) -> Counter:
        return self._counters.setdefault(key, Counter())

    def count(self, keys: Iterable[CounterKey], points: int, times: int) -> None:
        """Count a grant (or give room back, with negative figures) in every counter of ``keys``."""
        for key in keys:
            counter = self[key]
            counter.points += points
            counter.times += times
            self.changed.add(key)

    def give_back(self, rule: RuleVersion, member_id: str, anchor_at: datetime, zone: ZoneInfo, points: int) -> None:
        """Free the room that ``points`` granted under ``rule`` took."""
        if rule.document.counted and points > 0:
            self.count(counter_keys(rule, member_id, anchor_at, zone), -points, -1)

    def correct(
        self, rule: RuleVersion, member_id: str, anchor_at: datetime, zone: ZoneInfo, taken: int, granted: int
    ) -> None:
        """Count ``granted`` where ``taken`` was counted: something else has changed it since."""
        if rule.document.counted and max(0, taken) != max(0, granted):
            keys = counter_keys(rule, member_id, anchor_at, zone)
            self.count(keys, max(0, granted) - max(0, taken), (granted > 0) - (taken > 0))

    def diminish(
        self, rule: RuleVersion, member_id: str, anchor_at: datetime, zone: ZoneInfo, worth: int, number: int
    ) -> tuple[int, int, list[Line]]:
        """What diminishing returns leave of ``worth``, the award's number, and a line when they lessen it.

        ``number``: the one the award has already, 0 for one that does not pay yet.
        """
        diminishing = rule.document.diminishing
        if diminishing is None or worth <= 0:
            return worth, number, []
        number = number or self[number_key(rule, diminishing, member_id, anchor_at, zone)].times + 1
        factor = diminishing.factor(number)
        if factor == ONE:
            return worth, number, []
        left = round_half_up(worth * factor)
        return left, number, [Line("diminishing", (str(number), diminishing.per, plain(factor)))]

    def take(
        self, rule: RuleVersion, member_id: str, anchor_at: datetime, zone: ZoneInfo, worth: int
    ) -> tuple[int, list[Line]]:
        """How much of ``worth`` the caps of ``rule`` let through, counted; with a line when they cut it."""
        if not rule.document.counted or worth <= 0:
            return worth, []
        granted, binding = worth, None
        for cap in rule.document.caps:
            counter = self[counter_key(cap, rule.key, member_id, anchor_at, zone)]
            if cap.unit == "points":
                room = max(0, cap.limit - counter.points)
            else:
                room = granted if counter.times < cap.limit else 0
            if room < granted:
                granted, binding = room, cap
        if granted > 0:
            self.count(counter_keys(rule, member_id, anchor_at, zone), granted, 1)
        if binding is None:
            return granted, []
        return granted, [Line(f"cap_{binding.unit}", (str(binding.limit), binding.period, str(granted)))]

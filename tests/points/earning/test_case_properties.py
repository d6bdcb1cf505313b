"""Properties of cases: whatever comes in whatever order, the total is the worth of the latest stage."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

STAGE = {"received": 2, "adopted": 20, "solved": 100, "rejected": 0, "overturned": 0, "malicious": -50}
GRADE = ["1", "1.2", "1.5", "2", "2.5", "3"]
NUMBERS = itertools.count()

stages = st.tuples(st.sampled_from(sorted(STAGE)), st.integers(0, 5), st.integers(1, 100), st.integers(0, 6))
"""Stage, grade, share, hours before now."""


def worth(stage: str, grade: int, share: int) -> int:
    points = STAGE[stage]
    if points <= 0:
        return points
    exact = points * Decimal(GRADE[grade]) * share / 100
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    events=st.lists(stages, min_size=1, max_size=6),
    order=st.data(),
)
def test_any_sequence_shuffle_repeat_and_reversal_ends_with_the_right_total(mall, events, order):
    number = next(NUMBERS)
    member, case = f"p-{number}", f"case-{number}"
    sent = {
        f"{case}/{i}": mall.tip(
            f"{case}/{i}",
            stage,
            mall.noon - timedelta(hours=hours),
            member=member,
            case=case,
            grade=grade,
            share=share,
        )
        for i, (stage, grade, share, hours) in enumerate(events)
    }
    calls = order.draw(st.permutations(sorted(sent) * 2))
    arrived: dict[str, int] = {}
    gone: set[str] = set()
    total = 0
    for name in calls:
        (outcome,) = mall.book(sent[name])
        assert outcome.error is None
        assert outcome.replayed == (name in arrived)
        if not outcome.replayed:
            total += outcome.body["points"]
            arrived[name] = len(arrived)
        if order.draw(st.integers(0, 5)) == 0:
            undone = mall.reverse(name)
            total += 0 if undone.again else undone.body["points"]
            gone.add(name)
        left = [one for one in arrived if one not in gone]
        latest = max(left, key=lambda one: (sent[one].occurred_at, arrived[one]), default=None)
        facts = sent[latest].facts if latest else None
        expected = worth(facts["stage"], facts["grade"], facts["share"]) if facts else 0
        balance = mall.balance(member)
        assert total == balance.available - balance.debt == expected


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(events=st.lists(st.tuples(stages, st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=25))
def test_one_batch_books_what_single_events_book(mall, events):
    number = next(NUMBERS)

    def line(prefix: str):
        return [
            mall.tip(
                f"{prefix}-{number}/{i}", stage, mall.noon - timedelta(hours=hours), grade=grade, share=share,
                member=f"{prefix}-{number}-{who}", case=f"case-{which}",
            )
            for i, ((stage, grade, share, hours), who, which) in enumerate(events)
        ]  # fmt: skip

    together = mall.points(*line("t"))
    alone = [mall.points(event)[0] for event in line("a")]
    assert together == alone
    for who in {who for _, who, _ in events}:
        assert mall.balance(f"t-{number}-{who}") == mall.balance(f"a-{number}-{who}")

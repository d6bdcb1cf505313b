"""The table of transitions, whole: every status, target, kind and actor."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

import catalog
from catalog.gifts.windows import GIFT_KINDS
from catalog.redemption.lifecycle import ORDER_KINDS, OVER, TRANSITIONS, By, Status, check_step, path_after, targets
from mall.errors import Conflict

# Written out once more by hand, so that a change of the table is a decision and not a slip.
STAFF = {
    "delivery": {
        "placed": ["confirmed", "cancelled"],
        "awaiting_payment": ["cancelled"],
        "confirmed": ["preparing", "cancelled"],
        "preparing": ["shipped", "cancelled"],
        "shipped": ["completed", "returned"],
        "completed": ["returned", "refunded"],
        "returned": ["refunded"],
    },
    "pickup": {
        "placed": ["confirmed", "cancelled"],
        "awaiting_payment": ["cancelled"],
        "confirmed": ["preparing", "ready_for_pickup", "cancelled"],
        "preparing": ["ready_for_pickup", "cancelled"],
        "ready_for_pickup": ["completed", "cancelled"],
        "completed": ["returned", "refunded"],
        "returned": ["refunded"],
    },
    "donation": {
        "placed": ["confirmed", "cancelled"],
        "awaiting_payment": ["cancelled"],
        "confirmed": ["completed", "cancelled"],
        "completed": ["refunded"],
    },
}
STAFF["draw"] = {
    "placed": ["cancelled"],
    "awaiting_payment": ["cancelled"],
    "confirmed": ["preparing", "ready_for_pickup", "cancelled"],
    "awaiting_claim": ["cancelled"],
    "preparing": ["ready_for_pickup", "cancelled"],
    "ready_for_pickup": ["completed", "cancelled"],
    "completed": ["refunded"],
}
STAFF["prize"] = {
    "awaiting_payment": ["cancelled"],
    "placed": ["cancelled"],
    "confirmed": ["preparing", "cancelled"],
    "preparing": ["cancelled", "shipped"],
    "shipped": ["completed", "returned"],
    "completed": ["returned", "refunded"],
    "returned": ["refunded"],
}
for _kind in ("voucher", "virtual"):
    STAFF[_kind] = {
        "placed": ["confirmed", "cancelled"],
        "awaiting_payment": ["cancelled"],
        "confirmed": ["issued", "cancelled"],
        "issued": ["completed", "refunded"],
        "completed": ["refunded"],
    }
MEMBER = {kind: {key: ["cancelled"] for key in ("placed", "awaiting_payment", "confirmed")} for kind in GIFT_KINDS}
MEMBER["draw"] = {key: ["cancelled"] for key in ("placed", "awaiting_payment")}
MEMBER["prize"] = dict(MEMBER["draw"])
MEMBER["draw"]["awaiting_claim"] = ["confirmed"]
MEMBER["pickup"] = {**MEMBER["pickup"], "ready_for_pickup": ["cancelled"]}
TABLES = {By.STAFF: STAFF, By.MEMBER: MEMBER}


@pytest.mark.parametrize("by", TABLES)
@pytest.mark.parametrize("kind", ORDER_KINDS)
def test_every_step_by_people_is_as_written(by: By, kind: str) -> None:
    for status in Status:
        assert targets(kind, status, by) == TABLES[by][kind].get(status, [])


@pytest.mark.parametrize("kind", GIFT_KINDS)
def test_what_is_not_in_the_table_is_refused_with_what_is(kind: str) -> None:
    for status, target, by in itertools.product(Status, Status, By):
        allowed = targets(kind, status, by)
        if target in allowed:
            check_step(kind, status, target, by)
            continue
        with pytest.raises(Conflict) as refused:
            check_step(kind, status, target, by)
        assert refused.value.code == "illegal_transition"
        assert refused.value.extra == {"order_status": status, "allowed": allowed}


def test_no_step_is_written_twice_and_none_stands_still() -> None:
    steps = [(step.source, step.target, kind, by) for step in TRANSITIONS for kind in step.kinds for by in step.by]
    assert len(set(steps)) == len(steps)
    assert all(source != target for source, target, _, _ in steps)


def test_every_status_can_be_reached_and_every_order_can_end() -> None:
    for kind in GIFT_KINDS:
        reached, new = set(), {Status.PLACED}
        while new:
            reached |= new
            new = {Status(t) for s in new for by in By for t in targets(kind, s, by)} - reached
        assert Status.COMPLETED in reached
        for status in reached - OVER:
            assert any(targets(kind, status, by) for by in By)
    assert {step.target for step in TRANSITIONS} | {Status.PLACED} == set(Status)


@pytest.mark.parametrize(
    ("kind", "by_hand", "approval", "path"),
    [
        ("delivery", False, False, ["confirmed"]),
        ("pickup", False, False, ["confirmed", "ready_for_pickup"]),
        ("pickup", True, False, ["confirmed"]),
        ("pickup", True, True, []),
        ("voucher", False, False, ["confirmed", "issued", "completed"]),
        ("voucher", True, True, []),
        ("virtual", False, False, ["confirmed"]),
        ("donation", False, False, ["confirmed", "completed"]),
        ("draw", False, False, []),
    ],
)
def test_what_follows_a_placed_order_by_itself(kind: str, by_hand: bool, approval: bool, path: list[str]) -> None:
    follows = path_after(kind, Status.PLACED, by_hand=by_hand, approval=approval)
    assert follows == path
    for source, target in itertools.pairwise([Status.PLACED, *follows]):
        check_step(kind, source, target, By.SYSTEM)


def test_the_status_of_an_order_has_one_writer() -> None:
    root = Path(catalog.__file__).parent.parent
    sources = [path for floor in ("catalog", "admin") for path in (root / floor).rglob("*.py")]
    for words, writer in ((r"INTO orders\b", "insert.py"), (r"UPDATE orders\b", "writer.py")):
        found = [path.name for path in sources if re.search(words, path.read_text(encoding="utf-8"))]
        assert found == [writer]

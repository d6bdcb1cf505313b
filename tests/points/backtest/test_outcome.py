"""Who gains and who loses by two replays, and what is not told because too few are meant."""

from __future__ import annotations

from points.backtest.outcome import Totals, largest, spread


def _totals(*pairs: tuple[int, int]) -> Totals:
    totals = Totals()
    for number, (before, after) in enumerate(pairs):
        totals.add(f"mem_{number}", before, after)
    return totals


def test_two_hundred_members_make_ten_groups_from_the_least_earning_to_the_most():
    found = spread(_totals(*((place, place * 2) for place in range(200))))
    assert [group["members"] for group in found["groups"]] == [20] * 10
    first, last = found["groups"][0], found["groups"][-1]
    assert first == {
        "group": 1, "members": 20, "before_points": 190, "after_points": 380, "gain": 19, "lose": 0,
    }  # fmt: skip
    assert (last["before_points"], last["gain"]) == (sum(range(180, 200)), 20)
    assert found["gain"] == {"members": 199, "points": sum(range(200))}
    assert found["lose"] == {"members": 0, "points": 0}


def test_fewer_members_make_fewer_groups_and_below_twenty_nothing_is_told():
    assert [group["members"] for group in spread(_totals(*[(1, 2)] * 59))["groups"]] == [29, 30]
    few = spread(_totals(*[(1, 2)] * 19))
    assert (few["members"], few["groups"], few["gain"], few["suppressed"]) == (
        19, [], {"members": None, "points": None}, True,
    )  # fmt: skip


def test_the_ten_largest_changes_name_members_only_where_nothing_is_confidential():
    totals = _totals(*((100, 100 + (-1) ** place * place) for place in range(30)))
    top = largest(totals, named=True)
    assert [entry["change_points"] for entry in top] == [-29, 28, -27, 26, -25, 24, -23, 22, -21, 20]
    assert top[0] == {"member": "mem_29", "before_points": 100, "after_points": 71, "change_points": -29}
    assert {entry["member"] for entry in largest(totals, named=False)} == {None}
    assert largest(_totals((1, 2)), named=False) == []
    assert largest(_totals((1, 1)), named=True) == []

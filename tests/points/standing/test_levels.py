"""Star levels by public points."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from mall.db import Login
from points.standing.ladder import DEFAULT
from points.standing.levels import level_for, level_of, standing_of


@pytest.mark.parametrize(
    ("points", "number", "missing", "percent"),
    [
        (-50, 1, 150, 0),
        (0, 1, 100, 0),
        (99, 1, 1, 99),
        (100, 2, 400, 0),
        (300, 2, 200, 50),
        (500, 3, 1_500, 0),
        (2_000, 4, 3_000, 0),
        (4_999, 4, 1, 99),
        (5_000, 5, 0, 100),
        (10**12, 5, 0, 100),
    ],
)
def test_levels_begin_at_their_thresholds(app, points, number, missing, percent):
    level = level_for(points)
    assert (level.number, level.missing, level.percent) == (number, missing, percent)


def test_there_are_five_levels_in_rising_order():
    thresholds = [step.from_points for step in DEFAULT.steps]
    assert len(thresholds) == 5
    assert thresholds == sorted(set(thresholds))
    assert thresholds[0] == 0


def test_a_member_without_public_points_has_level_1(run):
    assert run(Login.REDEMPTION, lambda tx: level_of(tx, "mem_nobody")) == 1


def test_the_level_follows_the_counter(run):
    add = text("INSERT INTO standings VALUES ('mem_a', 2300)")
    run(Login.EARNING, lambda tx: tx.execute(add))
    level = run(Login.REDEMPTION, lambda tx: standing_of(tx, "mem_a"))
    assert (level.number, level.public_points, level.next_at) == (4, 2300, 5000)

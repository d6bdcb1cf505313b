"""Callers who want the same thing are served together, in the order in which they came."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from mall.gather import Gathering

SOON = 10


class _Desk:
    """Work that is held up until told to go on, and remembers its groups."""

    def __init__(self, most: int) -> None:
        self.lines: Gathering[int, int] = Gathering(most)
        self.groups: list[list[int]] = []
        self.open, self.busy = threading.Event(), threading.Event()

    def work(self, items: Sequence[int]) -> list[int]:
        self.groups.append(list(items))
        self.busy.set()
        assert self.open.wait(SOON)
        if 13 in items:
            raise ValueError("13")
        return [item * 10 for item in items]

    def join(self, item: int) -> int:
        return self.lines.join("key", item, self.work)

    def wait_for(self, count: int) -> None:
        """Until so many stand in line."""
        for _ in range(SOON * 1000):
            if len(self.lines._lines["key"]) == count:
                return
            threading.Event().wait(0.001)
        raise AssertionError(f"{count} never stood in line")


def _all_at_once(desk: _Desk, items: Sequence[int]) -> list[object]:
    """The first works; the others come while it does, one after the other. What each was given or told."""

    def one(item: int) -> object:
        try:
            return desk.join(item)
        except ValueError as error:
            return str(error)

    with ThreadPoolExecutor(len(items)) as pool:
        first = pool.submit(one, items[0])
        assert desk.busy.wait(SOON)
        others = []
        for place, item in enumerate(items[1:], 1):
            others.append(pool.submit(one, item))
            desk.wait_for(place)
        desk.open.set()
        return [future.result(SOON) for future in (first, *others)]


def test_who_comes_while_one_is_served_is_served_together_in_the_order_of_coming() -> None:
    desk = _Desk(most=3)
    assert _all_at_once(desk, [1, 2, 3, 4, 5]) == [10, 20, 30, 40, 50]
    assert desk.groups == [[1], [2, 3, 4], [5]]
    assert desk.lines._lines == {}


def test_an_error_of_a_group_is_told_to_all_of_it_and_the_line_goes_on() -> None:
    desk = _Desk(most=2)
    assert _all_at_once(desk, [1, 2, 13, 4]) == [10, "13", "13", 40]
    assert desk.lines._lines == {}
    assert desk.join(5) == 50


def test_different_things_do_not_wait_for_each_other() -> None:
    desk = _Desk(most=2)
    with ThreadPoolExecutor(1) as pool:
        held_up = pool.submit(desk.join, 1)
        assert desk.busy.wait(SOON)
        assert desk.lines.join("another key", 2, lambda items: [item + 1 for item in items]) == 3
        desk.open.set()
        assert held_up.result(SOON) == 10


def test_an_error_of_one_alone_is_its_own() -> None:
    desk = _Desk(most=2)
    desk.open.set()
    with pytest.raises(ValueError, match="13"):
        desk.join(13)
    assert desk.join(1) == 10

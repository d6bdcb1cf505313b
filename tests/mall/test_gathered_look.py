"""Looks at the database that are asked for at the same moment are one statement, and as good as a look of one's own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from flask import Flask

from mall.db import Bare, Login, cursor
from mall.gathered_look import GatheredLook

SOON = 10


class _Counter:
    """A look that is held up until told to go on, and remembers what was asked together."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.asked: list[list[int]] = []
        self.open, self.busy = threading.Event(), threading.Event()
        self.look = GatheredLook(f"test {id(self)}", Login.EARNING, self.find)

    def find(self, tx: Bare, questions: Sequence[int]) -> list[int]:
        self.asked.append(list(questions))
        self.busy.set()
        assert self.open.wait(SOON)
        if 13 in questions:
            raise ValueError("13")
        found = cursor(tx).execute("SELECT n * 10 FROM unnest(%s) WITH ORDINALITY AS t(n, place) ORDER BY place",
                                   (list(questions),))  # fmt: skip
        return [row[0] for row in found]

    def answer(self, question: int, about: str = "") -> int:
        with self.app.app_context():
            return self.look.answer(question, about)

    def wait_for(self, about: str, count: int) -> None:
        """Until so many stand in line."""
        for _ in range(SOON * 1000):
            lines = self.app.extensions[self.look._name]._lines
            if len(lines[about]) == count:
                return
            threading.Event().wait(0.001)
        raise AssertionError(f"{count} never stood in line")


@pytest.fixture
def counter(app: Flask) -> _Counter:
    return _Counter(app)


def _all_at_once(counter: _Counter, questions: Sequence[int]) -> list[Future[int]]:
    """The first looks; the others come while it does, one after the other."""
    with ThreadPoolExecutor(len(questions)) as pool:
        asked = [pool.submit(counter.answer, questions[0])]
        assert counter.busy.wait(SOON)
        for place, question in enumerate(questions[1:], 1):
            asked.append(pool.submit(counter.answer, question))
            counter.wait_for("", place)
        counter.open.set()
    return asked


def test_who_asks_while_a_look_is_under_way_is_answered_by_the_next_with_all_who_came_meanwhile(
    counter: _Counter,
) -> None:
    answers = _all_at_once(counter, [1, 2, 3, 3, 4])
    assert [answer.result() for answer in answers] == [10, 20, 30, 30, 40]
    assert counter.asked == [[1], [2, 3, 3, 4]]


def test_who_is_alone_is_answered_by_a_look_of_ones_own(counter: _Counter) -> None:
    counter.open.set()
    assert [counter.answer(1), counter.answer(2)] == [10, 20]
    assert counter.asked == [[1], [2]]


def test_what_goes_wrong_is_told_to_all_who_asked_together_and_to_nobody_else(counter: _Counter) -> None:
    first, *others = _all_at_once(counter, [1, 2, 13])
    assert first.result() == 10
    for other in others:
        with pytest.raises(ValueError, match="13"):
            other.result()
    assert counter.answer(4) == 40


def test_questions_about_different_things_do_not_wait_for_each_other(counter: _Counter) -> None:
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(counter.answer, 1, "umbrella")
        assert counter.busy.wait(SOON)
        counter.busy.clear()
        other = pool.submit(lambda: None)
        with ThreadPoolExecutor(1) as second:
            apart = second.submit(counter.answer, 2, "cup")
            assert counter.busy.wait(SOON)
            counter.open.set()
            assert (held.result(SOON), apart.result(SOON), other.result(SOON)) == (10, 20, None)
    assert sorted(counter.asked) == [[1], [2]]

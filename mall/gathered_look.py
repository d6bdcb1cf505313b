"""A look at the database for many callers at once: those who ask at the same moment are answered by one statement.

Whoever comes first looks at once; whoever comes meanwhile is answered by the next look, which begins after they
came: nobody is told less than a look of their own would have told. In a rush these are a fraction of the statements;
for who is alone it is one, as before (docs/adr/0013).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from mall.db import Bare, Login, run_bare
from mall.gather import Gathering, gathering_of
from mall.proxies import this_app

K = TypeVar("K")
V = TypeVar("V")

MOST_TOGETHER = 50
"""More than a process has threads."""


class GatheredLook(Generic[K, V]):
    """``name`` tells it from other looks; ``find`` gives the answers to several questions, in their order."""

    def __init__(self, name: str, login: Login, find: Callable[[Bare, Sequence[K]], Sequence[V]]) -> None:
        self._name = f"look: {name}"
        self._login = login
        self._find = find

    def answer(self, question: K, about: Hashable = None) -> V:
        """The answer to ``question``; only questions ``about`` the same thing are asked together.

        Raises as ``run_bare``, and whatever finding raises, for all who asked together.
        """
        app = this_app()
        gathering: Gathering[K, V] = gathering_of(app, self._name, MOST_TOGETHER)
        return gathering.join(about, question, self._together)

    def _together(self, questions: Sequence[K]) -> Sequence[V]:
        return run_bare(self._login, lambda tx: self._find(tx, questions))

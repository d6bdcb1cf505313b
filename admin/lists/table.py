"""Every list of the back office that can be taken away as a file. A new list page is named here, or a test says so."""

from __future__ import annotations

from admin.lists import decisions, figures, mall, points, quizzes, system
from admin.lists.declare import OfficeList

ALL: tuple[OfficeList, ...] = (
    *figures.LISTS,
    *points.LISTS,
    *quizzes.LISTS,
    *decisions.LISTS,
    *mall.LISTS,
    *system.LISTS,
)

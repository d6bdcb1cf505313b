"""Doing long work: in the worker, in a thread of its own, so that who waits for a file waits for nothing else.

Progress is written in transactions of their own, so that a page sees it while the work goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import current_app, g

from admin.work.keep import Outcome, finish, forget, give_up, take_up, tell
from admin.work.models import LongWork
from mall import clock
from mall.audit import came_from
from mall.db import Login, run_tx
from mall.errors import Forbidden, MallError, Unavailable
from mall.http.principals import StaffPrincipal
from mall.http.problems import sentence_of
from mall.identity.models import Staff
from mall.jobs import job
from mall.queued import TELL_SECONDS, Tell, do_all, now_and_then

Kind = Callable[[StaffPrincipal, LongWork, Tell], Outcome]
"""Does a work for who asked, opening its own transactions; a MallError is told to the person."""
_kinds: dict[str, Kind] = {}


def kind_of_work(name: str) -> Callable[[Kind], Kind]:
    """Register what does a kind of work. It may be done again from its start when a worker dies in the midst of it."""

    def register(function: Kind) -> Kind:
        _kinds[name] = function
        return function

    return register


@job("long-work", every=timedelta(seconds=1), lane="asked")
def do_long_work(now: datetime) -> dict[str, Any]:
    """Do everything that staff have asked for and wait for."""
    done = do_all(Login.BACKOFFICE, LongWork, _do)
    return {"works": done} if done else {}


@job("forget-long-work", every=timedelta(hours=1))
def forget_long_work(now: datetime) -> dict[str, int]:
    """Delete files and results after a day."""
    gone = run_tx(Login.BACKOFFICE, lambda tx: forget(tx, now))
    return {"works": gone} if gone else {}


def _do(work_id: str) -> None:
    work = run_tx(Login.BACKOFFICE, lambda tx: take_up(tx, work_id, clock.now()))
    if work is None:
        return
    # A request of its own: lists and sentences speak the language of who asked.
    with current_app.test_request_context(work.asked.get("path", "/admin"), headers=_reader(work)):
        g.request_id = work.id
        came_from(work.asked.get("origin"))
        try:
            outcome = _kinds[work.kind](_person(work.staff_id), work, _teller(work_id))
        except Unavailable:  # it is taken up again once the database is back
            raise
        except MallError as error:
            problem, told = sentence_of(error), error.extra.get("result")
            run_tx(Login.BACKOFFICE, lambda tx: give_up(tx, work_id, problem, clock.now(), told))
        except Exception:
            current_app.logger.exception("long work failed")
            run_tx(Login.BACKOFFICE, lambda tx: give_up(tx, work_id, "", clock.now()))
        else:
            run_tx(Login.BACKOFFICE, lambda tx: finish(tx, work_id, outcome, clock.now()))


def _reader(work: LongWork) -> dict[str, str]:
    return {"Cookie": f"lang={work.asked.get('lang', 'zh')}"}


def _person(staff_id: str) -> StaffPrincipal:
    """Who asked, with today's role. Raises Forbidden when the person works here no more."""
    person = run_tx(Login.BACKOFFICE, lambda tx: tx.get(Staff, staff_id))
    if person is None or person.disabled_at is not None:
        raise Forbidden("role_missing")
    return StaffPrincipal(person.id, person.username, person.role, "")


def _teller(work_id: str) -> Tell:
    def note(done: int, total: int | None) -> None:
        run_tx(Login.BACKOFFICE, lambda tx: tell(tx, work_id, done, total, clock.now()))

    return now_and_then(note, TELL_SECONDS)

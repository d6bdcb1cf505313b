"""The job that sends top-ups: messages leave outside any transaction, several at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from flask import current_app

from catalog.redemption.addresses import KEPT_AFTER
from catalog.topups.orders import Due, claim_due, forget_targets, settle
from catalog.topups.states import judge_answer
from mall import clock
from mall.db import Login, run_tx
from mall.jobs import job
from mall.webhooks.delivery import Answer, send

AT_ONCE = 8
ROUNDS = 4
"""How often one run takes as many again: the worker has other things to do as well."""


@job("send-top-ups", every=timedelta(seconds=5))
def send_top_ups(now: datetime) -> dict[str, int]:
    """Send what is due and book the answers."""
    sent, private = 0, current_app.extensions["settings"].webhooks_to_private

    def post(one: Due) -> Answer:
        return send(one.message, one.secrets, now, private=private)

    for _ in range(ROUNDS):
        due = _claim(now)
        if not due:
            break
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            answers = list(pool.map(post, due))
        for one, answer in zip(due, answers, strict=True):
            _book(one, answer, max(now, clock.now()))
        sent += len(due)
    return {"sent": sent}


def _claim(now: datetime) -> list[Due]:
    due: list[Due] = []
    while len(due) < AT_ONCE:
        one = run_tx(Login.BACKOFFICE, lambda tx: claim_due(tx, now))
        if one is None:
            break
        due.append(one)
    return due


def _book(one: Due, answer: Answer, now: datetime) -> None:
    judged = judge_answer(answer.status, answer.body, answer.problem, asked_before=one.asked_before)
    run_tx(Login.BACKOFFICE, lambda tx: settle(tx, one.order_id, judged, now))


@job("forget-top-up-accounts", every=timedelta(hours=6))
def forget_accounts(now: datetime) -> dict[str, int]:
    """Delete the accounts of top-ups that ended 30 days ago."""
    return {"accounts": run_tx(Login.BACKOFFICE, lambda tx: forget_targets(tx, now - KEPT_AFTER))}

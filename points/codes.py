"""Titles of the error codes that ``points`` raises."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

TITLES = {
    "in_debt": _l("Points are owed first: new points repay them, then you can redeem again."),
    "insufficient_points": _l("Not enough points."),
    "hold_not_found": _l("These points are not set aside."),
    "hold_exists": _l("These points are set aside already."),
    "hold_exceeded": _l("More points than are set aside."),
    "event_mismatch": _l("This event id was sent before with other content."),
    "daily_cap_reached": _l("This client's daily cap of points is reached."),
    "already_checked_in": _l("You have checked in today already."),
    "claim_code_not_found": _l("This code is not valid."),
    "too_many_misses": _l("Too many wrong codes. Please wait a little."),
    "debt_exceeded": _l("More points than are owed."),
    "attempt_submitted": _l("These answers have been handed in already."),
    "attempt_late": _l("The time for these answers is over."),
    "quiz_not_open": _l("This quiz is not open now."),
    "no_attempts_left": _l("You have used all your attempts."),
    "question_needed": _l("A quiz draws from this category and would be short of questions."),
    "label_exists": _l("There is a label with this code already."),
    "rule_exists": _l("There is a rule with this key already."),
    "not_a_draft": _l("Only a draft can be changed or published."),
    "edited_meanwhile": _l("Somebody else has changed this draft meanwhile."),
    "not_submitted": _l("This draft has not been submitted for approval."),
    "own_draft": _l("Nobody approves a draft of their own: a second person must."),
    "approval_required": _l("A second person must approve this draft first."),
    "backtest_required": _l("This draft must be back-tested first."),
    "backtest_running": _l("A back-test of this version is under way already."),
    "owner_required": _l("This mints more than the budget: only an owner may let it through."),
    "never_published": _l("This version has never been in force."),
    "in_force_already": _l("This version is in force already."),
    "not_in_force": _l("This version is not in force, nor about to be."),
    "quiz_exists": _l("There is a quiz with this code already."),
    "award_not_pending": _l("Nothing of this award waits for a decision."),
    "campaign_exists": _l("There is a campaign with this key already."),
    "campaign_not_published": _l("This campaign is not published."),
}

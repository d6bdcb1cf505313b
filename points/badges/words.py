"""What badges are called and what each asks for."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from points.badges.keep import KeptBadge
from points.standing.levels import worded

WORDS: dict[str, tuple[Any, Any]] = {
    "streak-7": (_l("A week of mornings"), _l("Check in on 7 days in a row.")),
    "streak-30": (_l("Steady month"), _l("Check in on 30 days in a row.")),
    "streak-100": (_l("A hundred days"), _l("Check in on 100 days in a row.")),
    "check-ins-200": (_l("Deep roots"), _l("Check in on 200 days.")),
    "quizzes-10": (_l("Ready pencil"), _l("Take 10 different quizzes.")),
    "full-marks-1": (_l("Bright idea"), _l("Reach full marks in a quiz.")),
    "full-marks-5": (_l("Well read"), _l("Reach full marks in 5 different quizzes.")),
    "full-marks-20": (_l("Scholar of the community"), _l("Reach full marks in 20 different quizzes.")),
    "redeemed-1": (_l("First gift"), _l("Redeem a gift and receive it.")),
    "redeemed-10": (_l("Full basket"), _l("Redeem 10 gifts and receive them.")),
    "donated-1": (_l("Warm heart"), _l("Donate points to a cause.")),
    "donated-10": (_l("Hearts together"), _l("Donate points 10 times.")),
    "member-30": (_l("Sprout"), _l("Be a member for 30 days.")),
    "member-365": (_l("At home here"), _l("Be a member for 365 days.")),
    "member-1095": (_l("Lighthouse"), _l("Be a member for 1,095 days.")),
    "tips-adopted-1": (_l("Keen eye"), _l("Have a tip adopted.")),
    "tips-adopted-10": (_l("Far sight"), _l("Have 10 tips adopted.")),
    "tips-adopted-50": (_l("Watchful"), _l("Have 50 tips adopted.")),
    "tips-solved-1": (_l("The key"), _l("Have a tip solved.")),
    "tips-solved-10": (_l("Guardian"), _l("Have 10 tips solved.")),
}
"""Title and condition of each badge, by its code."""


def title_of(kept: KeptBadge) -> str:
    """What a badge is called, in the reader's language."""
    return worded(kept.title) if kept.title else str(WORDS[kept.badge.code][0])


def condition_of(kept: KeptBadge) -> str:
    """What a badge asks for, in the reader's language: in staff's words, else in the mall's with the goal as it is."""
    if kept.condition:
        return worded(kept.condition)
    if kept.badge.goal == kept.usual_goal:
        return str(WORDS[kept.badge.code][1])
    goal = f"{kept.badge.goal:,}"
    sentences = {
        "check_in_streak": _("Check in on %(goal)s days in a row.", goal=goal),
        "check_ins": _("Check in on %(goal)s days.", goal=goal),
        "quizzes": _("Different quizzes to take: %(goal)s.", goal=goal),
        "full_marks": _("Different quizzes to finish with full marks: %(goal)s.", goal=goal),
        "redemptions": _("Gifts to redeem and receive: %(goal)s.", goal=goal),
        "donations": _("Times to donate points: %(goal)s.", goal=goal),
        "membership_days": _("Be a member for %(goal)s days.", goal=goal),
        "tips_adopted": _("Tips to be adopted: %(goal)s.", goal=goal),
        "tips_solved": _("Tips to be solved: %(goal)s.", goal=goal),
    }
    return str(sentences[kept.badge.fact])

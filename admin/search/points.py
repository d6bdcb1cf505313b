"""Finding among what earns points, and what members are told: rules, campaigns, quizzes, announcements and others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from admin.search.declare import MOST_HITS, SHORT_TABLE, Hit, Searcher, first_hits, said
from catalog.announcements.keep import announcements_page
from catalog.rules.keep import redemption_rules
from points.activities.keep import activities_page
from points.badges.keep import kept_badges
from points.badges.words import title_of
from points.earning.campaign_keeping import campaigns
from points.earning.campaigns import read_campaign
from points.earning.labels import labels
from points.earning.versions import rule_titles
from points.quizzes.bank import bank_questions, quizzes_for_staff
from points.segments.keep import segments


def _rules(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    return first_hits(
        rule_titles(tx), asked, lambda one: [one.key, *one.title.values()],
        lambda one: Hit(f"/admin/rules/{one.key}", said(one.title), one.key),
    )  # fmt: skip


def _campaigns(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    named = [(one.key, dict(read_campaign(one.key, one.document).name)) for one in campaigns(tx)]
    return first_hits(
        named, asked, lambda one: [one[0], *one[1].values()],
        lambda one: Hit(f"/admin/campaigns/{one[0]}", said(one[1]), one[0]),
    )  # fmt: skip


def _redemption_rules(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    return first_hits(
        redemption_rules(tx), asked, lambda one: list(one.name.values()),
        lambda one: Hit(f"/admin/redemption-rules/{one.id}", said(one.name)),
    )  # fmt: skip


def _segments(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    return first_hits(
        segments(tx), asked, lambda one: list(one.name.values()),
        lambda one: Hit(f"/admin/segments/{one.id}", said(one.name)),
    )  # fmt: skip


def _activities(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    return first_hits(
        activities_page(tx, SHORT_TABLE, None)["items"], asked, lambda one: list(one.title.values()),
        lambda one: Hit(f"/admin/activities/{one.id}", said(one.title), said(one.place)),
    )  # fmt: skip


def _quizzes(tx: Session, asked: str, now: datetime) -> Sequence[Hit]:
    return first_hits(
        quizzes_for_staff(tx, limit=SHORT_TABLE, now=now), asked, lambda one: [one.code, *one.title.values()],
        lambda one: Hit(f"/admin/quizzes/{one.id}", said(one.title), one.code),
    )  # fmt: skip


def _announcements(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    return first_hits(
        announcements_page(tx, SHORT_TABLE, None)["items"], asked, lambda one: list(one.title.values()),
        lambda one: Hit(f"/admin/announcements/{one.id}", said(one.title)),
    )  # fmt: skip


def _questions(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    return [
        Hit(f"/admin/quiz-questions/{one.id}", said(one.text), one.code or "")
        for one in bank_questions(tx, limit=MOST_HITS, words=asked)
    ]  # fmt: skip


def _labels(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    return first_hits(
        labels(tx), asked, lambda one: [one.code, *one.name.values()],
        lambda one: Hit(f"/admin/labels/{one.code}", said(one.name), one.code),
    )  # fmt: skip


def _badges(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    shown = [(code, title_of(kept)) for code, kept in kept_badges(tx).items()]
    return first_hits(shown, asked, lambda one: list(one), lambda one: Hit(f"/admin/badges/{one[0]}", one[1], one[0]))


SEARCHERS = (
    Searcher("rules", _l("Earning rules"), "scale", "desk-rules.rule_list", _rules),
    Searcher("campaigns", _l("Campaigns"), "calendar-event", "desk-campaigns.campaign_list", _campaigns),
    Searcher(
        "redemption_rules", _l("Redemption rules"), "shield-lock", "desk-redemption-rules.redemption_rule_list",
        _redemption_rules,
    ),
    Searcher("segments", _l("Segments"), "users", "desk-segments.segment_list", _segments),
    Searcher("activities", _l("Activities"), "users", "desk-activities.activity_list", _activities),
    Searcher("quizzes", _l("Quizzes"), "bulb", "desk-quizzes.quiz_list", _quizzes),
    Searcher("quiz_questions", _l("Question bank"), "bulb", "desk-quiz-bank.question_list", _questions),
    Searcher("labels", _l("Point labels"), "tag", "desk-labels.label_list", _labels),
    Searcher("badges", _l("Badges"), "award", "desk-badges.badge_list", _badges),
    Searcher("announcements", _l("Announcements"), "send", "desk-announcements.announcement_list", _announcements),
)  # fmt: skip

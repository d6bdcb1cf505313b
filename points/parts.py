"""What earning and counting points adds to the app: routes, pages, commands, jobs, tables."""

from __future__ import annotations

from typing import Any

from points import codes as points_codes
from points.backtest import runner as backtest_runner
from points.badges import models as badge_models
from points.earning import jobs as earning_jobs
from points.earning import rule_models
from points.earning import webhooks as earning_webhooks
from points.ledger import cli as ledger_cli
from points.ledger import figures as ledger_figures
from points.ledger import jobs as ledger_jobs
from points.ledger import models as ledger_models
from points.ledger import webhooks as ledger_webhooks
from points.merging import jobs as merging_jobs
from points.prizes import jobs as prize_jobs
from points.quizzes import jobs as quiz_jobs
from points.routes import (
    activities,
    appeals,
    badges,
    boards,
    check_in_pages,
    check_ins,
    claims,
    credit_events,
    effectiveness,
    honours,
    leaderboards,
    me,
    me_pages,
    quiz_pages,
    quizzes,
    reconciliation,
    sources,
    tasks,
)
from points.routes import pages as points_pages
from points.segments import jobs as segment_jobs
from points.standing import jobs as standing_jobs
from points.standing import level_models
from points.standing import models as standing_models

API: tuple[Any, ...] = (
    reconciliation.blp,
    credit_events.blp,
    sources.blp,
    me.blp,
    check_ins.blp,
    tasks.blp,
    claims.blp,
    quizzes.blp,
    leaderboards.blp,
    effectiveness.blp,
    badges.blp,
    boards.blp,
    honours.blp,
    activities.blp,
    appeals.blp,
)
"""Blueprints of the API."""
PAGES: tuple[Any, ...] = (
    points_pages.pages,
    tasks.pages,
    check_in_pages.pages,
    effectiveness.pages,
    badges.pages,
    boards.pages,
    honours.pages,
    activities.pages,
    appeals.pages,
    me_pages.pages,
    quiz_pages.pages,
)
"""Blueprints of pages."""
TITLES: tuple[Any, ...] = (points_codes.TITLES,)
"""Titles of error codes."""
COMMANDS: tuple[Any, ...] = (ledger_cli.register,)
"""What registers commands."""
BACKGROUND: tuple[Any, ...] = (
    earning_jobs,
    earning_webhooks,
    standing_jobs,
    prize_jobs,
    quiz_jobs,
    merging_jobs,
    segment_jobs,
    ledger_figures,
    ledger_jobs,
    ledger_webhooks,
    backtest_runner,
)
"""Modules that register jobs, outbox handlers and figures when they are imported."""
TABLES: tuple[Any, ...] = (
    standing_models,
    badge_models,
    level_models,
    ledger_models,
    rule_models,
)
"""Models of tables that hand-written SQL serves, here so that migrations are compared with them."""

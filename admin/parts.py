"""What the back office adds to the app: routes, pages, commands, jobs, tables."""

from __future__ import annotations

from typing import Any

from admin import cli as admin_cli
from admin import codes as admin_codes
from admin.figures import jobs as figure_jobs
from admin.figures import models as figure_models
from admin.pages import activities as desk_activities
from admin.pages import adjustments as desk_adjustments
from admin.pages import announcements as desk_announcements
from admin.pages import appeals as desk_appeals
from admin.pages import approvals as desk_approvals
from admin.pages import audit as desk_audit
from admin.pages import awards as desk_awards
from admin.pages import badges as desk_badges
from admin.pages import boards as desk_boards
from admin.pages import budgets as desk_budgets
from admin.pages import campaigns as desk_campaigns
from admin.pages import causes as desk_causes
from admin.pages import check_ins as desk_check_ins
from admin.pages import clients as desk_clients
from admin.pages import counter as desk_counter
from admin.pages import cropping as desk_cropping
from admin.pages import curation as desk_curation
from admin.pages import dashboard as desk_dashboard
from admin.pages import draws as desk_draws
from admin.pages import drops as desk_drops
from admin.pages import figures as desk_figures
from admin.pages import files as desk_files
from admin.pages import gift_variants as desk_gift_variants
from admin.pages import gifts as desk_gifts
from admin.pages import home as desk_home
from admin.pages import honours as desk_honours
from admin.pages import integrations as desk_integrations
from admin.pages import labels as desk_labels
from admin.pages import levels as desk_levels
from admin.pages import member_care as desk_member_care
from admin.pages import member_sources as desk_member_sources
from admin.pages import members as desk_members
from admin.pages import merges as desk_merges
from admin.pages import notices as desk_notices
from admin.pages import order_policy as desk_order_policy
from admin.pages import order_refunds as desk_order_refunds
from admin.pages import orders as desk_orders
from admin.pages import orders_bulk as desk_orders_bulk
from admin.pages import own_account as desk_own_account
from admin.pages import parcels as desk_parcels
from admin.pages import password_resets as desk_password_resets
from admin.pages import pickup_points as desk_pickup_points
from admin.pages import prizes as desk_prizes
from admin.pages import providers as desk_providers
from admin.pages import quiz_bank as desk_quiz_bank
from admin.pages import quiz_bank_files as desk_quiz_bank_files
from admin.pages import quiz_results as desk_quiz_results
from admin.pages import quizzes as desk_quizzes
from admin.pages import reconciliation as desk_reconciliation
from admin.pages import redemption_rules as desk_redemption_rules
from admin.pages import reports as desk_reports
from admin.pages import rule_backtests as desk_rule_backtests
from admin.pages import rule_editor as desk_rule_editor
from admin.pages import rule_set as desk_rule_set
from admin.pages import rule_steps as desk_rule_steps
from admin.pages import rules as desk_rules
from admin.pages import search as desk_search
from admin.pages import security as desk_security
from admin.pages import segments as desk_segments
from admin.pages import shelves as desk_shelves
from admin.pages import staff as desk_staff
from admin.pages import stock as desk_stock
from admin.pages import top_ups as desk_top_ups
from admin.pages import undo as desk_undo
from admin.pages import webhooks as desk_webhooks
from admin.pages import work as desk_work
from admin.reports import jobs as report_jobs
from admin.reports import models as report_models
from admin.routes import activities as admin_activities
from admin.routes import adjustments as admin_adjustments
from admin.routes import announcements as admin_announcements
from admin.routes import api_clients as admin_api_clients
from admin.routes import appeals as admin_appeals
from admin.routes import audit as admin_audit
from admin.routes import awards as admin_awards
from admin.routes import badges as admin_badges
from admin.routes import boards as admin_boards
from admin.routes import budgets as admin_budgets
from admin.routes import campaigns as admin_campaigns
from admin.routes import causes as admin_causes
from admin.routes import check_ins as admin_check_ins
from admin.routes import curation as admin_curation
from admin.routes import draws as admin_draws
from admin.routes import drops as admin_drops
from admin.routes import earning_rules as admin_earning_rules
from admin.routes import gift_parts as admin_gift_parts
from admin.routes import gifts as admin_gifts
from admin.routes import honours as admin_honours
from admin.routes import integrations as admin_integrations
from admin.routes import labels as admin_labels
from admin.routes import ledger as admin_ledger
from admin.routes import levels as admin_levels
from admin.routes import member_care as admin_member_care
from admin.routes import member_sources as admin_member_sources
from admin.routes import members as admin_members
from admin.routes import merges as admin_merges
from admin.routes import notices as admin_notices
from admin.routes import orders as admin_orders
from admin.routes import password_resets as admin_password_resets
from admin.routes import pickup_look as admin_pickup_look
from admin.routes import pickup_points as admin_pickup_points
from admin.routes import prizes as admin_prizes
from admin.routes import quiz_bank as admin_quiz_bank
from admin.routes import quiz_results as admin_quiz_results
from admin.routes import quizzes as admin_quizzes
from admin.routes import redemption_rules as admin_redemption_rules
from admin.routes import refunds as admin_refunds
from admin.routes import reports as admin_reports
from admin.routes import rule_backtests as admin_rule_backtests
from admin.routes import rule_set as admin_rule_set
from admin.routes import rule_steps as admin_rule_steps
from admin.routes import search as admin_search
from admin.routes import security as admin_security
from admin.routes import segments as admin_segments
from admin.routes import shipments as admin_shipments
from admin.routes import staff as admin_staff
from admin.routes import tags as admin_tags
from admin.routes import top_ups as admin_top_ups
from admin.routes import webhooks as admin_webhooks
from admin.undo import keep as undo_keep
from admin.undo import models as undo_models
from admin.work import models as work_models
from admin.work import parcels as work_parcels
from admin.work import run as work_run

API: tuple[Any, ...] = (
    admin_members.blp,
    admin_member_care.blp,
    admin_member_sources.blp,
    admin_merges.blp,
    admin_password_resets.blp,
    admin_audit.blp,
    admin_staff.blp,
    admin_security.blp,
    admin_api_clients.blp,
    admin_integrations.blp,
    admin_webhooks.blp,
    admin_gifts.blp,
    admin_pickup_points.blp,
    admin_pickup_look.blp,
    admin_shipments.blp,
    admin_gift_parts.blp,
    admin_curation.blp,
    admin_tags.blp,
    admin_drops.blp,
    admin_draws.blp,
    admin_orders.blp,
    admin_quizzes.blp,
    admin_quiz_bank.blp,
    admin_quiz_results.blp,
    admin_top_ups.blp,
    admin_causes.blp,
    admin_notices.blp,
    admin_refunds.blp,
    admin_labels.blp,
    admin_earning_rules.blp,
    admin_rule_steps.blp,
    admin_rule_set.blp,
    admin_redemption_rules.blp,
    admin_segments.blp,
    admin_campaigns.blp,
    admin_rule_backtests.blp,
    admin_budgets.blp,
    admin_reports.blp,
    admin_search.blp,
    admin_levels.blp,
    admin_prizes.blp,
    admin_honours.blp,
    admin_badges.blp,
    admin_boards.blp,
    admin_announcements.blp,
    admin_activities.blp,
    admin_awards.blp,
    admin_adjustments.blp,
    admin_appeals.blp,
    admin_check_ins.blp,
    admin_ledger.blp,
)
"""Blueprints of the API."""
PAGES: tuple[Any, ...] = (
    desk_counter.pages,
    desk_parcels.pages,
    desk_top_ups.pages,
    desk_providers.pages,
    desk_counter.short,
    desk_home.pages,
    desk_dashboard.pages,
    desk_rules.pages,
    desk_rule_set.pages,
    desk_campaigns.pages,
    desk_budgets.pages,
    desk_redemption_rules.pages,
    desk_segments.pages,
    desk_levels.pages,
    desk_prizes.pages,
    desk_quizzes.pages,
    desk_quiz_bank.pages,
    desk_quiz_bank_files.pages,
    desk_quiz_results.pages,
    desk_honours.pages,
    desk_badges.pages,
    desk_boards.pages,
    desk_labels.pages,
    desk_announcements.pages,
    desk_activities.pages,
    desk_rule_editor.pages,
    desk_rule_steps.pages,
    desk_rule_backtests.pages,
    desk_approvals.pages,
    desk_awards.pages,
    desk_appeals.pages,
    desk_adjustments.pages,
    desk_check_ins.pages,
    desk_gift_variants.pages,
    desk_gifts.pages,
    desk_draws.pages,
    desk_curation.pages,
    desk_stock.pages,
    desk_drops.pages,
    desk_shelves.pages,
    desk_staff.pages,
    desk_own_account.pages,
    desk_security.pages,
    desk_causes.pages,
    desk_pickup_points.pages,
    desk_notices.pages,
    desk_orders.pages,
    desk_order_refunds.pages,
    desk_orders_bulk.pages,
    desk_order_policy.pages,
    desk_members.pages,
    desk_member_care.pages,
    desk_member_sources.pages,
    desk_merges.pages,
    desk_password_resets.pages,
    desk_clients.pages,
    desk_integrations.pages,
    desk_webhooks.pages,
    desk_reconciliation.pages,
    desk_audit.pages,
    desk_reports.pages,
    desk_figures.pages,
    desk_files.pages,
    desk_work.pages,
    desk_search.pages,
    desk_undo.pages,
    desk_cropping.pages,
)
"""Blueprints of pages."""
COMMANDS: tuple[Any, ...] = (admin_cli.register,)
"""What registers commands."""
BACKGROUND: tuple[Any, ...] = (
    figure_jobs,
    report_jobs,
    undo_keep,
    work_run,
    work_parcels,
)
"""Modules that register jobs, outbox handlers and figures when they are imported."""
TABLES: tuple[Any, ...] = (
    figure_models,
    report_models,
    undo_models,
    work_models,
)
"""Models of tables that hand-written SQL serves, here so that migrations are compared with them."""
TITLES: tuple[Any, ...] = (admin_codes.TITLES,)

"""Whatever a form of the back office does, a program can do too: every form beside the operation of the API with the
same use case behind it. Complete, because the table is compared with the app."""

from __future__ import annotations

VERSION = "/admin/rules/<key>/versions/<int:number>"
NO_OPERATION = {
    "POST /admin/sign-in/code": "the second step of a sign-in that the API takes in one",
    "POST /admin/undo/<undo_id>": "a program knows what it has changed, and sets it back by the same operation",
    "POST /admin/works": "a workbook of a long list is for people; a program reads the list page by page",
    "POST /admin/count-period": "what the overview of a long period waits for; a program reads the reports",
}
"""Forms without an operation of their own, each with the reason."""
OPERATIONS = {
    "POST /admin/sign-in": "post_staff_session",
    "POST /admin/sign-out": "delete_staff_session",
    "POST /admin/welcome/<token>": "post_welcome",
    "POST /admin/me/confirm": "post_step_up",
    "POST /admin/me/password": "put_own_password",
    "POST /admin/me/authenticator": "post_authenticator",
    "POST /admin/me/authenticator/confirm": "confirm_authenticator",
    "POST /admin/me/authenticator/remove": "delete_own_authenticator",
    "POST /admin/me/recovery-codes": "post_recovery_codes",
    "POST /admin/me/sign-out-everywhere": "delete_staff_sessions",
    "POST /admin/new-staff": "post_staff_account",
    "POST /admin/staff/<staff_id>/role": "patch_staff_account",
    "POST /admin/staff/<staff_id>/disabled": "patch_staff_account",
    "POST /admin/staff/<staff_id>/password": "post_staff_password_reset",
    "POST /admin/staff/<staff_id>/authenticator": "delete_staff_authenticator",
    "POST /admin/security/authenticators": "put_security",
    "POST /admin/security/adjustments": "put_adjustment_limits",
    "POST /admin/order-policy": "patch_policy",
    "POST /admin/rule-controls": "patch_rule_controls",
    "POST /admin/report-settings": "put_report_settings",
    "POST /admin/new-api-client": "post_api_client",
    "POST /admin/api-clients/<client_id>": "patch_api_client",
    "POST /admin/api-clients/<client_id>/disabled": "patch_api_client",
    "POST /admin/api-clients/<client_id>/keys": "post_api_key",
    "POST /admin/api-clients/<client_id>/keys/<key_id>/revoke": "delete_api_key",
    "POST /admin/reconciliation": "post_client_reconciliation",
    "POST /admin/new-gift": "post_gift",
    "POST /admin/gifts/<gift_id>": "patch_gift",
    "POST /admin/gifts/<gift_id>/quick": "patch_gift post_stock",
    "POST /admin/gifts/<gift_id>/move": "post_gift_move",
    "POST /admin/gifts/<gift_id>/duplicate": "post_gift_copy",
    "POST /admin/gifts-in-bulk": "post_gifts_bulk",
    "POST /admin/gifts/<gift_id>/stock": "post_stock",
    "POST /admin/gifts/<gift_id>/stock-alert": "put_stock_alert",
    "POST /admin/gifts/<gift_id>/codes": "post_vouchers",
    "POST /admin/gifts/<gift_id>/variants": "post_variant",
    "POST /admin/gifts/<gift_id>/variants/<variant_id>": "patch_variant put_variants",
    "POST /admin/gifts/<gift_id>/pictures": "post_picture",
    "POST /admin/gifts/<gift_id>/pictures/arrange": "put_pictures",
    "POST /admin/new-shelf/<kind>": "post_category post_tag",
    "POST /admin/shelves/<kind>/<shelf_id>": "patch_category patch_tag",
    "POST /admin/shelves/<kind>/<shelf_id>/delete": "remove_category remove_tag",
    "POST /admin/new-cause": "post_cause",
    "POST /admin/causes/<cause_id>": "patch_cause",
    "POST /admin/draws": "post_draw",
    "POST /admin/draws/<draw_id>": "patch_draw",
    "POST /admin/drops": "post_drop",
    "POST /admin/drops/<drop_id>": "patch_drop",
    "POST /admin/drops/<drop_id>/call-off": "patch_drop",
    "POST /admin/orders/<order_id>/advance": "post_advance",
    "POST /admin/orders/<order_id>/refund": "post_refund",
    "POST /admin/orders-in-bulk": "post_orders_bulk",
    "POST /admin/desk": "post_pickup_look",
    "POST /admin/desk/hand-over": "post_pickup",
    "POST /admin/parcels": "post_shipments",
    "POST /admin/new-pickup-point": "post_pickup_point",
    "POST /admin/pickup-points/<point_id>": "patch_pickup_point",
    "POST /admin/top-up-gifts": "put_gift_top_up",
    "POST /admin/top-up-providers": "post_top_up_provider",
    "POST /admin/top-up-providers/<provider_id>": "patch_top_up_provider",
    "POST /admin/top-up-providers/<provider_id>/secret": "post_top_up_secret",
    "POST /admin/top-ups/<order_id>/decide": "decide_top_up",
    "POST /admin/notices/<staff_notice_id>/done": "post_staff_notice_done",
    "POST /admin/new-rule": "post_earning_rule",
    "POST /admin/rules/<key>/title": "patch_earning_rule",
    "POST /admin/rules/<key>/drafts": "post_earning_rule_version",
    f"POST {VERSION}/edit": "patch_earning_rule_version",
    f"POST {VERSION}/submit": "submit_earning_rule_version",
    f"POST {VERSION}/approve": "approve_earning_rule_version",
    f"POST {VERSION}/reject": "reject_earning_rule_version",
    f"POST {VERSION}/discard": "discard_earning_rule_version",
    f"POST {VERSION}/publish": "publish_earning_rule_version",
    f"POST {VERSION}/rollback": "roll_back_earning_rule",
    f"POST {VERSION}/retire": "retire_earning_rule_version",
    f"POST {VERSION}/backtests": "post_earning_rule_backtest",
    "POST /admin/rule-set": "post_rule_set",
    "POST /admin/rule-set/import": "post_rule_set",
    "POST /admin/new-campaign": "post_campaign",
    "POST /admin/campaigns/<key>/edit": "put_campaign",
    "POST /admin/campaigns/<key>/publish": "post_campaign_publication",
    "POST /admin/campaigns/<key>/end": "post_campaign_end",
    "POST /admin/campaigns/<key>/discard": "delete_campaign",
    "POST /admin/new-budget": "put_budget",
    "POST /admin/budgets/<scope>": "put_budget",
    "POST /admin/budgets/<scope>/lift": "delete_budget",
    "POST /admin/awards/<award_id>/decide": "confirm_award adjust_award cancel_award",
    "POST /admin/awards/decide": "post_award_decisions",
    "POST /admin/awards/review": "review_awards",
    "POST /admin/appeals/<debit_id>/decide": "uphold_debit waive_debit",
    "POST /admin/new-adjustment": "post_adjustment post_write_off",
    "POST /admin/adjustments/<adjustment_id>/approve": "approve_adjustment",
    "POST /admin/adjustments/<adjustment_id>/reject": "reject_adjustment",
    "POST /admin/new-merge": "post_merge",
    "POST /admin/merges/<merge_id>/approve": "approve_merge",
    "POST /admin/merges/<merge_id>/reject": "reject_merge",
    "POST /admin/members/<member_id>/password-reset": "post_password_reset",
    "POST /admin/password-resets/<reset_id>/approve": "approve_password_reset",
    "POST /admin/password-resets/<reset_id>/reject": "reject_password_reset",
    "POST /admin/check-ins/settings": "patch_check_in_settings",
    "POST /admin/check-ins/days": "post_day_off",
    "POST /admin/check-ins/days/<day>/remove": "delete_day_off",
    "POST /admin/members/<member_id>/make-up-cards": "post_cards",
    "POST /admin/members/<member_id>/household": "put_household",
    "POST /admin/members/<member_id>/notes": "post_member_note",
    "POST /admin/members/<member_id>/freeze": "post_member_freeze",
    "POST /admin/members/<member_id>/unfreeze": "post_member_unfreeze",
    "POST /admin/members/<member_id>/sources": "post_read_sources",
    "POST /admin/new-activity": "post_activity",
    "POST /admin/activities/<activity_id>": "patch_activity",
    "POST /admin/activities/<activity_id>/attendance": "put_marked_attendance",
    "POST /admin/honours": "post_commendation",
    "POST /admin/honours/<commendation_id>/retract": "delete_commendation",
    "POST /admin/levels": "put_levels",
    "POST /admin/prizes": "put_prize_month",
    "POST /admin/new-redemption-rule": "post_redemption_rule",
    "POST /admin/redemption-rules/<rule_id>": "patch_redemption_rule",
    "POST /admin/redemption-rules/<rule_id>/delete": "delete_redemption_rule",
    "POST /admin/gifts/<gift_id>/pictures/<sha256>/crop": "put_frame",
    "POST /admin/in-order/<kind>": "post_gift_move patch_category patch_tag patch_cause",
    "POST /admin/new-announcement": "post_announcement",
    "POST /admin/announcements/<announcement_id>": "patch_announcement",
    "POST /admin/announcements/<announcement_id>/withdraw": "post_withdrawal",
    "POST /admin/badges/<code>": "patch_badge",
    "POST /admin/boards": "put_boards",
    "POST /admin/boards/<member_id>/nickname": "post_nickname_reset",
    "POST /admin/new-label": "post_label",
    "POST /admin/labels/<code>": "patch_label",
    "POST /admin/new-quiz": "post_quiz",
    "POST /admin/new-quiz/file": "post_quiz",
    "POST /admin/quizzes/<quiz_id>": "patch_quiz",
    "POST /admin/quizzes/<quiz_id>/<step>": "patch_quiz post_quiz",
    "POST /admin/quizzes/<quiz_id>/results/decide": "post_result_decisions",
    "POST /admin/quizzes/<quiz_id>/results/release": "post_quiz_release",
    "POST /admin/new-quiz-question": "post_bank_questions",
    "POST /admin/quiz-questions/<question_id>": "patch_bank_question",
    "POST /admin/quiz-questions/<question_id>/active": "patch_bank_question",
    "POST /admin/quiz-questions-import": "post_bank_file",
    "POST /admin/quiz-categories": "post_quiz_category",
    "POST /admin/quiz-categories/<category_code>": "patch_quiz_category",
    "POST /admin/quiz-categories/<category_code>/remove": "delete_quiz_category",
    "POST /admin/new-webhook": "post_webhook",
    "POST /admin/webhooks/<webhook_id>": "patch_webhook",
    "POST /admin/webhooks/<webhook_id>/active": "patch_webhook",
    "POST /admin/webhooks/<webhook_id>/secret": "post_webhook_secret",
    "POST /admin/webhooks/<webhook_id>/former-secret": "delete_former_secret",
    "POST /admin/webhooks/<webhook_id>/test": "post_webhook_test",
    "POST /admin/webhooks/<webhook_id>/remove": "delete_webhook",
    "POST /admin/webhooks/<webhook_id>/deliveries/<delivery_id>/redeliver": "post_redelivery",
    "POST /admin/new-segment": "post_segment",
    "POST /admin/segments/<segment_id>": "patch_segment",
    "POST /admin/segments/<segment_id>/delete": "delete_segment_for_good",
}


def test_every_form_stands_beside_an_operation(session_app):
    forms, operations = set(), {}
    for rule in session_app.url_map.iter_rules():
        if "POST" in rule.methods and rule.rule.startswith("/admin/"):
            forms.add(f"POST {rule.rule}")
        if rule.rule.startswith(("/api/v1/admin/", "/api/v1/staff/")):
            operations[rule.endpoint.split(".")[-1]] = session_app.view_functions[rule.endpoint].auth
    assert forms == OPERATIONS.keys() | NO_OPERATION.keys()
    named = {name for text in OPERATIONS.values() for name in text.split()}
    assert named - operations.keys() == set()


def test_a_form_and_its_operation_let_in_the_same_people(session_app):
    found, api = {}, {}
    for rule in session_app.url_map.iter_rules():
        auth = getattr(session_app.view_functions[rule.endpoint], "auth", None)
        if "POST" in rule.methods and rule.rule.startswith("/admin/"):
            found[f"POST {rule.rule}"] = auth
        if rule.rule.startswith("/api/v1/"):
            api[rule.endpoint.split(".")[-1]] = auth
    apart = {"POST /admin/sign-out", "POST /admin/rule-set"}
    """Signing out without a session does nothing; a rehearsal of an import is no import (the API has one call)."""
    wrong = [
        (form, name)
        for form, text in OPERATIONS.items()
        for name in text.split()
        if form not in apart and not _same(found[form], api[name])
    ]
    assert wrong == []


def _same(form, operation):
    return (form.kind, set(form.names) - {"owner"}, form.fresh) == (
        operation.kind, set(operation.names) - {"owner"}, operation.fresh,
    )  # fmt: skip

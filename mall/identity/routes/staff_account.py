"""One's own account of staff: the password again, another password, the authenticator, recovery codes; and the link
by which somebody who was invited, or reset, chooses a password."""

from __future__ import annotations

from typing import Any

from flask import request
from marshmallow import fields
from sqlalchemy.orm import Session

from mall.db import Login, run_tx
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, StrictSchema, Text
from mall.http.principals import PUBLIC, RECENT, fresh, staff, while_enrolling
from mall.identity import attempts
from mall.identity.passwords import check_new_password, hash_password
from mall.identity.routes.sessions import TYPED
from mall.identity.sessions import step_up
from mall.identity.signing_in import prove_staff
from mall.identity.staff import (
    begin_enrolment,
    check_otp,
    confirm_enrolment,
    renew_recovery_codes,
    take_off_own_authenticator,
)
from mall.identity.staff_care import colleague, holder_of_link, last_sign_ins, set_staff_password, use_link
from mall.identity.totp import enrolment_uri

blp = api_blueprint("staff-account", __name__, description="One's own account of staff")
OWN = while_enrolling(staff())
"""Staff, also those who may do nothing else before they have set up an authenticator."""
ISSUER = "Points mall"
LINK_MOST = 200


class StepUpSchema(StrictSchema):
    """The own password again; ``otp``, of the authenticator or a recovery code, once one is enrolled."""

    password = Text(1, TYPED, trim=False, required=True)
    otp = Text(6, 16)


class SteppedUpSchema(StrictSchema):
    """Until when dangerous acts are done without asking again. The token stays the same."""

    fresh_until = Instant(required=True)


class EnrolmentSchema(StrictSchema):
    """An authenticator's secret, shown once; ``uri`` is what its QR code says."""

    secret = fields.String(required=True, allow_none=True)
    uri = fields.String(required=True, allow_none=True)
    secret_shown_once = fields.Boolean()


class OtpSchema(StrictSchema):
    """The code an authenticator shows."""

    otp = Text(6, 16, required=True)


class RecoveryCodesSchema(StrictSchema):
    """Ten codes, each good once in place of the authenticator's; shown once, null when the answer is a repeat."""

    recovery_codes = fields.List(fields.String(), required=True, allow_none=True)
    secret_shown_once = fields.Boolean()


class SignInSeenSchema(StrictSchema):
    """A sign-in; ``origin``: from which address, where it is known."""

    at = Instant(required=True)
    origin = fields.String(required=True, allow_none=True)


class OwnAccountSchema(StrictSchema):
    """The calling member of staff. ``authenticator_required``: nothing else opens before one is set up."""

    id = fields.String(required=True)
    username = fields.String(required=True)
    role = fields.String(required=True)
    totp_enrolled_at = Instant(required=True, allow_none=True)
    authenticator_required = fields.Boolean(required=True)
    recovery_codes_left = fields.Integer(required=True)
    sign_ins = fields.List(fields.Nested(SignInSeenSchema), required=True)


class OwnPasswordSchema(StrictSchema):
    """Another password, shown the one of today."""

    password = Text(1, TYPED, trim=False, required=True)
    new_password = Text(1, TYPED, trim=False, required=True)


class ChosenPasswordSchema(StrictSchema):
    """``token``: the last part of the link that an owner passed on."""

    token = Text(1, LINK_MOST, required=True)
    password = Text(1, TYPED, trim=False, required=True)


@endpoint(blp, "GET", "/staff/me", auth=OWN, login=Login.BACKOFFICE, response=OwnAccountSchema)
def get_own_account(call: Call) -> dict[str, Any]:
    found = colleague(call.tx, call.staff.staff_id, call.now)
    return {
        "id": found.id, "username": found.username, "role": found.role, "totp_enrolled_at": found.totp_enrolled_at,
        "authenticator_required": call.staff.must_enrol, "recovery_codes_left": found.codes_left,
        "sign_ins": last_sign_ins(call.tx, found.id),
    }  # fmt: skip


@endpoint(
    blp, "POST", "/staff/sessions/step-up", auth=OWN, login=None, body=StepUpSchema, response=SteppedUpSchema
)  # fmt: skip
def post_step_up(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """The password again, which dangerous acts need after 15 minutes (403 ``step_up_required``)."""
    proof = prove_staff(call.staff.username, body["password"], request.remote_addr)

    def work(tx: Session) -> None:
        check_otp(tx, call.staff.staff_id, body.get("otp"), call.now)
        attempts.forgive(tx, proof.attempt)
        step_up(tx, call.staff.session_id, call.now)

    run_tx(Login.BACKOFFICE, work)
    return {"fresh_until": call.now + RECENT}


@endpoint(blp, "PUT", "/staff/password", auth=OWN, login=None, body=OwnPasswordSchema, status=204)
def put_own_password(call: Call, body: dict[str, Any]) -> None:
    """Every other session ends, and every link."""
    check_new_password(body["new_password"], call.staff.username, "new_password")
    proof = prove_staff(call.staff.username, body["password"], request.remote_addr)
    chosen = hash_password(body["new_password"])

    def work(tx: Session) -> None:
        attempts.forgive(tx, proof.attempt)
        who = call.staff
        set_staff_password(tx, who.staff_id, chosen, call.now, who.name, keep_session=who.session_id)

    run_tx(Login.BACKOFFICE, work)


@endpoint(
    blp, "POST", "/staff/authenticator", auth=fresh(OWN), login=Login.BACKOFFICE, response=EnrolmentSchema,
    status=201, errors=("otp_enrolled",), secret_fields=("secret", "uri"),
)  # fmt: skip
def post_authenticator(call: Call) -> dict[str, Any]:
    secret = begin_enrolment(call.tx, call.staff.staff_id)
    return {"secret": secret, "uri": enrolment_uri(secret, call.staff.username, ISSUER)}


@endpoint(
    blp, "POST", "/staff/authenticator/confirmation", auth=OWN, login=Login.BACKOFFICE, body=OtpSchema,
    response=RecoveryCodesSchema, errors=("otp_enrolled",), secret_fields=("recovery_codes",),
)  # fmt: skip
def confirm_authenticator(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """The first code: from now on signing in asks for one. The recovery codes are shown this once."""
    return {"recovery_codes": confirm_enrolment(call.tx, call.staff.staff_id, body["otp"], call.now)}


@endpoint(
    blp, "DELETE", "/staff/authenticator", auth=fresh(OWN), login=Login.BACKOFFICE, status=204,
    errors=("otp_not_enrolled",),
)  # fmt: skip
def delete_own_authenticator(call: Call) -> None:
    """For another phone: the one of today and the recovery codes are worth nothing any more."""
    take_off_own_authenticator(call.tx, call.staff.staff_id, call.now)


@endpoint(
    blp, "POST", "/staff/recovery-codes", auth=fresh(OWN), login=Login.BACKOFFICE, response=RecoveryCodesSchema,
    status=201, errors=("otp_not_enrolled",), secret_fields=("recovery_codes",),
)  # fmt: skip
def post_recovery_codes(call: Call) -> dict[str, Any]:
    """Ten others; the old ones are worth nothing any more."""
    return {"recovery_codes": renew_recovery_codes(call.tx, call.staff.staff_id, call.now)}


@endpoint(blp, "POST", "/staff/welcome", auth=PUBLIC, login=None, body=ChosenPasswordSchema, status=204)
def post_welcome(call: Call, body: dict[str, Any]) -> None:
    """Choose a password by a link, once."""
    _id, username = run_tx(Login.BACKOFFICE, lambda tx: holder_of_link(tx, body["token"], call.now))
    check_new_password(body["password"], username)
    chosen = hash_password(body["password"])
    run_tx(Login.BACKOFFICE, lambda tx: use_link(tx, body["token"], chosen, call.now))

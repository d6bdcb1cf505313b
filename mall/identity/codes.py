"""Titles of the error codes that ``mall.identity`` raises."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

TITLES = {
    "username_taken": _l("This username is taken."),
    "too_many_sign_ins": _l("Too many attempts to sign in. Please wait a little."),
    "credential_required": _l("Please confirm with your password first."),
    "confirmation_required": _l("Please enter your password again first."),
    "credential_exists": _l("This account has a username and a password already."),
    "identity_taken": _l("This sign-in belongs to another account already."),
    "identity_linked": _l("A sign-in of this kind is linked to your account already."),
    "last_sign_in": _l("This is your only way to sign in. Add a password or another sign-in first."),
    "reset_asked": _l("A new password for this member has been asked for already."),
    "no_password": _l("This account has no user name and password."),
    "colleagues_account": _l("This is the account of somebody who works here: recovery codes are the only way."),
    "login_link_invalid": _l("This link has been used or is too old. Please ask for a new one."),
    "otp_required": _l("Please give the code of your authenticator too."),
    "sign_in_again": _l("This took too long. Please enter your password again."),
    "otp_enrolled": _l("An authenticator is set up already."),
    "otp_not_enrolled": _l("No authenticator is set up."),
    "otp_enrolment_required": _l("Please set up an authenticator first: nothing else opens before."),
    "own_authenticator_missing": _l("Please set up your own authenticator first."),
    "step_up_required": _l("Please give your password again first: the last time was more than 15 minutes ago."),
    "signature_required": _l("This client's requests must be signed."),
    "signature_invalid": _l("The signature of this request is not valid."),
    "address_not_allowed": _l("This key may not be used from this address."),
    "staff_exists": _l("There is a member of staff of this name already."),
    "last_owner": _l("This is the last owner who can sign in. Make somebody else an owner first."),
    "own_staff_account": _l("A colleague has to do this: it is your own account."),
    "client_exists": _l("There is a client of this name already."),
    "already_frozen": _l("This account is frozen already."),
    "not_frozen": _l("This account is not frozen."),
    "account_not_active": _l("This account is closed, or was merged into another."),
    "too_many_keys": _l("A client has at most two live keys. Please revoke one first."),
}

"""What the roles of staff are called."""

from __future__ import annotations

from flask_babel import gettext as _


def role_words() -> dict[str, str]:
    """The name of each role, in the reader's language."""
    return {
        "owner": _("Owner"),
        "rules": _("Rules"),
        "catalog": _("Catalog"),
        "fulfilment": _("Fulfilment"),
        "auditor": _("Auditor"),
    }

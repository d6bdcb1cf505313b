"""Pure: the closed lists of what staff may be and what programs may ask for."""

from __future__ import annotations

ROLES = ("owner", "rules", "catalog", "fulfilment", "auditor")
"""An owner may do everything; what the others may is declared by each route (docs/api.md, "Who calls")."""

SCOPES = ("credits:write", "credits:explicit", "members:read", "login:create", "claims:create")
"""What a key of a reporting system may be allowed (docs/api.md, "Reporting systems")."""

MEMBER_STATES = ("active", "suspended", "closed")
"""A suspended member signs in and reads; a closed one cannot sign in."""

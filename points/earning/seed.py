"""The charter's rules and labels, published in a new database."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import Connection, text

from points.earning.defaults import DEFAULT_LABELS, DEFAULT_RULES, RULE_TITLES

FIRST_REVISION = "rev_0"
SYSTEM = "system"


def seed_rules(connection: Connection, now: datetime) -> None:
    """Publish version 1 of each default rule, reaching back without limit; what exists stays as it is."""
    for key, document in DEFAULT_RULES.items():
        values = {
            "key": key,
            "title": json.dumps(RULE_TITLES[key]),
            "document": json.dumps(document),
            "now": now,
        }
        connection.execute(
            text(
                "INSERT INTO earning_rules (key, title, created_at) "
                "VALUES (:key, CAST(:title AS jsonb), :now) ON CONFLICT DO NOTHING"
            ),
            values,
        )
        connection.execute(
            text(
                "INSERT INTO earning_rule_versions (rule_key, version, document, state, created_by, created_at, "
                "published_at) VALUES (:key, 1, CAST(:document AS jsonb), 'published', :by, :now, :now) "
                "ON CONFLICT DO NOTHING"
            ),
            {**values, "by": SYSTEM},
        )
    for code, name in DEFAULT_LABELS.items():
        connection.execute(
            text(
                "INSERT INTO credit_labels (code, name) VALUES (:code, CAST(:name AS jsonb)) ON CONFLICT DO NOTHING"
            ),
            {"code": code, "name": json.dumps(name)},
        )
    connection.execute(
        text("INSERT INTO rule_revision (id, token) VALUES (1, :token) ON CONFLICT DO NOTHING"),
        {"token": FIRST_REVISION},
    )

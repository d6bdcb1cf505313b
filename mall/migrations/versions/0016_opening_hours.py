"""Opening hours of pickup points by weekday, with days that differ."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

FIRST_POINT = """UPDATE pickup_points
 SET opening = jsonb_build_object('week', (SELECT jsonb_agg(CASE WHEN day < 7 THEN '[["09:00", "18:00"]]'::jsonb
  ELSE '[]'::jsonb END ORDER BY day) FROM generate_series(1, 7) AS day), 'except', '{}'::jsonb)
 WHERE code = 'default' AND hours->>'zh' = '周一至周六 9:00–18:00'"""


def upgrade() -> None:
    op.add_column("pickup_points", sa.Column("opening", JSONB))
    # The point that came with the house, where nobody has changed its hours.
    op.execute(FIRST_POINT)


def downgrade() -> None:
    op.drop_column("pickup_points", "opening")

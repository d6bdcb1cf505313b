"""Pure: how effective a member's tips are: adopted over all that were judged, smoothed for few tips.

The prior is that of somebody nobody knows yet: ``PRIOR_TIPS`` tips of which half were adopted are added to the
member's own. So a newcomer has 50 %, one good tip does not make 100 % and one bad tip does not make 0 %, and
after some dozens of tips the prior hardly counts. A tip counts by its latest stage and the moment of it, for a
rolling window of days (setting ``EFFECTIVENESS_WINDOW_DAYS``); one that is only received is not judged yet and
counts in neither figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

PRIOR_TIPS = 4
PRIOR_ADOPTED = 2
ADOPTED_STAGES = frozenset({"adopted", "solved"})
JUDGED_STAGES = ADOPTED_STAGES | {"rejected", "overturned", "malicious"}


@dataclass(frozen=True, slots=True)
class Effectiveness:
    """Tips of a member in the window: judged, and adopted among them."""

    adopted: int = 0
    judged: int = 0

    @property
    def percent(self) -> int:
        """The smoothed share of adopted tips, 0 to 100, rounded half up."""
        share = Decimal(100 * (self.adopted + PRIOR_ADOPTED)) / (self.judged + PRIOR_TIPS)
        return int(share.quantize(Decimal(1), ROUND_HALF_UP))

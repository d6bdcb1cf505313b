"""Pure: what an event is worth: a base, multiplied, in decimals, rounded half up once."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from points.earning.event_types import MEMBER_FACTS
from points.earning.explain import Line

Extra = tuple[Decimal, Line]
ONE, HUNDRED = Decimal(1), Decimal(100)
_WHOLE = Decimal(1)


def plain(number: Decimal) -> str:
    """A decimal as people write it: 1.5, 20, never 2E+1."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def round_half_up(number: Decimal) -> int:
    """The nearest whole number, halves away from zero."""
    return int(number.quantize(_WHOLE, rounding=ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class Table:
    """A look-up by one fact: by equal value, or by the highest step reached."""

    by: str
    equal: dict[str, Decimal] | None = None
    at_least: tuple[tuple[Decimal, Decimal], ...] = ()

    def find(self, facts: dict[str, Any]) -> Decimal | None:
        """The value for ``facts``, None when no row fits."""
        if self.equal is not None:
            return self.equal.get(str(facts[self.by]))
        fact = Decimal(str(facts[self.by])) if isinstance(facts[self.by], float) else Decimal(facts[self.by])
        found = None
        for step, value in self.at_least:
            if fact < step:
                break
            found = value
        return found

    def values(self) -> list[Decimal]:
        """Every value the table may give."""
        return list(self.equal.values()) if self.equal is not None else [value for _, value in self.at_least]


@dataclass(frozen=True, slots=True)
class Formula:
    """Base (a table, a fixed number or a fact) times multipliers (tables and shares in hundredths).

    A base of zero or less stands as it is: multipliers do not make a penalty larger or smaller.
    """

    table: Table | None = None
    fixed: Decimal | None = None
    fact: str | None = None
    multipliers: tuple[Table | str, ...] = ()

    def facts(self) -> frozenset[str]:
        """The names of the facts it looks at."""
        parts = (self.table, self.fact, *self.multipliers)
        return frozenset(part.by if isinstance(part, Table) else part for part in parts if part is not None)

    def worth(self, facts: dict[str, Any], extra: Extra | None = None) -> tuple[int, tuple[Line, ...]] | None:
        """Points and the lines that explain them; None when the base has no row for ``facts``.

        ``extra``: a factor that is not the rule's own, and its line.
        """
        base, line = self._base(facts)
        if base is None or line is None:
            return None
        lines = [line]
        if base <= 0:
            return round_half_up(base), tuple(lines)
        for multiplier in self.multipliers:
            if isinstance(multiplier, str):
                factor: Decimal | None = Decimal(facts[multiplier]) / HUNDRED
            else:
                factor = multiplier.find(facts)
            if factor is None or factor == ONE:
                continue
            base *= factor
            if isinstance(multiplier, str):
                lines.append(Line("share", (str(facts[multiplier]), plain(factor))))
            else:
                code = "times_member" if multiplier.by in MEMBER_FACTS else "times"
                lines.append(Line(code, (multiplier.by, _shown(facts[multiplier.by]), plain(factor))))
        if extra is not None and extra[0] != ONE:
            base *= extra[0]
            lines.append(extra[1])
        return round_half_up(base), tuple(lines)

    def _base(self, facts: dict[str, Any]) -> tuple[Decimal | None, Line | None]:
        if self.fixed is not None:
            return self.fixed, Line("fixed", (plain(self.fixed),))
        if self.fact is not None and self.fact in MEMBER_FACTS:
            return Decimal(facts[self.fact]), Line("given_member", (self.fact, str(facts[self.fact])))
        if self.fact is not None:
            return Decimal(facts[self.fact]), Line("given", (str(facts[self.fact]),))
        assert self.table is not None
        found = self.table.find(facts)
        if found is None:
            return None, None
        by = self.table.by
        if by in ("percent", "streak", "streak_day"):
            return found, Line(by, (_shown(facts[by]), plain(found)))
        return found, Line("base_member" if by in MEMBER_FACTS else "base", (by, _shown(facts[by]), plain(found)))


def _shown(value: Any) -> str:
    if isinstance(value, Decimal | float):
        return plain(Decimal(str(value)).quantize(Decimal("0.01")).normalize())
    return str(value)

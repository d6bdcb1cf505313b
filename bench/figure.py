"""A measured figure beside its goal, as the benches print it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure: what, its value, and the goal it has (None: none): at least that, or ``under`` it."""

    name: str
    value: float
    goal: float | None = None
    unit: str = "×"
    under: bool = False

    @property
    def met(self) -> bool:
        """Whether the goal is reached; a figure without one always is."""
        return self.goal is None or (self.value < self.goal if self.under else self.value >= self.goal)

    def line(self) -> str:
        """One line of the report."""
        told = ""
        if self.goal is not None:
            told = f"   goal {'under ' * self.under}{self.goal:g}: " + ("met" if self.met else "MISSED")
        return f"  {self.name:<62}{self.value:>9.2f} {self.unit}{told}"

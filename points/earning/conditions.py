"""Pure: conditions of rules in CEL, the one place that knows the engine.

A condition is compiled once for a rule version. What can be known before it runs is refused when a draft is
saved, with position and reason: syntax, unknown names, unlike types, a result that is not true or false, and
divisors that may be zero. What can still fail while it runs (the engine's budget of iterations) makes the
condition false, for every event alike, so that a bad rule pays nothing and stops nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cel_expr_python import cel

from points.earning.event_types import COMMON_FACTS, EVENT_TYPES, MEMBER_FACTS
from points.earning.sentences import Sentence

MAX_LENGTH = 2000
ANY_EVENT = "*"
"""For conditions that hold for events of every type: they know only what is known of every event."""
_TYPES = {str: cel.Type.STRING, int: cel.Type.INT, float: cel.Type.DOUBLE}
_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_TOKEN = re.compile(r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|//[^\n]*|[/%]|\s+|[0-9.eE]+u?|\w+|.""", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_]\w*")
_STRANGE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_UNDECLARED = re.compile(r"undeclared reference to '([^']{1,80})'")
_OVERLOAD = re.compile(r"found no matching overload for '([^']{1,40})' applied to '\(([^']{1,120})\)'")
_ENVIRONMENTS: dict[str, cel.Env] = {}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a condition; line and column count from 1."""

    line: int
    column: int
    reason: str

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.reason}"

    @property
    def sentence(self) -> Sentence:
        """Position and reason, to be shown in the reader's language."""
        reason = self.reason if isinstance(self.reason, Sentence) else Sentence(self.reason)
        return Sentence(
            "line %(line)s, column %(column)s: %(reason)s", line=self.line, column=self.column, reason=reason
        )


class ConditionInvalid(ValueError):
    """A condition cannot be used; ``faults`` says where and why."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


class Condition:
    """A compiled condition over the facts of one type of event; an empty one always holds."""

    __slots__ = ("_expression", "event_type", "source")

    def __init__(self, event_type: str, source: str) -> None:
        """Compile. Raises ConditionInvalid."""
        self.event_type, self.source = event_type, source
        self._expression = _compile(event_type, source) if source.strip() else None

    def mentions(self, names: Iterable[str]) -> frozenset[str]:
        """Which of ``names`` occur in it as words, be it in a string: rather one too many."""
        return frozenset(names).intersection(_WORD.findall(self.source))

    def holds(self, facts: dict[str, Any]) -> bool:
        """Whether the condition is true of ``facts``; a failure while running counts as false."""
        if self._expression is None:
            return True
        try:
            return self._expression.eval(data=facts).value() is True
        except RuntimeError:
            return False


def known_facts(event_type: str) -> dict[str, type]:
    """The names a condition or look-up of ``event_type`` may use, with their types."""
    own = EVENT_TYPES[event_type].facts if event_type != ANY_EVENT else {}
    return {**own, **COMMON_FACTS, **MEMBER_FACTS}


def _compile(event_type: str, source: str) -> Any:
    if len(source) > MAX_LENGTH:
        raise ConditionInvalid([Fault(1, 1, Sentence("longer than %(most)s characters", most=MAX_LENGTH))])
    strange = _STRANGE.search(source)
    if strange is not None:
        raise ConditionInvalid([Fault(1, strange.start() + 1, Sentence("contains a character that is not allowed"))])
    zero = _doubtful_divisor(source)
    if event_type not in _ENVIRONMENTS:
        names = {name: _TYPES[kind] for name, kind in known_facts(event_type).items()}
        _ENVIRONMENTS[event_type] = cel.NewEnv(variables=names)
    try:
        expression = _ENVIRONMENTS[event_type].compile(source)
    except (RuntimeError, UnicodeError, ValueError) as error:
        raise ConditionInvalid(_faults(str(error))) from error
    if expression.return_type() != cel.Type.BOOL:
        reason = Sentence("gives %(type)s, must give true or false", type=str(expression.return_type()))
        raise ConditionInvalid([Fault(1, 1, reason)])
    if zero is not None:
        raise ConditionInvalid([zero])
    return expression


def _faults(message: str) -> list[Fault]:
    found = [
        Fault(
            int(line), int(column), _plain(text.removesuffix(" [INVALID_ARGUMENT]").replace(" (in container '')", ""))
        )
        for line, column, text in _ERROR.findall(message)
    ]
    return found or [Fault(1, 1, message.split("\n", 1)[0][:200])]


def _plain(reason: str) -> str:
    """What the engine says, as a sentence that can be translated where it is a usual one."""
    if (unknown := _UNDECLARED.match(reason)) is not None:
        return Sentence("there is no field %(name)s", name=unknown[1])
    if (unlike := _OVERLOAD.match(reason)) is not None:
        sign = unlike[1].replace("_", "").replace("@", "")
        return Sentence("%(sign)s cannot be used on: %(types)s", sign=sign, types=unlike[2])
    if reason.startswith("Syntax error"):
        return Sentence("cannot be read: %(reason)s", reason=reason.removeprefix("Syntax error:").strip()[:200])
    return reason


def _doubtful_divisor(source: str) -> Fault | None:
    """The first ``/`` or ``%`` that is not followed by a number other than zero."""
    waiting: tuple[int, str] | None = None
    for match in _TOKEN.finditer(source):
        token = match.group()
        if token.isspace() or token.startswith("//"):
            continue
        if waiting is not None:
            number = token.rstrip("u")
            if not re.fullmatch(r"[0-9]+(\.[0-9]+)?([eE][0-9]+)?", number) or float(number) == 0:
                line = source.count("\n", 0, waiting[0]) + 1
                column = waiting[0] - source.rfind("\n", 0, waiting[0])
                reason = Sentence("the divisor of %(sign)s must be a number other than zero", sign=waiting[1])
                return Fault(line, column, reason)
            waiting = None
        if token in ("/", "%"):
            waiting = (match.start(), token)
    return None

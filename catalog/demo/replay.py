"""Replaying the 311 requests: through the public HTTP API, like any reporting system."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog.demo.http_client import ApiClient
from points.earning.event_types import STAGES

BATCH = 100
"""Events in a batch: about the size at which batches are quickest."""
SINGLES = 50
"""The last events go one by one, so that the replay takes both ways in."""
CREATED = 201


@dataclass(slots=True)
class Replay:
    """What a replay did. Figures of repeats are those of their first booking."""

    sent: int = 0
    booked: int = 0
    replayed: int = 0
    rejected: list[str] = field(default_factory=list)
    """Event id and problem of each event that was refused."""
    events_by_stage: dict[str, int] = field(default_factory=dict)
    points_by_stage: dict[str, int] = field(default_factory=dict)
    points_by_member: dict[str, int] = field(default_factory=dict)

    def count(self, event: dict[str, Any], status: int, answer: dict[str, Any]) -> None:
        """Add one event and its answer."""
        self.sent += 1
        self.booked += status == CREATED
        self.replayed += status != CREATED
        stage, member, points = event["data"]["stage"], event["member"], answer["points"]
        self.events_by_stage[stage] = self.events_by_stage.get(stage, 0) + 1
        self.points_by_stage[stage] = self.points_by_stage.get(stage, 0) + points
        self.points_by_member[member] = self.points_by_member.get(member, 0) + points

    def refuse(self, event: dict[str, Any], problem: dict[str, Any]) -> None:
        """Add one event that was refused."""
        self.sent += 1
        self.rejected.append(f"{event['id']}: {problem.get('code')} {problem.get('detail', '')}".strip())


def replay_events(client: ApiClient, events: Sequence[dict[str, Any]], progress: Callable[[int], None]) -> Replay:
    """Send ``events`` in order; ``progress`` is told how many more are done. Raises ApiRefused."""
    done = Replay()
    batched = events[: max(0, len(events) - SINGLES)]
    for start in range(0, len(batched), BATCH):
        batch = batched[start : start + BATCH]
        _, answer = client.post("/api/v1/credit-events/batch", {"events": batch})
        for result in answer["results"]:
            event = batch[result["index"]]
            if "event" in result:
                done.count(event, result["status"], result["event"])
            else:
                done.refuse(event, result["problem"])
        progress(len(batch))
    for event in events[len(batched) :]:
        status, answer = client.post("/api/v1/credit-events", event)
        done.count(event, status, answer)
        progress(1)
    return done


def summary(done: Replay, requests: int, nicknames: dict[str, str], top: int = 5) -> list[str]:
    """The replay in a few lines. ``nicknames``: by the source's member ids.

    Earners are named from the answers this source got: it knows what it sent. The public boards count public
    points only, so no tip can be read from them.
    """
    lines = [
        f"{requests} requests",
        f"{done.sent:,} events sent: {done.booked:,} booked, {done.replayed:,} replayed, "
        f"{len(done.rejected):,} rejected",
        "points by stage: "
        + ", ".join(
            f"{stage} {done.points_by_stage[stage]:,} ({done.events_by_stage[stage]} events)"
            for stage in STAGES
            if stage in done.points_by_stage
        )
        + f"; total {sum(done.points_by_stage.values()):,}",
        "top of the board, by what this replay paid (public boards never count tips):",
    ]
    ranked = sorted(done.points_by_member.items(), key=lambda item: (-item[1], item[0]))[:top]
    lines += [f"  {rank}. {nicknames.get(who, who)}  {points:,}" for rank, (who, points) in enumerate(ranked, 1)]
    return lines + [f"rejected {problem}" for problem in done.rejected]

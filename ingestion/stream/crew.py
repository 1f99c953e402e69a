"""All workers together: what is to be said of them over HTTP. Read by other threads, changed by none."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence

from ingestion.stream.member import Member, cpu_seconds, memory_bytes
from ingestion.stream.meters import Meters
from ingestion.stream.places import GROUPS
from ingestion.telemetry.metrics import CPU, MEMORY, READY, RETENTION, UNREAD_AGE, Sample
from ingestion.topics import topics

SUPERVISOR = "supervisor"


class Crew:
    """`health.Answers` and `meters.Scraped`."""

    def __init__(self, members: Sequence[Member], silence_seconds: float) -> None:
        self.members = members
        self.meters = Meters(self, (CPU, MEMORY, READY, RETENTION, UNREAD_AGE))
        self._silence_seconds = silence_seconds
        self._turned_at = time.monotonic()
        self._stopping = False

    def turned(self, *, stopping: bool) -> None:
        """Note that the supervisor goes round."""
        self._turned_at = time.monotonic()
        self._stopping = stopping

    def unready(self) -> Mapping[str, str]:
        """Why the service is not ready, by worker."""
        reasons = {m.place.name: m.why_not_ready(self._silence_seconds) for m in self.members}
        found = {name: reason for name, reason in reasons.items() if reason}
        return {**found, SUPERVISOR: "ends"} if self._stopping else found

    def dead(self) -> Mapping[str, str]:
        """Why the service must be taken for dead, by worker."""
        reasons = {m.place.name: m.why_not_alive(self._silence_seconds) for m in self.members}
        silent = time.monotonic() - self._turned_at
        if silent > self._silence_seconds:
            reasons[SUPERVISOR] = f"stands still for {silent:.0f} s"
        return {name: reason for name, reason in reasons.items() if reason}

    def page(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return self.meters.page()

    def samples(self) -> Iterator[Sample]:
        """Measure what is looked at only when somebody asks."""
        for member in self.members:
            ready = member.why_not_ready(self._silence_seconds) is None
            yield Sample(READY.name, (member.place.name,), ready)
            yield from _costs(member.place.name, member.pid)
        yield from _costs(SUPERVISOR, os.getpid())
        yield from self._unread_ages()
        for topic in topics(1):
            if topic.retention_seconds is not None:
                yield Sample(RETENTION.name, (topic.name,), topic.retention_seconds)

    def _unread_ages(self) -> Iterator[Sample]:
        """Each group is as old as its slowest worker; unknown until all have read."""
        now = time.time()
        for group, topic in GROUPS.items():
            read = [member.read_up_to for member in self.members if member.place.job == group]
            known = [time_ for time_ in read if time_ is not None]
            if known and len(known) == len(read):
                yield Sample(UNREAD_AGE.name, (group, topic), max(0.0, now - min(known)))


def _costs(worker: str, pid: int | None) -> Iterator[Sample]:
    for metric, look in ((MEMORY, memory_bytes), (CPU, cpu_seconds)):
        found = look(pid) if pid else None
        if found is not None:
            yield Sample(metric.name, (worker,), found)

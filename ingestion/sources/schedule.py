"""Which source is read next: the oldest due first, one host by one worker at a time, live before backfill.

It is a decision alone, without a clock, a thread or a store: whoever asks says what time it is. The crew,
`jobs.plan` and the simulated day ask the same one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from heapq import heappop, heappush
from urllib.parse import urlsplit

from msgspec import Struct

from ingestion.source_ports import LANES, Lane, SourceState
from ingestion.sources.catalogue import Entry
from ingestion.sources.rhythm import moved_address


class Planned(Struct, frozen=True, kw_only=True):
    """A source and when it is to be read. Those with one `host` are read one after the other."""

    source_id: str
    host: str
    due_at: datetime
    lane: Lane = "live"


class Wait(Struct, frozen=True):
    """Nothing can be read now. `seconds` is when to ask again, None: when a source is taken in or back."""

    seconds: float | None


_Place = tuple[datetime, int, Planned]
_Front = tuple[datetime, int, str]


class Schedule:
    """Sources with their times, grouped by host. Not safe for several threads by itself."""

    def __init__(self, planned: Iterable[Planned] = ()) -> None:
        self._queues: dict[tuple[Lane, str], list[_Place]] = {}
        self._fronts: dict[Lane, list[_Front]] = {lane: [] for lane in LANES}
        self._shown: set[tuple[Lane, _Front]] = set()
        self._waiting: set[str] = set()
        self._reading: dict[str, Planned] = {}
        self._arrivals = 0
        for one in planned:
            self.put(one)

    def __len__(self) -> int:
        """How many sources wait for their time; those that are being read are not among them."""
        return len(self._waiting)

    @property
    def source_ids(self) -> tuple[str, ...]:
        """The sources that wait for their time."""
        return tuple(self._waiting)

    @property
    def hosts(self) -> int:
        """How many hosts there are to be read, those that are being read among them."""
        return len({host for _, host in self._queues} | self._reading.keys())

    @property
    def reading(self) -> tuple[Planned, ...]:
        """What is being read."""
        return tuple(self._reading.values())

    def put(self, planned: Planned) -> None:
        """Take a source in. Raises `ValueError` where it is here already."""
        if planned.source_id in self._waiting or any(
            one.source_id == planned.source_id for one in self._reading.values()
        ):
            raise ValueError(f"the source {planned.source_id!r} is on the schedule already")
        self._waiting.add(planned.source_id)
        self._arrivals += 1
        queue = self._queues.setdefault((planned.lane, planned.host), [])
        heappush(queue, (planned.due_at, self._arrivals, planned))
        self._show(planned.lane, planned.host)

    def next(self, now: datetime) -> Planned | Wait:
        """Give out a source that is due, whose host nobody reads; the host is taken until it is `done`."""
        soonest: datetime | None = None
        for lane in LANES:
            front = self._front(lane)
            if front and front[0] <= now:
                return self._give_out(lane, front[2])
            if front and (soonest is None or front[0] < soonest):
                soonest = front[0]
        return Wait((soonest - now).total_seconds() if soonest else None)

    def done(self, planned: Planned, again: Planned | None = None) -> None:
        """Take a source back: its host is free for the next, and it is read `again` when that is due."""
        del self._reading[planned.host]
        if again:
            self.put(again)
        for lane in LANES:
            self._show(lane, planned.host)

    def due(self, now: datetime) -> list[Planned]:
        """All that is due, live ones first, and of them the oldest."""
        places = [
            (LANES.index(lane), place)
            for (lane, _), queue in self._queues.items()
            for place in queue
            if place[0] <= now
        ]
        return [planned for _, (_, _, planned) in sorted(places, key=lambda found: (found[0], found[1][:2]))]

    def _give_out(self, lane: Lane, host: str) -> Planned:
        self._hide(lane)
        _, _, planned = heappop(self._queues[lane, host])
        if not self._queues[lane, host]:
            del self._queues[lane, host]
        self._waiting.remove(planned.source_id)
        self._reading[host] = planned
        return planned

    def _show(self, lane: Lane, host: str) -> None:
        """Put the first source of a free host where `next` looks."""
        queue = self._queues.get((lane, host))
        if not queue or host in self._reading:
            return
        front = (*queue[0][:2], host)
        if (lane, front) not in self._shown:
            self._shown.add((lane, front))
            heappush(self._fronts[lane], front)

    def _hide(self, lane: Lane) -> None:
        self._shown.remove((lane, heappop(self._fronts[lane])))

    def _front(self, lane: Lane) -> _Front | None:
        """Find the front of the lane; what was overtaken since it was shown is thrown away."""
        fronts = self._fronts[lane]
        while fronts:
            due_at, number, host = fronts[0]
            queue = self._queues.get((lane, host))
            if host not in self._reading and queue and queue[0][:2] == (due_at, number):
                return fronts[0]
            self._hide(lane)
        return None


def planned(entry: Entry, state: SourceState | None, now: datetime, *, lane: Lane = "live") -> Planned:
    """Plan a source by what is remembered of it; one that was never read is due now."""
    url = moved_address(entry, state) or next(iter(entry.urls), "")
    return Planned(
        source_id=entry.id,
        host=host_of(url) or entry.id,
        due_at=state.due_at if state else now,
        lane=lane,
    )


def host_of(url: str) -> str | None:
    """The host that an address is read from, None where it names none."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def deal(due: Sequence[Planned], buckets: int) -> list[list[str]]:
    """Deal ids of sources into at most so many buckets, all sources of one host into one."""
    hosts: dict[str, list[str]] = {}
    for one in due:
        hosts.setdefault(one.host, []).append(one.source_id)
    dealt: list[list[str]] = [[] for _ in range(min(buckets, len(hosts)))]
    for number, ids in enumerate(hosts.values()):
        dealt[number % len(dealt)] += ids
    return dealt

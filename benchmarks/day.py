"""A simulated day: thousands of feeds on hundreds of hosts, with a fake clock over the real scheduler.

    python benchmarks/day.py --feeds 5000 --hosts 500

What is real: `sources.schedule` (which source next), `sources.rhythm` (when again) and the budget of hosts
of `fetch.manners` (when may a host be asked). What is simulated: time, the readers, and the publishers of
`publishers.py`. Every request is noted by a judge of its own, which knows nothing of the budget and
fails the run where a host was asked sooner than its manners allow, or while it wanted to be left alone.

The first days teach the rhythm; the last one is measured. Then the same day is polled at fixed intervals:
those that make news as fresh in the mean, at the median and at the 95th percentile.
"""

import argparse
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from random import Random
from statistics import fmean, quantiles
from typing import NamedTuple

from msgspec.structs import replace

from benchmarks.publishers import DAY, IN_THE_FEED, Feed, Host, publishers
from ingestion.article import Publisher, SourceRef
from ingestion.errors import Cause, Unreachable
from ingestion.fetch.manners import Clock, MemoryHosts
from ingestion.source_ports import Hosts, SourceState
from ingestion.sources.catalogue import Entry
from ingestion.sources.rhythm import Attempt, after_attempt
from ingestion.sources.schedule import Planned, Schedule, planned

BEGIN = datetime(2026, 11, 16, tzinfo=UTC)
CADENCE_SECONDS = 300
TIMEOUT_SECONDS = 20.0

After = Callable[[Entry, SourceState | None, Attempt], SourceState]


class Judge:
    """Notes each request, by itself, and what was wrong with it."""

    def __init__(self) -> None:
        self.requests = 0
        self.offences: list[str] = []
        self.closest_share = float("inf")
        self._last: dict[str, float] = {}
        self._held_until: dict[str, float] = {}
        self._readers: Counter[str] = Counter()

    def asked(self, host: Host, now: float) -> None:
        """Note a request."""
        pause = now - self._last.get(host.name, -DAY)
        self.closest_share = min(self.closest_share, pause / host.interval_seconds)
        if pause < host.interval_seconds - 1e-6:
            self.offences.append(f"{host.name} was asked after {pause:.3f} s, not {host.interval_seconds} s")
        if now < self._held_until.get(host.name, -DAY) - 1e-6:
            self.offences.append(f"{host.name} was asked at {now:.3f} while it wanted to be left alone")
        self._last[host.name] = now
        self.requests += 1

    def refused(self, host: Host, now: float) -> None:
        """Note what a host asked for."""
        self._held_until[host.name] = now + (host.retry_after_seconds or 0.0)

    def begins(self, host: str) -> None:
        """Note that a reader goes to a host."""
        self._readers[host] += 1
        if self._readers[host] > 1:
            self.offences.append(f"{host} was read by {self._readers[host]} at once")

    def leaves(self, host: str) -> None:
        """Note that a reader has left."""
        self._readers[host] -= 1


class Answer(NamedTuple):
    """What came of a request."""

    failure: str | None = None
    cause: Cause | None = None
    retry_after_seconds: float | None = None


@dataclass
class Count:
    """What is measured, from `since` seconds on."""

    since: float
    polls: int = 0
    pages: int = 0
    missed: int = 0
    waits: list[float] = field(default_factory=list)
    causes: Counter[str] = field(default_factory=Counter)
    read: set[str] = field(default_factory=set)
    latest_seconds: float = 0.0


class World:
    """The feeds, the readers and the clock."""

    def __init__(
        self, feeds: list[Feed], *, readers: int, since: float, after: After = after_attempt
    ) -> None:
        self.now = 0.0
        self.judge = Judge()
        self.count = Count(since)
        self.states: dict[str, SourceState] = {}
        self._after = after
        self._feeds = {feed.name: feed for feed in feeds}
        self._entries = {feed.name: _entry(feed) for feed in feeds}
        self._servers = {host.name: host for feed in feeds for host in (feed.host, feed.moved_to) if host}
        self._seen: dict[str, int] = {}
        self._lately: dict[str, deque[float]] = {}
        chance = Random(7).random  # noqa: S311 - the same at every run
        self._hosts: Hosts = MemoryHosts(Clock(now=lambda: self.now, chance=chance))
        self._idle = readers
        self._events: list[tuple[float, int, Iterator[float]]] = []
        self._steps = 0
        self._schedule = Schedule(planned(entry, None, self.time()) for entry in self._entries.values())

    def time(self) -> datetime:
        """What the fake clock says."""
        return BEGIN + timedelta(seconds=self.now)

    def run(self, until: float) -> None:
        """Let readers read until then."""
        while self.now < until:
            wait = self._send_readers_out()
            soonest = self._events[0][0] if self._events else until
            self.now = min(until, soonest if wait is None else min(soonest, self.now + wait))
            while self._events and self._events[0][0] <= self.now:
                self._go_on(heappop(self._events)[2])

    def _send_readers_out(self) -> float | None:
        while self._idle:
            found = self._schedule.next(self.time())
            if not isinstance(found, Planned):
                # A microsecond is the least that the clock of the schedule knows.
                return None if found.seconds is None else found.seconds + 1e-6
            self._idle -= 1
            self._go_on(self._reading(found))
        return None

    def _go_on(self, reader: Iterator[float]) -> None:
        pause = next(reader, None)
        if pause is None:
            self._idle += 1
            return
        self._steps += 1
        heappush(self._events, (self.now + pause, self._steps, reader))

    def _reading(self, one: Planned) -> Iterator[float]:
        """Be a reader for one source; each pause is yielded."""
        feed, entry = self._feeds[one.source_id], self._entries[one.source_id]
        self.judge.begins(one.host)
        attempt = yield from self._attempt(feed, self._servers[one.host])
        self.states[feed.name] = state = self._after(entry, self.states.get(feed.name), attempt)
        self.judge.leaves(one.host)
        self._schedule.done(one, planned(entry, state, self.time()))

    def _attempt(self, feed: Feed, host: Host) -> Generator[float, None, Attempt]:
        state = self.states.get(feed.name)
        late = (self.time() - (state.due_at if state else BEGIN)).total_seconds()
        answer = yield from self._ask(host, feed.gone_at)
        at = self.time()
        if self.now >= self.count.since:
            self.count.polls += 1
            self.count.read.add(feed.name)
            self.count.latest_seconds = max(self.count.latest_seconds, late)
            if answer.cause:
                self.count.causes[answer.cause] += 1
        if answer.failure:
            return Attempt(
                at=at,
                failure=answer.failure,
                cause=answer.cause,
                retry_after_seconds=answer.retry_after_seconds,
                gone=answer.cause is Cause.GONE,
            )
        return (yield from self._items(feed, host, at))

    def _items(self, feed: Feed, host: Host, at: datetime) -> Generator[float, None, Attempt]:
        """Fetch what is new, and note how long it has been there."""
        published, seen = feed.published(self.now), self._seen.get(feed.name)
        first = max(seen or 0, published - IN_THE_FEED)
        is_counted = seen is not None and self.now >= self.count.since
        if is_counted:
            self.count.missed += max(0, first - (seen or 0))
        read = published
        for number in range(first, published):
            answer = yield from self._ask(host, float("inf"))
            if answer.failure:
                read = number
                break
            if is_counted and feed.items[number] >= self.count.since:
                self.count.waits.append(self.now - feed.items[number])
            self.count.pages += is_counted
        self._seen[feed.name] = read
        moved = f"https://{feed.moved_to.name}/{feed.name}" if feed.moved_to else None
        return Attempt(
            at=at,
            new_links=published - first,
            links=min(published, IN_THE_FEED),
            left_over=read < published,
            ttl_seconds=feed.ttl_seconds,
            fresh_seconds=feed.fresh_seconds,
            moved_to=moved,
        )

    def _ask(self, host: Host, gone_at: float) -> Generator[float, None, Answer]:
        """Make one request as the fetcher does: a turn, a pause, an answer."""
        try:
            turn = self._hosts.turn(host.name, host.interval_seconds)
        except Unreachable as fault:
            return Answer(str(fault), Cause.RATE_LIMITED, fault.retry_after_seconds)
        yield turn.wait_seconds
        self.judge.asked(host, self.now)
        begins, ends = host.outage
        if begins <= self.now < ends:
            yield TIMEOUT_SECONDS
            return Answer("it did not answer", Cause.TIMEOUT)
        yield host.latency_seconds
        if self._is_too_much(host):
            self._hosts.refused(host.name, host.retry_after_seconds)
            self.judge.refused(host, self.now)
            return Answer("429", Cause.RATE_LIMITED, host.retry_after_seconds)
        self._hosts.answered(host.name)
        return Answer("410", Cause.GONE) if self.now >= gone_at else Answer()

    def _is_too_much(self, host: Host) -> bool:
        """Whether a host that counts has been asked too often in this minute."""
        if host.most_a_minute is None:
            return False
        times = self._lately.setdefault(host.name, deque(maxlen=host.most_a_minute + 1))
        times.append(self.now)
        return len(times) > host.most_a_minute and self.now - times[0] < 60.0


class Report(NamedTuple):
    """One day: what it cost, and how fresh the news was."""

    polls: int
    pages: int
    missed: int
    mean_seconds: float
    p50_seconds: float
    p95_seconds: float
    unread: int
    latest_seconds: float
    requests: int
    closest_share: float
    causes: dict[str, int]


MEASURES: tuple[tuple[str, Callable[[Report], float], float], ...] = (
    ("the mean", lambda report: report.mean_seconds, 0.5),
    ("p50", lambda report: report.p50_seconds, 0.5),
    ("p95", lambda report: report.p95_seconds, 0.95),
)


def day(feeds: list[Feed], *, readers: int, days: float, after: After = after_attempt) -> Report:
    """Simulate some days and report the last. Raises `AssertionError` where a host was treated badly."""
    since = (days - 1) * DAY
    world = World(feeds, readers=readers, since=since, after=after)
    world.run(days * DAY)
    assert not world.judge.offences, f"{len(world.judge.offences)} offences, as {world.judge.offences[:3]}"
    count = world.count
    cuts = quantiles(count.waits, n=100, method="inclusive")
    overdue = [s for s in world.states.values() if (world.time() - s.due_at).total_seconds() > DAY]
    return Report(
        polls=count.polls,
        pages=count.pages,
        missed=count.missed,
        mean_seconds=fmean(count.waits),
        p50_seconds=cuts[49],
        p95_seconds=cuts[94],
        unread=len(feeds) - len(world.states) + len(overdue),
        latest_seconds=count.latest_seconds,
        requests=world.judge.requests,
        closest_share=world.judge.closest_share,
        causes=dict(count.causes),
    )


def fixed(seconds: float) -> After:
    """Poll every so many seconds, or when the publisher asks to come back, whatever comes of it."""

    def after(entry: Entry, before: SourceState | None, attempt: Attempt) -> SourceState:
        noted = after_attempt(entry, before, attempt)
        asked = (attempt.ttl_seconds, attempt.fresh_seconds, attempt.retry_after_seconds)
        pause = max(seconds, *(one or 0.0 for one in asked))
        return replace(noted, due_at=attempt.at + timedelta(seconds=pause), interval_seconds=pause)

    return after


def _entry(feed: Feed) -> Entry:
    url = f"https://{feed.host.name}/{feed.name}"
    return Entry(
        ref=SourceRef(id=feed.name, kind="feed", url=url),
        publisher=Publisher(id=feed.host.name),
        urls=(url,),
        cadence_seconds=CADENCE_SECONDS,
    )


def _show(name: str, report: Report, took: float) -> None:
    print(
        f"{name:<22}{report.polls:>9,}{report.pages:>9,}{report.missed:>8,}"
        f"{report.mean_seconds / 60:>10.1f}{report.p50_seconds / 60:>10.1f}{report.p95_seconds / 60:>10.1f}"
        f"{took:>9.0f}",
        flush=True,
    )


def main() -> None:
    """Simulate the day as the catalogue's rhythm has it, and at fixed intervals."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--feeds", type=int, default=5_000)
    parser.add_argument("--hosts", type=int, default=500)
    parser.add_argument("--readers", type=int, default=32)
    parser.add_argument("--days", type=int, default=4)
    asked = parser.parse_args()
    feeds = publishers(asked.feeds, asked.hosts, asked.days)
    habits = Counter(str(feed.habit) for feed in feeds)
    print(f"{asked.feeds} feeds on {asked.hosts} hosts, {asked.readers} readers: {dict(habits)}")
    waits = f"{'mean min':>10}{'p50 min':>10}{'p95 min':>10}"
    print(f"\n{'polling':<22}{'polls':>9}{'pages':>9}{'missed':>8}{waits}{'took s':>9}")

    def simulate(name: str, after: After) -> Report:
        begun = time.monotonic()
        report = day(feeds, readers=asked.readers, days=asked.days, after=after)
        _show(name, report, time.monotonic() - begun)
        return report

    ours = simulate("by each one's rhythm", after_attempt)
    for name, of, share in MEASURES:
        # An item waits for a share of the interval that is even between none and all of it; what else it
        # waits for is taken into account by a first try.
        every = of(ours) / share
        tried = day(feeds, readers=asked.readers, days=asked.days, after=fixed(every))
        every *= of(ours) / of(tried)
        same = simulate(f"all every {every / 60:.1f} min", fixed(every))
        saved = 1 - ours.polls / same.polls
        print(f"  as fresh by {name}: the rhythm makes {abs(saved):.0%} {'fewer' if saved > 0 else 'more'}")
    print(f"\nno host was asked sooner than its manners allow: {ours.requests:,} requests, the closest two")
    print(f"{ours.closest_share:.3f} of the interval apart; never two readers at a host, never during a hold")
    print(
        f"answers that were none: {ours.causes}; sources left behind: {ours.unread}; longest delay of a due"
    )
    print(f"source: {ours.latest_seconds:.0f} s")


if __name__ == "__main__":
    main()

"""The budget of every host, shared by all processes that have this state.

A turn is taken by moving the host's `next_at` on, in one transaction: whoever is killed has taken a turn
that nobody uses, and no other comes too early. Turns do not wait for the disk; after a power cut the host
has had its pause by the time the machine is back. Refusals do, because they may last for days.
"""

import random
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from ingestion.errors import Cause, Unreachable
from ingestion.source_ports import Lane, Turn
from ingestion.state.database import StateDatabase
from ingestion.state.tables import hosts

LONGEST_WAIT_SECONDS = 60.0
"""A turn further away than this is for a later run."""

FIRST_REFUSAL_SECONDS = 30.0
LONGEST_REFUSAL_SECONDS = 24 * 3600.0
JITTER_SHARE = 0.25

Now = Callable[[], datetime]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SqlHosts:
    """`source_ports.Hosts` over SQL. Machines that share it need clocks that agree (NTP)."""

    def __init__(
        self,
        database: StateDatabase,
        *,
        lane: Lane = "live",
        now: Now = _utc_now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._lane = lane
        self._now = now
        self._chance = chance
        self._unwell: set[str] = set()
        self._lock = Lock()
        self._turn = Lock()
        self._asks: deque[_Ask] = deque()

    def turn(self, host: str, interval_seconds: float) -> Turn:
        """Take the host's next turn; the one after it comes no earlier than `interval_seconds` later.

        The backfill lane takes one only where the host is free at this moment: each live turn that
        waits has moved `next_at` on, so nothing live is waiting then. Raises `Unreachable`, `Unavailable`.
        """
        ask = _Ask(host, interval_seconds)
        self._asks.append(ask)
        with self._turn:
            # Whoever comes first asks the state for all who wait: of many threads, each would need a
            # transaction of its own else.
            if ask.answer is None:
                self._serve([ask, *(one for one in self._others() if one is not ask)])
        if isinstance(ask.answer, Turn):
            return ask.answer
        assert ask.answer
        raise ask.answer

    def _others(self) -> Iterator["_Ask"]:
        while self._asks:
            yield self._asks.popleft()

    def _serve(self, asks: Sequence["_Ask"]) -> None:
        with self._database.transaction(durable=False) as connection:
            rows = _rows(connection, sorted({ask.host for ask in asks}), self._now())
            now, taken = self._now(), dict[str, datetime]()
            for ask in asks:
                row = rows[ask.host]
                at = max(now, taken.get(ask.host, row.next_at), row.held_until or now)
                ask.answer = self._decided(ask.host, (at - now).total_seconds(), row)
                pause = ask.interval_seconds * (1 + JITTER_SHARE * self._chance())
                if isinstance(ask.answer, Turn) and ask.answer.taken and (at > now or pause > 0):
                    taken[ask.host] = at + timedelta(seconds=pause)
            _keep_turns(connection, taken)

    def _decided(self, host: str, wait_seconds: float, row: Row[Any]) -> Turn | Unreachable:
        self._remember(host, unwell=row.failures_in_a_row > 0)
        if wait_seconds > LONGEST_WAIT_SECONDS:
            held_seconds = (row.held_until - self._now()).total_seconds() if row.held_until else 0.0
            return _left_alone(host, wait_seconds, held=held_seconds > LONGEST_WAIT_SECONDS)
        return Turn(wait_seconds, taken=self._lane == "live" or wait_seconds <= 0)

    def answered(self, host: str) -> None:
        """Note that the host is well: its next refusal is the first again."""
        with self._lock:
            if host not in self._unwell:
                return
        with self._database.transaction() as connection:
            _set(connection, host, failures_in_a_row=0)
        self._remember(host, unwell=False)

    def refused(self, host: str, retry_after_seconds: float | None) -> None:
        """Leave the host alone: as long as it said, else twice as long with every refusal in a row."""
        with self._database.transaction() as connection:
            row = _rows(connection, [host], self._now())[host]
            pause = retry_after_seconds
            if pause is None:
                doubled = FIRST_REFUSAL_SECONDS * 2.0 ** min(row.failures_in_a_row, 32)
                pause = min(doubled, LONGEST_REFUSAL_SECONDS) * (1 + JITTER_SHARE * self._chance())
            until = self._now() + timedelta(seconds=pause)
            _set(
                connection,
                host,
                held_until=max(until, row.held_until or until),
                failures_in_a_row=row.failures_in_a_row + 1,
            )
        self._remember(host, unwell=True)

    def _remember(self, host: str, *, unwell: bool) -> None:
        """Know which hosts have refused, so that a good answer of the others needs no transaction."""
        with self._lock:
            if unwell:
                self._unwell.add(host)
            else:
                self._unwell.discard(host)


@dataclass
class _Ask:
    """One thread's wish for a turn, and what came of it."""

    host: str
    interval_seconds: float
    answer: Turn | Unreachable | None = None


def _rows(connection: Connection, names: Sequence[str], now: datetime) -> dict[str, Row[Any]]:
    """The rows of hosts, which are ours until the transaction ends; made where there are none."""
    # Locked in the order of their names, so that no two processes wait for each other.
    query = select(hosts).where(hosts.c.host.in_(names)).order_by(hosts.c.host).with_for_update()
    found = {row.host: row for row in connection.execute(query)}
    missing = [name for name in names if name not in found]
    if not missing:
        return found
    fresh = [{"host": name, "next_at": now, "failures_in_a_row": 0} for name in missing]
    connection.execute(_insert(connection.dialect.name).on_conflict_do_nothing(), fresh)
    return {row.host: row for row in connection.execute(query)}


def _keep_turns(connection: Connection, taken: Mapping[str, datetime]) -> None:
    if taken:
        moved = update(hosts).where(hosts.c.host == bindparam("name")).values(next_at=bindparam("at"))
        connection.execute(moved, [{"name": host, "at": at} for host, at in sorted(taken.items())])


def _set(connection: Connection, host: str, **values: object) -> None:
    connection.execute(update(hosts).where(hosts.c.host == host).values(**values))


def _insert(dialect: str) -> Any:
    from sqlalchemy.dialects import postgresql, sqlite

    return (postgresql if dialect == "postgresql" else sqlite).insert(hosts)


def _left_alone(host: str, wait_seconds: float, *, held: bool) -> Unreachable:
    why = "is to be left alone for" if held else "has no turn for"
    return Unreachable(
        f"{host} {why} another {wait_seconds:.0f} s",
        retry_after_seconds=wait_seconds,
        cause=Cause.RATE_LIMITED,
    )

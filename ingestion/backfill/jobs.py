"""What can be done with a backfill: start, look, read a bucket or all, pause, resume, cancel.

Each function opens what it needs. Progress lies in the state, so anybody can look, from any process.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import msgspec
from msgspec import Struct

from ingestion.backfill.bucket import BucketReport, BucketState, Hands, Told, read_bucket
from ingestion.backfill.parts import READABLE, sitemap_entry
from ingestion.backfill.plan import planned
from ingestion.backfill.request import Request
from ingestion.backfill.store import PlanStore, encoded
from ingestion.errors import ConfigurationError, NewsError
from ingestion.settings import Settings
from ingestion.sources.catalogue import Entry, load_catalogue
from ingestion.sources.warc_lists import expanded
from ingestion.state.backfills import CANCELLED, Backfill, Bucket, SqlBackfills
from ingestion.wiring import Wiring


class BucketLine(Struct, frozen=True, kw_only=True):
    """One bucket as it is listed. `share` is how much of it is done, from 0 to 1."""

    bucket: int
    title: str
    state: BucketState
    done: int
    total: int | None
    documents: int
    share: float
    note: str | None


class BackfillLine(Struct, frozen=True, kw_only=True):
    """A backfill as it is listed. Rate and time left are those since its first bucket began."""

    backfill_id: str
    request: Request
    asked_at: datetime
    state: BucketState
    buckets: dict[str, int]
    documents: int
    share: float
    documents_per_second: float | None
    seconds_left: float | None


def start(settings: Settings, request: Request) -> str:
    """Plan a backfill and remember it; nothing is read yet. Returns its id. Raises `ConfigurationError`."""
    request = msgspec.structs.replace(request, until=request.until or (request.since and _yesterday()))
    entries = entries_of(settings, request)
    with Wiring(settings, lane="backfill") as wiring:
        archives = [
            archive
            for locator in request.archives
            for archive in expanded(wiring.archives, locator, wiring.source_limits)
        ]
        plans = planned(request, list(entries.values()), archives, groups=settings.buckets)
        backfill_id = f"backfill-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid4().hex[:6]}"
        words = msgspec.json.encode(request).decode()
        SqlBackfills(wiring.state).add(backfill_id, words, [encoded(plan) for plan in plans])
    return backfill_id


def entries_of(settings: Settings, request: Request) -> dict[str, Entry]:
    """Find the sources of a request by their ids; an address stands for the sitemap there.

    Raises `ConfigurationError`.
    """
    catalogue = {entry.id: entry for entry in load_catalogue(settings.catalogue)} if request.sources else {}
    found: dict[str, Entry] = {}
    for name in request.sources:
        if name.startswith(("http://", "https://")):
            found[f"url:{name}"[:255]] = sitemap_entry(name)
        elif name not in catalogue:
            raise ConfigurationError(f"no source {name} in {settings.catalogue}; `news sources` lists them")
        elif catalogue[name].kind not in READABLE:
            kinds = ", ".join(READABLE)
            raise ConfigurationError(
                f"{name} is a {catalogue[name].kind}, which has no past; backfills read the kinds {kinds}, "
                "or the address of a sitemap"
            )
        else:
            found[name] = catalogue[name]
    return found


def open_buckets(settings: Settings, backfill_id: str) -> list[BucketLine]:
    """List the buckets that are not done."""
    return [line for line in show(settings, backfill_id) if line.state not in _OVER]


_OVER = (BucketState.DONE, BucketState.CANCELLED)


def show(settings: Settings, backfill_id: str) -> list[BucketLine]:
    """List the buckets of a backfill. Raises `ConfigurationError` where there is none of this id."""
    with _backfills(settings) as backfills:
        backfill = _one(backfills, backfill_id)
        return [_line(backfills, backfill, bucket) for bucket in backfills.buckets(backfill.backfill_id)]


def listed(settings: Settings) -> list[BackfillLine]:
    """List all backfills, newest first."""
    with _backfills(settings) as backfills:
        return [_summary(backfill, backfills.buckets(backfill.backfill_id)) for backfill in backfills.all()]


def summary(settings: Settings, backfill_id: str) -> BackfillLine:
    """Sum one backfill up. Raises `ConfigurationError`."""
    with _backfills(settings) as backfills:
        backfill = _one(backfills, backfill_id)
        return _summary(backfill, backfills.buckets(backfill.backfill_id))


def pause(settings: Settings, backfill_id: str) -> BackfillLine:
    """Let every bucket stop at its next batch, and none begin."""
    return _changed(settings, backfill_id, lambda backfills, found: backfills.pause(found, paused=True))


def resume(settings: Settings, backfill_id: str) -> BackfillLine:
    """Let it go on; `run`, or the DAG with this id, does so."""
    return _changed(settings, backfill_id, lambda backfills, found: backfills.pause(found, paused=False))


def cancel(settings: Settings, backfill_id: str) -> BackfillLine:
    """End every bucket that is open; what was read stays."""
    return _changed(settings, backfill_id, lambda backfills, found: backfills.cancel(found))


def read(settings: Settings, backfill_id: str, bucket: int, hands: Hands | None = None) -> BucketReport:
    """Read one bucket on from where it stands."""
    with Wiring(settings, lane="backfill") as wiring:
        backfill = _one(SqlBackfills(wiring.state), backfill_id)
        entries = entries_of(settings, msgspec.json.decode(backfill.request, type=Request))
        return read_bucket(wiring, backfill.backfill_id, bucket, entries, hands or Hands())


def read_all(
    settings: Settings, backfill_id: str, *, at_once: int, told: Told | None = None
) -> list[BucketReport]:
    """Read all open buckets, so many at once. A bucket that fails keeps no other from being read.

    Raises the first fault of our own parts, once every bucket had its turn. An interrupt ends them all at
    their next batch.
    """
    ended = threading.Event()
    hands = Hands(told=told, stop=ended.is_set) if told else Hands(stop=ended.is_set)
    numbers = [line.bucket for line in open_buckets(settings, backfill_id)]
    faults: list[NewsError] = []
    lock = threading.Lock()

    def one(bucket: int) -> BucketReport | None:
        try:
            return read(settings, backfill_id, bucket, hands)
        except NewsError as fault:
            with lock:
                faults.append(fault)
            return None

    with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="bucket") as pool:
        try:
            reports = [report for report in pool.map(one, numbers) if report]
        except BaseException:
            ended.set()
            raise
    if faults:
        raise faults[0]
    return reports


@contextmanager
def _backfills(settings: Settings) -> Iterator[SqlBackfills]:
    with Wiring(settings, lane="backfill") as wiring:
        yield SqlBackfills(wiring.state)


def _changed(
    settings: Settings, backfill_id: str, change: Callable[[SqlBackfills, str], None]
) -> BackfillLine:
    with _backfills(settings) as backfills:
        found = _one(backfills, backfill_id).backfill_id
        change(backfills, found)
        return _summary(_one(backfills, found), backfills.buckets(found))


def _one(backfills: SqlBackfills, beginning: str) -> Backfill:
    """Find a backfill by its id or by the beginning or the end of it that is no other's."""
    found = backfills.one(beginning)
    if found:
        return found
    fitting = [b for b in backfills.all() if beginning and beginning in b.backfill_id]
    if len(fitting) == 1:
        return fitting[0]
    problem = "several backfills have" if fitting else "no backfill has"
    raise ConfigurationError(f"{problem} {beginning!r} in its id; `news backfill list` lists them")


def _line(backfills: SqlBackfills, backfill: Backfill, bucket: Bucket) -> BucketLine:
    plan = PlanStore(backfills, bucket.backfill_id, bucket.bucket).plan
    return BucketLine(
        bucket=bucket.bucket,
        title=plan.title,
        state=_state(backfill, bucket),
        done=bucket.done,
        total=bucket.total,
        documents=bucket.entered,
        share=_share(bucket),
        note=bucket.failure,
    )


def _state(backfill: Backfill, bucket: Bucket) -> BucketState:
    if bucket.ended_at is not None:
        return BucketState.CANCELLED if bucket.failure == CANCELLED else BucketState.DONE
    if bucket.failure:
        return BucketState.FAILED
    if backfill.paused_at is not None:
        return BucketState.STOPPED
    return BucketState.WAITING if bucket.began_at is None else BucketState.READING


def _share(bucket: Bucket) -> float:
    if bucket.ended_at is not None:
        return 1.0
    return min(1.0, bucket.done / bucket.total) if bucket.total else 0.0


def _summary(backfill: Backfill, buckets: Sequence[Bucket]) -> BackfillLine:
    states = [_state(backfill, bucket) for bucket in buckets]
    share = sum(map(_share, buckets)) / len(buckets) if buckets else 1.0
    seconds = _seconds(backfill, buckets)
    documents = sum(bucket.entered for bucket in buckets)
    over = all(bucket.ended_at for bucket in buckets)
    return BackfillLine(
        backfill_id=backfill.backfill_id,
        request=msgspec.json.decode(backfill.request, type=Request),
        asked_at=backfill.asked_at,
        state=_whole(states),
        buckets={str(state): states.count(state) for state in BucketState if state in states},
        documents=documents,
        share=share,
        documents_per_second=documents / seconds if seconds else None,
        seconds_left=0.0 if over else seconds * (1 - share) / share if seconds and share else None,
    )


def _seconds(backfill: Backfill, buckets: Sequence[Bucket]) -> float | None:
    """From the beginning of the first bucket to now, or to the end of the last."""
    begun = [bucket.began_at for bucket in buckets if bucket.began_at]
    if not begun:
        return None
    ends = [bucket.ended_at for bucket in buckets]
    last = max((end for end in ends if end), default=None) if all(ends) else backfill.paused_at
    return max(0.0, ((last or datetime.now(UTC)) - min(begun)).total_seconds())


def _whole(states: Sequence[BucketState]) -> BucketState:
    """Say in one word how a backfill is doing: what needs somebody goes first."""
    order = (BucketState.FAILED, BucketState.STOPPED, BucketState.READING)
    for state in order:
        if state in states:
            return state
    if BucketState.WAITING in states:
        return BucketState.READING if BucketState.DONE in states else BucketState.WAITING
    return BucketState.CANCELLED if BucketState.CANCELLED in states else BucketState.DONE


def _yesterday() -> date:
    return datetime.now(UTC).date() - timedelta(days=1)

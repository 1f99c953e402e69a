"""What a task of a scheduler calls: plain values in and out, progress now and then."""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import msgspec

from ingestion.backfill import jobs
from ingestion.backfill.bucket import BucketReport, BucketState, Hands, Told
from ingestion.backfill.request import Request
from ingestion.errors import ConfigurationError, Unreachable
from ingestion.settings import load_settings
from ingestion.telemetry.logs import configure_logs

LOG = logging.getLogger(__name__)
TOLD_EVERY_SECONDS = 10.0
Push = Callable[[dict[str, Any]], None]


def plan(asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Plan a backfill, or take one that there is, and list its open buckets by id, number and title.

    Raises `ConfigurationError`.
    """
    settings = load_settings()
    backfill_id = asked.get("backfill_id") or jobs.start(settings, _request(asked))
    whole = jobs.summary(settings, backfill_id).backfill_id
    return [
        {"backfill_id": whole, "bucket": line.bucket, "title": line.title}
        for line in jobs.open_buckets(settings, whole)
    ]


def read(bucket: Mapping[str, Any], push: Push) -> dict[str, Any]:
    """Read one bucket; `push` gets a small report now and then. Raises `Unreachable` where it failed."""
    settings = load_settings()
    configure_logs(settings.log_level)
    hands = Hands(told=_now_and_then(push))
    report = jobs.read(settings, bucket["backfill_id"], bucket["bucket"], hands)
    if report.state is BucketState.FAILED:
        raise Unreachable("; ".join(f"{name}: {why}" for name, why in report.failures.items()))
    return small(report)


def small(report: BucketReport) -> dict[str, Any]:
    """Put a report into plain values, rounded for people."""
    values: dict[str, Any] = msgspec.to_builtins(report)
    left = report.seconds_left
    values["documents_per_second"] = round(report.documents_per_second, 2)
    values["seconds_left"] = None if left is None else round(left)
    return values


def _now_and_then(push: Push) -> Told:
    last = 0.0

    def told(report: BucketReport) -> None:
        nonlocal last
        if report.state is BucketState.READING and time.monotonic() - last < TOLD_EVERY_SECONDS:
            return
        last = time.monotonic()
        # By the standard library's logger: a scheduler shows what goes there, whatever our own level is.
        LOG.info("backfill_progress %s", small(report))
        push(small(report))

    return told


def _request(asked: Mapping[str, Any]) -> Request:
    if not (asked.get("sources") or asked.get("archives")):
        raise ConfigurationError("nothing to read: give sources with from and to, archives, or a backfill_id")
    return Request(
        sources=tuple(asked.get("sources") or ()),
        archives=tuple(asked.get("archives") or ()),
        since=_day(asked.get("from")),
        until=_day(asked.get("to")),
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError as error:
        raise ConfigurationError(f"{text!r} is no day; write it as in 2026-01-31") from error

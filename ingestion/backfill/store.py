"""The plan of one bucket with what its crawls have found, as it is kept in the state."""

import threading
import zlib

import msgspec
from msgspec import Struct

from ingestion.backfill.crawl import Listing
from ingestion.backfill.request import BucketPlan
from ingestion.state.backfills import SqlBackfills


class Stored(Struct, frozen=True, kw_only=True):
    """A plan, and the listing of each of its sources, packed."""

    plan: BucketPlan
    listings: dict[str, bytes] = {}


def encoded(plan: BucketPlan) -> bytes:
    """Write the plan of a bucket that nobody has begun."""
    return msgspec.msgpack.encode(Stored(plan=plan))


class PlanStore:
    """The plan and the listings of one bucket. Safe for several threads."""

    def __init__(self, backfills: SqlBackfills, backfill_id: str, bucket: int) -> None:
        self.backfills = backfills
        self.backfill_id = backfill_id
        self.bucket = bucket
        self._lock = threading.Lock()
        self._stored = msgspec.msgpack.decode(backfills.plan(backfill_id, bucket), type=Stored)

    @property
    def plan(self) -> BucketPlan:
        """What the bucket is to do."""
        return self._stored.plan

    def listing(self, source_id: str) -> Listing:
        """How far the sitemap of a source was read."""
        packed = self._stored.listings.get(source_id)
        return msgspec.msgpack.decode(zlib.decompress(packed), type=Listing) if packed else Listing()

    def keep(self, source_id: str, listing: Listing) -> None:
        """Remember it."""
        packed = zlib.compress(msgspec.msgpack.encode(listing), level=3)
        with self._lock:
            self._keep(Stored(plan=self.plan, listings={**self._stored.listings, source_id: packed}))

    def forget_listings(self) -> None:
        """Keep the plan alone: a bucket that is done needs no addresses any more."""
        with self._lock:
            self._keep(Stored(plan=self.plan))

    def _keep(self, stored: Stored) -> None:
        self._stored = stored
        self.backfills.keep_plan(self.backfill_id, self.bucket, msgspec.msgpack.encode(stored))

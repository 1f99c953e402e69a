"""What was seen of publishers: pages, listings and health."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import delete, insert, select

from ingestion.ports import Link, Listing, Validators, Visited
from ingestion.state.database import StateDatabase
from ingestion.state.tables import listings, pages, source_health


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How a source has been doing. `failure` is the cause of the last failed attempt in words."""

    source_id: str
    attempted_at: datetime
    succeeded_at: datetime | None
    failures_in_a_row: int
    failure: str | None


class SqlSourceMemory:
    """`ports.SourceMemory` over SQL."""

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    def listing(self, source_id: str) -> Listing | None:
        """What the source offered last."""
        with self._database.transaction() as connection:
            row = connection.execute(select(listings).where(listings.c.source_id == source_id)).one_or_none()
        if row is None:
            return None
        return Listing(
            links=msgspec.json.decode(row.links, type=tuple[Link, ...]),
            validators=Validators(etag=row.etag, last_modified=row.last_modified),
            read_at=row.read_at,
            failure=row.failure,
        )

    def keep_listing(self, source_id: str, listing: Listing) -> None:
        """Remember what the source offered."""
        with self._database.transaction() as connection:
            connection.execute(delete(listings).where(listings.c.source_id == source_id))
            connection.execute(
                insert(listings).values(
                    source_id=source_id,
                    links=msgspec.json.encode(listing.links),
                    etag=listing.validators.etag,
                    last_modified=listing.validators.last_modified,
                    read_at=listing.read_at,
                    failure=listing.failure,
                )
            )

    def visited(self, url: str) -> Visited | None:
        """When and with what answer the address was visited last."""
        with self._database.transaction() as connection:
            row = connection.execute(select(pages).where(pages.c.url == url)).one_or_none()
        if row is None:
            return None
        validators = Validators(etag=row.etag, last_modified=row.last_modified)
        return Visited(url=row.url, validators=validators, visited_at=row.visited_at, failure=row.failure)

    def record_visits(self, visited: Sequence[Visited]) -> None:
        """Remember acknowledged visits; of several to one address, the last."""
        rows = [
            {
                "url": url,
                "etag": visit.validators.etag,
                "last_modified": visit.validators.last_modified,
                "visited_at": visit.visited_at,
                "failure": visit.failure,
            }
            for url, visit in {visit.url: visit for visit in visited}.items()
        ]
        if not rows:
            return
        with self._database.transaction() as connection:
            for row in rows:
                connection.execute(delete(pages).where(pages.c.url == row["url"]))
            connection.execute(insert(pages), rows)

    def record_health(self, source_id: str, failure: str | None) -> None:
        """Note an attempt at the source."""
        before = self.health().get(source_id)
        now = datetime.now(UTC)
        failed_before = before.failures_in_a_row if before else 0
        succeeded_before = before.succeeded_at if before else None
        after = Health(
            source_id=source_id,
            attempted_at=now,
            succeeded_at=succeeded_before if failure else now,
            failures_in_a_row=failed_before + 1 if failure else 0,
            failure=failure,
        )
        with self._database.transaction() as connection:
            connection.execute(delete(source_health).where(source_health.c.source_id == source_id))
            connection.execute(insert(source_health).values(**msgspec.structs.asdict(after)))

    def health(self) -> dict[str, Health]:
        """How every source has been doing, by its id."""
        with self._database.transaction() as connection:
            rows = connection.execute(select(source_health)).all()
        return {row.source_id: Health(**row._mapping) for row in rows}  # noqa: SLF001 - the public name of it

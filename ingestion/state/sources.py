"""What was seen of publishers: pages, listings, positions, and how each source is doing."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, delete, insert, select

from ingestion.source_ports import Bookmark, Link, Listing, SourceState, Validators, Visited
from ingestion.state.database import StateDatabase
from ingestion.state.tables import bookmarks, listings, pages, source_states

ADDRESSES_IN_A_STATEMENT = 500


class SqlSourceMemory:
    """`ports.SourceMemory` over SQL."""

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    def listing(self, source_id: str) -> Listing | None:
        """What the source offered last."""
        with self._database.reading() as connection:
            row = connection.execute(select(listings).where(listings.c.source_id == source_id)).one_or_none()
        if row is None:
            return None
        return Listing(
            links=msgspec.json.decode(row.links, type=tuple[Link, ...]),
            validators=_validators(row),
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
                    digest=listing.validators.digest,
                    read_at=listing.read_at,
                    failure=listing.failure,
                )
            )

    def visited(self, url: str) -> Visited | None:
        """When and with what answer the address was visited last."""
        return self.visited_many([url]).get(url)

    def visited_many(self, urls: Sequence[str]) -> dict[str, Visited]:
        """The same of many at once; what was never visited is left out."""
        found: dict[str, Visited] = {}
        with self._database.reading() as connection:
            for some in _parts(urls):
                rows = connection.execute(select(pages).where(pages.c.url.in_(some))).all()
                found.update((row.url, _visited(row)) for row in rows)
        return found

    def record_visits(self, visited: Sequence[Visited]) -> None:
        """Remember acknowledged visits; of several to one address, the last."""
        rows = [
            {
                "url": url,
                "etag": visit.validators.etag,
                "last_modified": visit.validators.last_modified,
                "digest": visit.validators.digest,
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

    def state(self, source_id: str) -> SourceState | None:
        """How the source has been doing."""
        query = select(source_states).where(source_states.c.source_id == source_id)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return _state(row) if row else None

    def keep_state(self, state: SourceState) -> None:
        """Remember how the source is doing."""
        with self._database.transaction() as connection:
            connection.execute(delete(source_states).where(source_states.c.source_id == state.source_id))
            connection.execute(insert(source_states).values(**msgspec.structs.asdict(state)))

    def states(self) -> dict[str, SourceState]:
        """How every source has been doing, by its id."""
        with self._database.reading() as connection:
            rows = connection.execute(select(source_states)).all()
        return {row.source_id: _state(row) for row in rows}

    def bookmark(self, source_id: str, name: str) -> Bookmark | None:
        """How far something long was read."""
        at = (bookmarks.c.source_id == source_id) & (bookmarks.c.name == name)
        with self._database.reading() as connection:
            row = connection.execute(select(bookmarks).where(at)).one_or_none()
        return Bookmark(**_values(row)) if row else None

    def keep_bookmarks(self, kept: Sequence[Bookmark]) -> None:
        """Remember acknowledged positions; of several of one name, the last."""
        rows = {(mark.source_id, mark.name): msgspec.structs.asdict(mark) for mark in kept}
        if not rows:
            return
        with self._database.transaction() as connection:
            for source_id, name in rows:
                at = (bookmarks.c.source_id == source_id) & (bookmarks.c.name == name)
                connection.execute(delete(bookmarks).where(at))
            connection.execute(insert(bookmarks), list(rows.values()))


def _state(row: Row[Any]) -> SourceState:
    return msgspec.convert(_values(row), SourceState)


def _visited(row: Row[Any]) -> Visited:
    return Visited(url=row.url, validators=_validators(row), visited_at=row.visited_at, failure=row.failure)


def _parts(urls: Sequence[str]) -> Iterator[Sequence[str]]:
    """Split up what is more than one statement takes."""
    for begin in range(0, len(urls), ADDRESSES_IN_A_STATEMENT):
        yield urls[begin : begin + ADDRESSES_IN_A_STATEMENT]


def _validators(row: Row[Any]) -> Validators:
    return Validators(etag=row.etag, last_modified=row.last_modified, digest=row.digest)


def _values(row: Row[Any]) -> dict[str, Any]:
    return {str(name): value for name, value in row._mapping.items()}  # noqa: SLF001 - the public name of it

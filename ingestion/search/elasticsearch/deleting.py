"""Deleting articles, so that no older copy comes back while an index is being built anew."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ingestion.search.elasticsearch.actions import Fate, Result, delete_action, is_id
from ingestion.search.elasticsearch.bulk import BulkWriter
from ingestion.search.elasticsearch.documents import version_of
from ingestion.search.elasticsearch.server import Server
from ingestion.search.elasticsearch.targets import Targets


def delete(ids: Sequence[str], *, targets: Targets, writer: BulkWriter, server: Server) -> int:
    """Delete documents as if they had been observed now, and return how many were there.

    Elasticsearch remembers a deletion's version for `index.gc_deletes`, and takes nothing older till then.
    """
    versions = dict.fromkeys(filter(is_id, ids), version_of(datetime.now(UTC)))
    deleted: set[str] = set()
    while versions:
        actions = [delete_action(document_id, version) for document_id, version in versions.items()]
        conflicts: dict[str, int] = {}

        def send(alias: str, actions: list[Any] = actions, conflicts: dict[str, int] = conflicts) -> Any:
            results = writer.write(alias, actions, count=len(actions))
            deleted.update(name for name, result in results.items() if result.fate is Fate.DONE)
            conflicts.update(_versions(server, alias, results))
            return results

        targets.write(send)
        versions = conflicts
    return len(deleted)


def _versions(server: Server, alias: str, results: dict[str, Result]) -> dict[str, int]:
    """Just above the versions of documents that say they were observed later than now."""
    newer = [name for name, result in results.items() if result.fate is Fate.STALE]
    if not newer:
        return {}
    found = server.write("versions", lambda client: client.mget(index=alias, ids=newer, source=False))
    return {document["_id"]: document["_version"] + 1 for document in found["docs"] if document.get("found")}

"""Rejections in an index of their own, so that they can be counted by stage, error and source."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ingestion.article import Rejected
from ingestion.search.elasticsearch.actions import Action, index_action
from ingestion.search.elasticsearch.bulk import BulkWriter
from ingestion.search.elasticsearch.connection import Connection
from ingestion.search.elasticsearch.documents import version_of
from ingestion.search.elasticsearch.index import Options
from ingestion.search.elasticsearch.server import Server
from ingestion.search.elasticsearch.targets import Targets
from ingestion.search.rejected_mapping import PROPERTIES, rejected_template

NAME = "news-rejected"


class RejectionIndex:
    """The writing side of the rejections, idempotent by `rejected_id`; made ready at the first use."""

    def __init__(self, connection: Connection, options: Options | None = None) -> None:
        options = options or Options(name=NAME)
        self.layout = options.layout(rejected_template())
        self._server = Server(connection)
        self._targets = Targets(self._server, self.layout)
        self._writer = BulkWriter(
            self._server, threads=options.bulk_threads, request_bytes=options.bulk_bytes
        )

    def prepare(self) -> None:
        """Make template, index and aliases where they are missing; the first use does so by itself."""
        self._targets.prepare()

    def bulk(self, letters: Sequence[Rejected]) -> Mapping[str, str]:
        """Write dead letters, and return the server's reason for each `rejected_id` that it refused.

        Durable when it returns, and found a refresh interval later. Raises `Unavailable`.
        """
        newest = {letter.rejected_id: letter for letter in sorted(letters, key=lambda one: one.rejected_at)}
        if not newest:
            return {}
        actions = [_action(letter) for letter in newest.values()]
        results = self._targets.write(lambda alias: self._writer.write(alias, actions, count=len(actions)))
        return {name: result.reason for name, result in results.items() if result.reason}

    def close(self) -> None:
        """Wait for what is in flight, and let go of the connections."""
        self._writer.close()
        self._server.close()


def _action(letter: Rejected) -> Action:
    document: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(letter, payload=None))
    kept = {name: value for name, value in document.items() if name in PROPERTIES}
    return index_action(letter.rejected_id, version_of(letter.rejected_at), kept)

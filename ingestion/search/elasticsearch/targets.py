"""Writing where the aliases point, also while an index is being built anew.

While that goes on, the write alias names the new index and the read alias the old one, and both are written
to. The aliases are looked at again after each write: had they moved in the meantime, it is done once more. So
whatever was acknowledged is in the index that was read when it came, and in the one that is built: it was
there before the copying began, or it was written to both.
"""

from collections.abc import Callable
from threading import Lock

from ingestion.errors import ConfigurationError, Stop
from ingestion.search.elasticsearch.actions import Fate, Result
from ingestion.search.elasticsearch.layout import Aliases, Layout, extend, look, set_up
from ingestion.search.elasticsearch.server import Server

Results = dict[str, Result]
SEVERITY = (Fate.REFUSED, Fate.STALE, Fate.DONE, Fate.ABSENT)


class Targets:
    """The aliases as they were seen last. Safe to use from several threads."""

    def __init__(self, server: Server, layout: Layout) -> None:
        self._server = server
        self._layout = layout
        self._seen: Aliases | None = None
        self._extended = False
        self._lock = Lock()

    def prepare(self) -> Aliases:
        """See that the aliases are there; make the first index where it is missing."""
        with self._lock:
            if self._seen is None:
                self._server.check()
                aliases = look(self._server, self._layout)
                self._seen = aliases if aliases.is_complete else set_up(self._server, self._layout)
            return self._seen

    def write(self, send: Callable[[str], Results]) -> Results:
        """Call `send` with each alias that has to be written, until they stay where they are."""
        aliases = self.prepare()
        self._extend(aliases)
        while True:
            results = merged([send(alias) for alias in self._names(aliases)])
            after = look(self._server, self._layout)
            if not after.is_complete:
                raise Stop(f"the aliases of {self._layout.name} were taken away; see docs/elasticsearch.md")
            if (after.read, after.written) == (aliases.read, aliases.written):
                return results
            self._seen = aliases = after

    def _extend(self, aliases: Aliases) -> None:
        """See that the indices have every field that is written; once, before the first write."""
        with self._lock:
            if not self._extended and not extend(self._server, self._layout, aliases):
                raise ConfigurationError(
                    f"the indices of {self._layout.name} cannot take the fields of this version: build the "
                    "index anew, see docs/elasticsearch.md"
                )
            self._extended = True

    def _names(self, aliases: Aliases) -> tuple[str, ...]:
        if aliases.read == aliases.written:
            return (self._layout.writing,)
        return (self._layout.writing, self._layout.reading)


def merged(found: list[Results]) -> Results:
    """The results of several indices for the same actions: a refusal by one is a refusal."""
    together: Results = {}
    for results in found:
        for name, result in results.items():
            together[name] = min(together.get(name, result), result, key=_severity)
    return together


def _severity(result: Result) -> int:
    return SEVERITY.index(result.fate)

"""Checks each configured service, and says what to do about it."""

from collections.abc import Callable

from msgspec import Struct
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingestion.errors import NewsError, Unavailable
from ingestion.settings import Settings
from ingestion.topics import topics
from ingestion.wiring import Wiring


class Finding(Struct, frozen=True, kw_only=True):
    """One service: whether it works, what was seen, and what to do if not."""

    service: str
    setting: str
    healthy: bool
    seen: str
    advice: str = ""


ADVICE = {
    "broker": "set NEWS_BROKER to a log that can be reached, and see that its folder can be written",
    "state": "set NEWS_STATE to a database that can be reached, and see that its folder can be written",
    "lake": "set NEWS_LAKE to storage that can be reached with the credentials of this environment",
    "search": "set NEWS_SEARCH to an index that can be reached; only one process at a time may write it",
    "catalogue": "set NEWS_CATALOGUE to a folder of publishers' files; the message names the one to mend",
    "exports": "set NEWS_EXPORTS to a folder that can be written",
}


def examine(settings: Settings) -> list[Finding]:
    """Look at every service in turn; one that fails does not keep the others from being seen."""
    with Wiring(settings) as wiring:
        return [
            _examined("broker", settings.broker, lambda: _broker(wiring)),
            _examined("state", settings.state, lambda: _state(wiring)),
            _examined("lake", settings.lake, lambda: _lake(wiring)),
            _examined("search", settings.search, lambda: _search(wiring)),
            _examined("catalogue", str(settings.catalogue), lambda: _catalogue(settings)),
            _examined("exports", str(settings.exports), lambda: _exports(settings)),
        ]


def _examined(service: str, setting: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(service=service, setting=_without_password(setting), healthy=True, seen=look())
    except (NewsError, OSError) as fault:
        return Finding(
            service=service,
            setting=_without_password(setting),
            healthy=False,
            seen=str(fault),
            advice=ADVICE[service],
        )


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    credentials, at, host = rest.rpartition("@")
    return f"{scheme}{separator}***{at}{host}" if credentials else url


def _broker(wiring: Wiring) -> str:
    names = ", ".join(f"{t.name} ({t.partitions})" for t in topics(wiring.settings.partitions))
    wiring.broker.lag("transform", topics(1)[0].name)
    return f"topics with their partitions: {names}"


def _state(wiring: Wiring) -> str:
    return f"{len(wiring.ledger.balances())} balances in the ledger"


def _lake(wiring: Wiring) -> str:
    reader = wiring.lake_reader()
    return (
        f"version {reader.version}, {reader.count()} rows" if reader.version is not None else "empty so far"
    )


def _search(wiring: Wiring) -> str:
    if wiring.settings.search.startswith("index:"):
        return f"{wiring.search.count()} articles"
    from ingestion.search.elasticsearch.health import health
    from ingestion.search.elasticsearch.index import ElasticsearchIndex

    index = wiring.search
    assert isinstance(index, ElasticsearchIndex)
    found = health(index)
    if found.status == "red" or found.blocks:
        raise Unavailable("; ".join(found.advice))
    seen = (
        f"{found.cluster}, Elasticsearch {found.version}, {found.status}, license {found.license}",
        f"{found.documents} articles in {', '.join(found.read) or 'no index yet'}",
    )
    return "; ".join((*seen, *found.advice))


def _catalogue(settings: Settings) -> str:
    from ingestion.sources.catalogue import load_catalogue

    entries = load_catalogue(settings.catalogue)
    return f"{len(entries)} sources, {sum(entry.enabled for entry in entries)} enabled"


def _exports(settings: Settings) -> str:
    settings.exports.mkdir(parents=True, exist_ok=True)
    probe = settings.exports / ".writable"
    probe.touch()
    probe.unlink()
    return "can be written"


def print_findings(console: Console, findings: list[Finding]) -> None:
    """Print a table, with advice where something is wrong."""
    table = Table("", "service", "setting", "what was seen", title="Doctor")
    for finding in findings:
        mark = "[green]✓[/]" if finding.healthy else "[red]✗[/]"
        advice = f"\n[yellow]{escape(finding.advice)}[/]" if finding.advice else ""
        table.add_row(mark, finding.service, escape(finding.setting), escape(finding.seen) + advice)
    console.print(table)

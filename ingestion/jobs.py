"""The jobs: one bounded piece of the walk each, run alike by an Airflow task and by the command line.

Every job opens what it needs, works until it has caught up, and returns a small report; a fault is
raised. None of them does anything twice, however often it is run.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
from msgspec import Struct

from ingestion import pipeline
from ingestion.article import Outcome, Rejected
from ingestion.collecting import Collected, collect_entries, collect_sources, enabled_entries, never
from ingestion.errors import ConfigurationError, Fenced, Unbalanced
from ingestion.settings import BUNDLED_CATALOGUE, Settings, load_settings
from ingestion.source_ports import Source
from ingestion.telemetry.logs import configure_logs
from ingestion.topics import ARTICLES, OUTCOMES, RAW
from ingestion.wiring import Wiring

if TYPE_CHECKING:
    from ingestion.lake.export import ExportReport
    from ingestion.source_health import Watched
    from ingestion.state.ledger import Balance

FOLDS_BEFORE_DOUBT = 5
"""A ledger that is still open after so many looks, with nothing in flight, does not balance."""


class Drained(Struct, frozen=True, kw_only=True):
    """Records handled by a job, and records that came after it began to finish."""

    handled: int
    lag: int


class Account(Struct, frozen=True, kw_only=True):
    """What the books say. `reasons` splits up what was dropped and rejected."""

    documents: int
    outcomes: dict[str, int]
    reasons: dict[str, int]
    open_documents: int
    sources: "list[Balance]"


class Exported(Struct, frozen=True, kw_only=True):
    """What was exported, one report for each rights profile."""

    profiles: "tuple[ExportReport, ...]"


class Audited(Struct, frozen=True, kw_only=True):
    """The days that were judged, with their rows, and the page that shows how."""

    days: dict[str, int]
    warnings: tuple[str, ...]
    page: str


def new_run_id(command: str) -> str:
    """Name a run: what started it, when, and something that no other run has."""
    return f"{command}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid4().hex[:6]}"


def plan(settings: Settings, *, only_due: bool = False) -> list[list[str]]:
    """Deal the ids of the enabled sources into buckets, all sources of one host in one bucket.

    With `only_due`, sources whose time has not come are left out. The oldest due come first.
    """
    from ingestion.sources.schedule import Schedule, deal, planned

    now = datetime.now(UTC)
    with Wiring(settings) as wiring:
        states = wiring.source_memory.states()
    schedule = Schedule(planned(entry, states.get(entry.id), now) for entry in enabled_entries(settings))
    return deal(schedule.due(now if only_due else datetime.max.replace(tzinfo=UTC)), settings.buckets)


def collect(
    settings: Settings,
    source_ids: Sequence[str] | None = None,
    *,
    run_id: str,
    stop: Callable[[], bool] = never,
) -> Collected:
    """Collect from the catalogue's sources, or from some of them.

    A source that cannot be reached does not keep the others back; raises `Unreachable` where none
    of several could be, because then it is the network that is down.
    """
    entries = [e for e in enabled_entries(settings) if source_ids is None or e.id in source_ids]
    missing = set(source_ids or ()) - {entry.id for entry in entries}
    if missing:
        raise ConfigurationError(f"no enabled source {', '.join(sorted(missing))} in {settings.catalogue}")
    with Wiring(settings) as wiring:
        return collect_entries(wiring, entries, run_id, stop)


def collect_input(settings: Settings, inputs: Sequence[str], *, run_id: str) -> Collected:
    """Collect from files, folders and addresses that a person names."""
    with Wiring(settings) as wiring:
        return collect_sources(wiring, [open_input(wiring, name) for name in inputs], run_id)


def open_input(wiring: Wiring, name: str) -> Source:
    """Open a file, a folder or an address as a source. Raises `ConfigurationError` where there is none."""
    from ingestion.sources.address import from_url
    from ingestion.sources.files import FilesSource

    if name.startswith(("http://", "https://")):
        return from_url(
            name, fetcher=wiring.fetcher, memory=wiring.source_memory, limits=wiring.source_limits
        )
    path = Path(name)
    if not path.exists():
        raise ConfigurationError(f"there is no file or folder {name}")
    return FilesSource(path, limits=wiring.source_limits)


@contextmanager
def sample_newsroom(settings: Settings) -> Iterator[Settings]:
    """Serve the sample newsroom where it is the catalogue and nobody serves it; yield the settings to it."""
    if settings.catalogue != BUNDLED_CATALOGUE or settings.fetch.connect_to:
        yield settings
        return
    from ingestion.newsroom.server import running

    with running() as address:
        fetch = {"connect_to": {"*.example": f"{address.host}:{address.port}"}, "min_interval_seconds": 0}
        yield settings.model_copy(update={"fetch": settings.fetch.model_copy(update=fetch)})


def transform(settings: Settings) -> Drained:
    """Turn raw documents into articles until caught up."""
    with Wiring(settings) as wiring:
        handled = pipeline.transform(
            wiring.walk, wiring.extractor, wiring.memory, wiring.producer("transform")
        )
        return Drained(handled=handled, lag=wiring.broker.lag("transform", RAW))


def store(settings: Settings) -> Drained:
    """Bring articles into the lake until caught up."""
    with Wiring(settings) as wiring:
        handled = pipeline.store(
            wiring.store_walk, wiring.gate, wiring.auditor, wiring.lake, wiring.producer("store")
        )
        return Drained(handled=handled, lag=wiring.broker.lag("store", ARTICLES))


def index(settings: Settings) -> Drained:
    """Make articles searchable until caught up."""
    with Wiring(settings) as wiring:
        handled = pipeline.index(wiring.walk, wiring.gate, wiring.search, wiring.producer("index"))
        if wiring.rejections:
            pipeline.index_rejected(wiring.walk, wiring.rejections)
        return Drained(handled=handled, lag=wiring.broker.lag("index", ARTICLES))


def account(settings: Settings, run_id: str | None = None) -> Account:
    """Bring the ledger up to date and see whether it balances. Raises `Unbalanced`.

    Documents that wait on `news.raw` are in flight, and no fault.
    """
    with Wiring(settings) as wiring:
        for _ in range(FOLDS_BEFORE_DOUBT):
            in_flight = wiring.broker.lag("transform", RAW)
            with suppress(Fenced):  # another worker keeps the same books, and was faster
                pipeline.account(wiring.walk, wiring.ledger)
            books = wiring.ledger.balances()
            unsettled = [balance for balance in books if balance.open_documents]
            if in_flight or wiring.broker.lag("account", OUTCOMES) or not unsettled:
                return _account([b for b in books if run_id in {None, b.run_id}])
    raise Unbalanced(
        "; ".join(
            f"run {b.run_id}, source {b.source_id}: {b.entered} documents entered, "
            f"{b.entered - b.open_documents} have an outcome ({b.outcomes})"
            for b in unsettled
        )
    )


def _account(books: "list[Balance]") -> Account:
    labels: Counter[str] = Counter()
    for balance in books:
        labels.update(balance.outcomes)
    return Account(
        documents=sum(balance.entered for balance in books),
        outcomes=by_outcome(labels),
        reasons={label: labels[label] for label in sorted(labels) if "/" in label},
        open_documents=sum(balance.open_documents for balance in books),
        sources=books,
    )


def by_outcome(labels: Mapping[str, int]) -> dict[str, int]:
    """Sum up ledger labels, `dropped/not_an_article` and the like, by their outcome."""
    sums = {str(outcome): 0 for outcome in Outcome}
    for label, count in labels.items():
        sums[label.partition("/")[0]] += count
    return sums


def replay(settings: Settings, rejected_ids: Sequence[str], *, everything: bool = False) -> Collected:
    """Send dead letters through the walk again as a run of its own; the letters stay as they are.

    `rejected_ids` are ids or beginnings of them. Raises `ConfigurationError` where one fits nothing.
    """
    from ingestion.replay import DeadLetterSource, chosen

    run_id = new_run_id("replay")
    with Wiring(settings) as wiring:
        letters = chosen(wiring.broker, rejected_ids, everything=everything)
        by_source: dict[str, list[Rejected]] = {}
        for letter in letters:
            by_source.setdefault(letter.source.id, []).append(letter)
        sources = [DeadLetterSource(found, wiring.fetcher) for found in by_source.values()]
        return collect_sources(wiring, sources, run_id)


def audit(settings: Settings) -> Audited:
    """Judge the days of the lake that have changed since they were judged last. Raises `AuditFailed`."""
    from expectations import narrow
    from ingestion.lake.audit import fail_loudly
    from ingestion.lake.data_docs import build_data_docs
    from ingestion.lake.report import newest_by_day

    with Wiring(settings) as wiring:
        reader = wiring.lake_reader()
        judged = newest_by_day(settings.data_docs / "reports")
        changed = [d for d in reader.days() if d.day not in judged or judged[d.day].rows != d.rows]
        reports = [wiring.auditor.audit_day(d.day, reader.day(d.day, narrow.READ)) for d in changed]
        page = build_data_docs(settings.data_docs)
    for report in reports:
        fail_loudly(report)
    warnings = tuple(f"{r.day}: {check.statement}" for r in reports for check in r.failures)
    return Audited(days={str(r.day): r.rows for r in reports}, warnings=warnings, page=str(page))


def export(settings: Settings, rights: Sequence[str] = ()) -> Exported:
    """Write the days of the lake that have changed, and passed their audit, as plain Parquet.

    Once for each rights profile of these names, else of those that are set.
    """
    from ingestion.lake.export import export_articles
    from ingestion.lake.profiles import chosen
    from ingestion.lake.report import newest_by_day

    profiles = chosen(tuple(rights) or settings.export_rights, settings.rights_profiles)
    with Wiring(settings) as wiring:
        judged, reader = newest_by_day(settings.data_docs / "reports"), wiring.lake_reader()
        reports = [
            export_articles(reader, profile.folder(settings.exports), judged, profile) for profile in profiles
        ]
    return Exported(profiles=tuple(reports))


def watch_sources(settings: Settings) -> "Watched":
    """Judge how every enabled source is doing. Raises `SourcesInTrouble`, naming those it has lasted for."""
    from ingestion.source_health import health_rows, watched

    return watched(health_rows(settings), settings.source_trouble_seconds)


def run(job: Callable[..., object], *arguments: object, **options: object) -> Any:
    """Run a job by the settings of the environment; return its report as plain values."""
    settings = load_settings()
    configure_logs(settings.log_level)
    return msgspec.to_builtins(job(settings, *arguments, **options), enc_hook=str)

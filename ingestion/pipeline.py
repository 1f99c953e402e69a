"""The walk of an article, from publisher to search hit, in numbered steps.

    collect     publisher     → news.raw                        at least once
    transform   news.raw      → news.articles, news.rejected    exactly once
    store       news.articles → lake                            exactly once
    index       news.articles → search                          idempotent
    index_rejected  news.rejected → search                      idempotent
    account     news.outcomes → ledger                          exactly once

Every job may be killed at any line and run again: what a step had begun is either undone by the
crash or recognised when it is met again. `docs/promises.md` says how; `tests/crash/` kills between
every two steps.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass

from msgspec.structs import replace

from ingestion import __version__, stages
from ingestion.article import (
    Article,
    Document,
    Drop,
    Gone,
    Lineage,
    Outcome,
    PubStatus,
    Rejected,
    SourceRef,
    Tally,
)
from ingestion.codec import decode, decode_row
from ingestion.columns import read_columns, without
from ingestion.drain import Budget, drain, ends_of, starts_of
from ingestion.errors import Invalid, Permanent
from ingestion.outbox import dead_letter, quarantine, send, send_refused, send_tallies
from ingestion.ports import (
    Auditor,
    Broker,
    Extractor,
    Gate,
    Lake,
    Ledger,
    Memory,
    Observer,
    Producer,
    Record,
    RejectionSink,
    SearchSink,
)
from ingestion.source_ports import Batch, Source, SourceMemory
from ingestion.tallies import Entry, RejectionWatch, label_of
from ingestion.topics import ARTICLES, OUTCOMES, RAW, REJECTED

FOREIGN = SourceRef(id="unknown", kind="unknown")

GONE = {
    Drop(Outcome.DROPPED, "gone"): PubStatus.CANCELED,
    Drop(Outcome.DROPPED, "empty_body"): PubStatus.WITHHELD,
}
"""What a drop says of an article that was read at the same address before."""


@dataclass(frozen=True, kw_only=True)
class Walk:
    """What every job needs: the log, how much to do, who is told, and when too much fails."""

    broker: Broker
    budget: Budget
    observer: Observer
    rejected_share_limit: float = 0.5


def collect(
    walk: Walk, batches: Iterable[Batch], run_id: str, producer: Producer, memory: SourceMemory
) -> Counter[str]:
    """Publishers to `news.raw`. Returns how many documents entered, by the id of their source.

    1. Take a batch of visits: what came in together, from however many sources.
    2. One transaction: the documents, the dead letters, and the count of both for each source.
    3. Remember the visits; a crash before this visits them again, and `transform` sees no change.
    4. Remember how far each source was read that has come to its end.
    """
    entered: Counter[str] = Counter()
    for batch in batches:
        walk.observer.reached("collect.1", documents=len(batch.visits))
        if batch.visits:
            with producer.transaction() as transaction:
                for _, visit in batch.visits:
                    send(transaction, visit.result)
                entries = [_collected(source, visit.result, run_id) for source, visit in batch.visits]
                send_tallies(transaction, "collect", entries)
        walk.observer.reached("collect.2")
        memory.record_visits([visit.visited for _, visit in batch.visits if visit.visited])
        memory.keep_bookmarks([visit.bookmark for _, visit in batch.visits if visit.bookmark])
        walk.observer.reached("collect.3")
        for source in batch.ended:
            source.settle()
        walk.observer.reached("collect.4", sources=[source.ref.id for source in batch.ended])
        entered.update(source.ref.id for source, _ in batch.visits)
        entered.update(dict.fromkeys((source.ref.id for source in batch.ended), 0))
    return entered


def transform(walk: Walk, extractor: Extractor, memory: Memory, producer: Producer) -> int:
    """`news.raw` to `news.articles` and `news.rejected`. Returns how many documents were read.

    1. Read a batch of documents.
    2. Parse each, in as many processes as there are processors, and pass it through the stages that
       need no memory.
    3. Pass the rest through the stages that claim memory, in one transaction of the state. A record
       that is read again after a crash finds its own claims and gets the same answers.
    4. One transaction: articles, dead letters, tallies, and the offsets of the batch.
    """
    watch = RejectionWatch(walk.rejected_share_limit)

    def handle(records: Sequence[Record]) -> None:
        walk.observer.reached("transform.1", documents=len(records))
        read = _read(records, extractor)
        walk.observer.reached("transform.2")
        with memory.claims() as claims:
            results = stages.claim_all([result for _, result in read], claims)
        walk.observer.reached("transform.3")
        watch.add(results)
        with producer.transaction() as transaction:
            for record, result in zip(records, results, strict=True):
                send(transaction, result, record.headers)
            entries = [replace(e, outcome=label_of(r)) for (e, _), r in zip(read, results, strict=True)]
            send_tallies(transaction, "transform", entries)
            transaction.advance(consumer, ends_of(records))
        walk.observer.reached("transform.4")

    consumer = walk.broker.consumer("transform", [RAW])
    with closing(consumer):
        return drain(consumer, walk.budget, walk.observer, handle)


def store(walk: Walk, gate: Gate, auditor: Auditor, lake: Lake, producer: Producer) -> int:
    """`news.articles` to the lake. Returns how many articles were read.

    1. Read a batch from where the lake stands, whatever the consumer group says: the group may be
       ahead of the lake, and a lake that holds nothing yet begins at 0.
    2. Separate the rows that break a rule.
    3. One transaction: their dead letters, the correction of the tallies, the group's offsets.
       When the batch is read again after a crash, those offsets tell what was sent already.
    4. Judge the rest as a batch.
    5. One commit of the lake: the rows, and where reading goes on.
    """

    def handle(records: Sequence[Record]) -> None:
        walk.observer.reached("store.1", articles=len(records))
        articles = read_columns(records, Article)
        failures = gate.failures(articles)
        walk.observer.reached("store.2", failures=len(failures))
        quarantine(producer, consumer, records, failures)
        walk.observer.reached("store.3")
        passed = without(articles, failures)
        auditor.audit_batch(passed)
        walk.observer.reached("store.4")
        lake.append(passed, starts_of(records), ends_of(records))
        walk.observer.reached("store.5")

    consumer = walk.broker.consumer("store", [ARTICLES], start_at=lambda at: lake.next_offset(at) or 0)
    with closing(consumer):
        return drain(consumer, walk.budget, walk.observer, handle)


def index(walk: Walk, gate: Gate, sink: SearchSink, producer: Producer) -> int:
    """`news.articles` to search. Returns how many articles were read.

    1. Read a batch.
    2. Leave out the rows that break a rule; `store` accounts for them.
    3. Write the rest, and look at each row's result: an older observation is no fault.
    4. One transaction: the dead letters of refused rows, the correction of the tallies, the offsets.
    """

    def handle(records: Sequence[Record]) -> None:
        walk.observer.reached("index.1", articles=len(records))
        failures = gate.failures(read_columns(records, Article))
        passed = [record for number, record in enumerate(records) if number not in failures]
        walk.observer.reached("index.2", failures=len(failures))
        results = sink.bulk([decode_row(record.value, Article) for record in passed])
        refused = [
            (record, Invalid(result.error))
            for record, result in zip(passed, results, strict=True)
            if result.error
        ]
        walk.observer.reached("index.3", refused=len(refused))
        with producer.transaction() as transaction:
            send_refused(transaction, "index", refused)
            transaction.advance(consumer, ends_of(records))
        walk.observer.reached("index.4")

    consumer = walk.broker.consumer("index", [ARTICLES])
    with closing(consumer):
        return drain(consumer, walk.budget, walk.observer, handle)


def index_rejected(walk: Walk, sink: RejectionSink) -> int:
    """`news.rejected` to search, so that rejections can be counted by reason. Returns how many were read.

    1. Read a batch of dead letters.
    2. Write them without their bytes. One that is refused is told to the observer: it stays on its topic.
    3. Move the group on; a batch that is written again after a crash changes nothing.
    """

    def handle(records: Sequence[Record]) -> None:
        walk.observer.reached("index_rejected.1", letters=len(records))
        refused = sink.bulk([decode(record.value, Rejected) for record in records])
        walk.observer.reached("index_rejected.2", refused=dict(refused))
        consumer.commit(ends_of(records))
        walk.observer.reached("index_rejected.3")

    consumer = walk.broker.consumer("index_rejected", [REJECTED])
    with closing(consumer):
        return drain(consumer, walk.budget, walk.observer, handle)


def account(walk: Walk, ledger: Ledger) -> int:
    """`news.outcomes` to the ledger. Returns how many tallies were read.

    1. Read a batch of tallies from where the ledger stands.
    2. One SQL transaction: the sums, and where reading goes on.
    3. Tell the group, so that its lag is right.
    """

    def handle(records: Sequence[Record]) -> None:
        walk.observer.reached("account.1", tallies=len(records))
        ledger.fold([decode(record.value, Tally) for record in records], starts_of(records), ends_of(records))
        walk.observer.reached("account.2")
        consumer.commit(ends_of(records))
        walk.observer.reached("account.3")

    consumer = walk.broker.consumer("account", [OUTCOMES], start_at=lambda at: ledger.next_offset(at) or 0)
    with closing(consumer):
        return drain(consumer, walk.budget, walk.observer, handle)


def _collected(source: Source, result: Document | Article | Drop | Rejected, run_id: str) -> Entry:
    outcome = None if isinstance(result, Document) else label_of(result)
    return Entry(run_id=run_id, source_id=source.ref.id, outcome=outcome, enters=True)


def _read(
    records: Sequence[Record], extractor: Extractor
) -> list[tuple[Entry, Article | Gone | Drop | Rejected]]:
    """Parse each record, whatever is in it; the entry is where it is counted."""
    decoded = [_decoded(record) for record in records]
    extracted = iter(extractor.extract([found for found in decoded if isinstance(found, Document)]))
    return [
        _prepared(record, found, next(extracted)) if isinstance(found, Document) else _foreign(record, found)
        for record, found in zip(records, decoded, strict=True)
    ]


def _decoded(record: Record) -> Document | Permanent:
    try:
        return decode(record.value, Document)
    except Permanent as fault:
        return fault


def _foreign(record: Record, fault: Permanent) -> tuple[Entry, Rejected]:
    """Enter what nobody counted in: some other program wrote it."""
    entry = Entry(run_id="unknown", source_id=FOREIGN.id, enters=True)
    return entry, dead_letter(record, fault, "parse", FOREIGN, "unknown")


def _prepared(
    record: Record, document: Document, extracted: Article | Drop | Permanent
) -> tuple[Entry, Article | Gone | Drop | Rejected]:
    entry = Entry(run_id=document.run_id, source_id=document.source.id)
    if isinstance(extracted, Drop):
        return entry, gone_or(extracted, document, record)
    try:
        if isinstance(extracted, Permanent):
            raise extracted
        return entry, stages.prepare(placed(extracted, record))
    except Permanent as fault:
        stage = "validate" if isinstance(fault, Invalid) else "parse"
        return entry, dead_letter(record, fault, stage, document.source, document.run_id)


def gone_or(drop: Drop, document: Document, record: Record) -> Gone | Drop:
    """Ask whether an article was withdrawn, where a drop says that there is nothing any more."""
    if drop not in GONE:
        return drop
    lineage = Lineage(
        document_id=document.document_id,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        run_id=document.run_id,
        code_version=__version__,
    )
    return Gone(
        url=document.discovered_url or document.locator,
        pub_status=GONE[drop],
        otherwise=drop,
        fetched_at=document.fetched_at,
        ingested_at=record.timestamp,
        lineage=lineage,
    )


def placed(article: Article, record: Record) -> Article:
    """Say in an article which record of the log it came from."""
    lineage = replace(article.lineage, topic=record.topic, partition=record.partition, offset=record.offset)
    return replace(article, ingested_at=record.timestamp, lineage=lineage)

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

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from msgspec.structs import replace

from ingestion import stages
from ingestion.article import Article, Document, Drop, Rejected, SourceRef, Tally
from ingestion.codec import decode, decode_row
from ingestion.columns import read_columns, without
from ingestion.drain import Budget, drain, ends_of, starts_of
from ingestion.errors import Invalid, Permanent
from ingestion.outbox import dead_letter, quarantine, send, send_refused, send_tallies
from ingestion.parse import parse
from ingestion.ports import (
    Auditor,
    Broker,
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
from ingestion.source_ports import Source, SourceMemory, Visit
from ingestion.tallies import Entry, RejectionWatch, label_of
from ingestion.topics import ARTICLES, OUTCOMES, RAW, REJECTED

FOREIGN = SourceRef(id="unknown", kind="unknown")


@dataclass(frozen=True, kw_only=True)
class Walk:
    """What every job needs: the log, how much to do, who is told, and when too much fails."""

    broker: Broker
    budget: Budget
    observer: Observer
    rejected_share_limit: float = 0.5


def collect(walk: Walk, source: Source, run_id: str, producer: Producer, memory: SourceMemory) -> int:
    """Publisher to `news.raw`. Returns how many documents entered.

    1. Visit what the source offers, a batch at a time.
    2. One transaction: the documents, the dead letters, and the count of both.
    3. Remember the visits; a crash before this visits them again, and `transform` sees no change.
    4. Remember how far the source was read.
    """
    entered = 0
    for batch in _batches(source.visits(run_id), walk.budget):
        walk.observer.reached("collect.1", source=source.ref.id, documents=len(batch))
        with producer.transaction() as transaction:
            for visit in batch:
                send(transaction, visit.result)
            send_tallies(transaction, "collect", [_collected(v.result, source, run_id) for v in batch])
        walk.observer.reached("collect.2")
        memory.record_visits([visit.visited for visit in batch if visit.visited])
        memory.keep_bookmarks([visit.bookmark for visit in batch if visit.bookmark])
        walk.observer.reached("collect.3")
        entered += len(batch)
    source.settle()
    walk.observer.reached("collect.4", source=source.ref.id)
    return entered


def transform(walk: Walk, memory: Memory, producer: Producer) -> int:
    """`news.raw` to `news.articles` and `news.rejected`. Returns how many documents were read.

    1. Read a batch of documents.
    2. Parse each, and pass it through the stages that need no memory.
    3. Pass the rest through the stages that claim memory, in one transaction of the state. A record
       that is read again after a crash finds its own claims and gets the same answers.
    4. One transaction: articles, dead letters, tallies, and the offsets of the batch.
    """
    watch = RejectionWatch(walk.rejected_share_limit)

    def handle(records: Sequence[Record]) -> None:
        walk.observer.reached("transform.1", documents=len(records))
        read = [_read_document(record) for record in records]
        walk.observer.reached("transform.2")
        with memory.claims() as claims:
            results = [stages.claim(r, claims) if isinstance(r, Article) else r for _, r in read]
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


def _batches(visits: Iterable[Visit], budget: Budget) -> Iterator[list[Visit]]:
    batch: list[Visit] = []
    size_bytes = 0
    for visit in visits:
        batch.append(visit)
        size_bytes += len(visit.result.body) if isinstance(visit.result, Document) else 0
        if len(batch) >= budget.batch_records or size_bytes >= budget.batch_bytes:
            yield batch
            batch, size_bytes = [], 0
    if batch:
        yield batch


def _collected(result: Document | Article | Drop | Rejected, source: Source, run_id: str) -> Entry:
    outcome = None if isinstance(result, Document) else label_of(result)
    return Entry(run_id=run_id, source_id=source.ref.id, outcome=outcome, enters=True)


def _read_document(record: Record) -> tuple[Entry, Article | Drop | Rejected]:
    """Parse one record, whatever is in it; the entry is where it is counted."""
    try:
        document = decode(record.value, Document)
    except Permanent as fault:
        # Nobody counted it in: some other program wrote it.
        entry = Entry(run_id="unknown", source_id=FOREIGN.id, enters=True)
        return entry, dead_letter(record, fault, "parse", FOREIGN, "unknown")
    entry = Entry(run_id=document.run_id, source_id=document.source.id)
    return entry, _article_of(record, document)


def _article_of(record: Record, document: Document) -> Article | Drop | Rejected:
    try:
        article = parse(document)
        if isinstance(article, Drop):
            return article
        return stages.prepare(placed(article, record))
    except Permanent as fault:
        stage = "validate" if isinstance(fault, Invalid) else "parse"
        return dead_letter(record, fault, stage, document.source, document.run_id)


def placed(article: Article, record: Record) -> Article:
    """Say in an article which record of the log it came from."""
    lineage = replace(article.lineage, topic=record.topic, partition=record.partition, offset=record.offset)
    return replace(article, ingested_at=record.timestamp, lineage=lineage)

"""What a step puts into its transaction: documents, articles, dead letters and tallies."""

from collections.abc import Mapping, Sequence

from ingestion.article import Article, Document, Drop, Rejected, RejectedPayload, SourceRef
from ingestion.codec import decode, encode
from ingestion.drain import ends_of
from ingestion.errors import Invalid, Permanent
from ingestion.parse.urls import clean_url
from ingestion.ports import Consumer, Message, Producer, Record, Transaction
from ingestion.rejected import rejected
from ingestion.tallies import Entry, label_of, tallies
from ingestion.topics import ARTICLES, OUTCOMES, RAW, REJECTED


def dead_letter(record: Record, fault: Permanent, stage: str, source: SourceRef, run_id: str) -> Rejected:
    """Build the dead letter of a record: its payload is the record's own value."""
    kind = RejectedPayload.ARTICLE if record.topic == ARTICLES else RejectedPayload.DOCUMENT
    return rejected(
        fault,
        stage=stage,
        source=source,
        run_id=run_id,
        locator=record.headers.get("locator", f"{record.topic}/{record.partition}/{record.offset}"),
        payload=record.value,
        payload_kind=kind,
        headers=record.headers,
        origin={"topic": record.topic, "partition": record.partition, "offset": record.offset},
    )


def quarantine(
    producer: Producer,
    consumer: Consumer,
    records: Sequence[Record],
    failures: Mapping[int, tuple[str, ...]],
) -> None:
    """Send the rows that break a rule to `news.rejected`, each once, and move the group on.

    The group's offsets never go back: what lies before them was sent by an earlier attempt.
    """
    sent = {partition: consumer.committed(partition) for partition in ends_of(records)}
    unsent = [
        (records[number], Invalid("breaks " + ", ".join(rules)))
        for number, rules in failures.items()
        if records[number].offset >= sent[records[number].at]
    ]
    with producer.transaction() as transaction:
        send_refused(transaction, "store", unsent)
        ends = {partition: max(end, sent[partition]) for partition, end in ends_of(records).items()}
        transaction.advance(consumer, ends)


def send_refused(transaction: Transaction, stage: str, refused: Sequence[tuple[Record, Permanent]]) -> None:
    """Send dead letters of articles that `transform` had counted as new or updated, and take that back."""
    entries = []
    for record, fault in refused:
        article = decode(record.value, Article)
        letter = dead_letter(record, fault, stage, article.source, article.lineage.run_id)
        send(transaction, letter)
        entries.append(
            Entry(
                run_id=article.lineage.run_id,
                source_id=article.source.id,
                outcome=label_of(letter),
                takes_back=label_of(article),
            )
        )
    send_tallies(transaction, stage, entries)


def send(
    transaction: Transaction,
    result: Document | Article | Drop | Rejected,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send what goes on; a decision to drop is only counted. Headers of the record read go with it."""
    if isinstance(result, Drop):
        return
    topic, key = _address(result)
    if isinstance(result, Document | Rejected):
        headers = {"locator": result.locator, "run_id": result.run_id}
    message = Message(topic=topic, key=key.encode(), value=encode(result), headers=dict(headers or {}))
    transaction.send(message)


def _address(result: Document | Article | Rejected) -> tuple[str, str]:
    """Choose the topic, and the key that keeps the versions of one article in order."""
    if isinstance(result, Document):
        return RAW, clean_url(result.fetched_url or "") or result.locator
    if isinstance(result, Article):
        return ARTICLES, result.article_id
    return REJECTED, result.rejected_id


def send_tallies(transaction: Transaction, stage: str, entries: Sequence[Entry]) -> None:
    """Send the bookkeeping of a batch."""
    for tally in tallies(stage, entries):
        message = Message(topic=OUTCOMES, key=tally.run_id.encode(), value=encode(tally))
        transaction.send(message)

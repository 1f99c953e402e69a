"""The catalogue of metrics: what each is called, what it means, and what to do about it.

`docs/metrics.md` lists them; a test holds it to this file. Names follow Prometheus' conventions: base
units, `_total` on counters.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """How Prometheus adds it up."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(NamedTuple):
    """One metric. `buckets` are the upper bounds of a histogram, in its unit."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    unit: str
    meaning: str
    action: str
    buckets: tuple[float, ...] = ()


class Sample(NamedTuple):
    """Something to be added to a counter, observed by a histogram, or set on a gauge."""

    name: str
    labels: tuple[str, ...]
    value: float


BATCH_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
FRESHNESS_BUCKETS = (0.25, 0.5, 1, 1.5, 2, 3, 4, 5, 7.5, 10, 30, 60, 300, 3600, 86_400)

RECORDS = Metric(
    "news_records_total",
    Kind.COUNTER,
    ("job",),
    "records",
    "Records read and done with.",
    "A rate of zero while `news_lag_records` grows: see `news_faults_total`.",
)
BYTES = Metric(
    "news_record_bytes_total",
    Kind.COUNTER,
    ("job",),
    "bytes",
    "Bytes of the values of the records that were read.",
    "For planning: bytes by record, bytes by second.",
)
BATCHES = Metric(
    "news_batches_total",
    Kind.COUNTER,
    ("job",),
    "batches",
    "Batches done.",
    "Many small batches by `store` make many small files: raise `NEWS_STREAM__STORE_SECONDS`.",
)
BATCH_SECONDS = Metric(
    "news_batch_seconds",
    Kind.HISTOGRAM,
    ("job",),
    "seconds",
    "From the reading of a batch to its commit.",
    "Near `NEWS_KAFKA__TRANSACTION_SECONDS`: lower `NEWS_BATCH_RECORDS`, or find out what is slow.",
    BATCH_BUCKETS,
)
BATCH_BYTES = Metric(
    "news_batch_bytes",
    Kind.GAUGE,
    ("worker",),
    "bytes",
    "Bytes of the batch that is in hand; 0 between batches.",
    "Memory follows it: lower `NEWS_BATCH_BYTES` where memory is short.",
)
OUTCOMES = Metric(
    "news_outcomes_total",
    Kind.COUNTER,
    ("stage", "outcome", "reason"),
    "documents",
    "Outcomes, as they are entered in the ledger by the job `account`.",
    "A high share of `rejected`: `news rejected`.",
)
TAKEN_BACK = Metric(
    "news_outcomes_taken_back_total",
    Kind.COUNTER,
    ("stage", "outcome"),
    "documents",
    "Outcomes of an earlier stage that a later one replaced by `rejected`.",
    "Subtract it from `news_outcomes_total` to balance the books.",
)
REFUSED = Metric(
    "news_rows_refused_total",
    Kind.COUNTER,
    ("job",),
    "rows",
    "Rows that a sink did not take: they break a rule (`store`), or the index refuses them (the others).",
    "`news rejected` shows the rule or the index's reason; a mapping conflict shows up here.",
)
LAG = Metric(
    "news_lag_records",
    Kind.GAUGE,
    ("group", "topic"),
    "records",
    "Records of a topic that a group has not committed.",
    "Growing for long: more shares (`--processes`), up to the number of partitions.",
)
UNREAD_AGE = Metric(
    "news_unread_age_seconds",
    Kind.GAUGE,
    ("group", "topic"),
    "seconds",
    "The oldest record that a group has not read is at most so old; it grows too while a worker is silent.",
    "Near `news_topic_retention_seconds`, records are about to expire unread: first raise the retention on "
    "the cluster, then see why the group stands.",
)
RETENTION = Metric(
    "news_topic_retention_seconds",
    Kind.GAUGE,
    ("topic",),
    "seconds",
    "How long the log keeps a record of the topic, as this version makes it.",
    "Compare with `news_unread_age_seconds`.",
)
FRESHNESS = Metric(
    "news_freshness_seconds",
    Kind.HISTOGRAM,
    (),
    "seconds",
    "From the arrival of a document on `news.raw` to its article being searchable.",
    "Above 5 s at the 99th percentile: see which of `transform` and `index` has the lag.",
    FRESHNESS_BUCKETS,
)
FAULTS = Metric(
    "news_faults_total",
    Kind.COUNTER,
    ("job", "fault"),
    "faults",
    "Faults after which a worker opened everything anew, by type.",
    "Single ones heal by themselves. Again and again: the log names the service that does not answer.",
)
REBALANCES = Metric(
    "news_rebalances_total",
    Kind.COUNTER,
    ("job",),
    "batches",
    "Batches given up because their partitions went to another worker.",
    "Often: batches take longer than `NEWS_KAFKA__POLL_INTERVAL_SECONDS`, or workers come and go.",
)
RESTARTS = Metric(
    "news_worker_restarts_total",
    Kind.COUNTER,
    ("worker",),
    "restarts",
    "Workers that ended without being told to, and were started again.",
    "Out of memory is the usual cause: see the kernel's log and `news_process_memory_bytes`.",
)
COMPACTIONS = Metric(
    "news_compactions_total",
    Kind.COUNTER,
    ("result",),
    "compactions",
    "Compactions of the lake: `done`, or `failed` and tried again later.",
    "Only `failed`: the log has the reason; reading the lake gets slower with each small file.",
)
READY = Metric(
    "news_worker_ready",
    Kind.GAUGE,
    ("worker",),
    "0 or 1",
    "1 while the worker has joined its group and gives signs of work.",
    "0 for minutes: `/health/ready` tells why.",
)
MEMORY = Metric(
    "news_process_memory_bytes",
    Kind.GAUGE,
    ("worker",),
    "bytes",
    "Resident memory of each process of the service, on Linux.",
    "Bounded by the settings whatever the backlog; growth over days is a defect.",
)
CPU = Metric(
    "news_process_cpu_seconds_total",
    Kind.COUNTER,
    ("worker",),
    "seconds",
    "Processor time of each process of the service since it was started, on Linux.",
    "A worker at 1 s for each second is the bottleneck: more shares.",
)

CATALOGUE: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        RECORDS,
        BYTES,
        BATCHES,
        BATCH_SECONDS,
        BATCH_BYTES,
        FRESHNESS,
        LAG,
        UNREAD_AGE,
        RETENTION,
        OUTCOMES,
        TAKEN_BACK,
        REFUSED,
        FAULTS,
        REBALANCES,
        RESTARTS,
        COMPACTIONS,
        READY,
        MEMORY,
        CPU,
    )
}

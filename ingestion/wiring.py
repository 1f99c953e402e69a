"""The only place that knows which adapter stands behind a URL. What is not used is not opened."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from pydantic import BaseModel, SecretStr

from ingestion.drain import Budget
from ingestion.errors import ConfigurationError
from ingestion.pipeline import Walk
from ingestion.ports import Broker, Gate, Observer, Producer
from ingestion.settings import Settings
from ingestion.source_ports import Lane
from ingestion.telemetry.logs import LogObserver
from ingestion.topics import topics

if TYPE_CHECKING:
    from ingestion.extraction.pool import PooledExtractor
    from ingestion.fetch.archives import OpenArchives
    from ingestion.fetch.client import PoliteFetcher
    from ingestion.fetch.policy import FetchPolicy
    from ingestion.lake.audit import GreatExpectationsAuditor
    from ingestion.lake.delta import DeltaLake
    from ingestion.lake.reader import LakeReader
    from ingestion.search.elasticsearch.rejections import RejectionIndex
    from ingestion.search.peer import SearchPeer
    from ingestion.sources.interrupt import Interrupt
    from ingestion.sources.limits import Limits
    from ingestion.state.claims import SqlMemory
    from ingestion.state.database import StateDatabase
    from ingestion.state.hosts import SqlHosts
    from ingestion.state.ledger import SqlLedger
    from ingestion.state.rechecks import SqlRechecks
    from ingestion.state.sources import SqlSourceMemory


class Closeable(Protocol):
    """What has to be let go of at the end."""

    def close(self) -> None:
        """Let go."""
        ...


T = TypeVar("T")
C = TypeVar("C", bound=Closeable)


class Wiring:
    """The parts of one process, opened at first use, closed together at the end of the `with` block."""

    def __init__(self, settings: Settings, observer: Observer | None = None, *, lane: Lane = "live") -> None:
        self.settings = settings
        self.lane = lane
        self.observer = observer or LogObserver()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        """Begin; nothing is opened yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what was opened, last first."""
        self._open.close()

    @cached_property
    def walk(self) -> Walk:
        """What every job of the pipeline needs."""
        settings = self.settings
        return Walk(
            broker=self.broker,
            observer=self.observer,
            rejected_share_limit=settings.rejected_share_limit,
            budget=Budget(
                batch_records=settings.batch_records,
                batch_bytes=settings.batch_bytes,
                job_records=settings.job_records,
                job_seconds=settings.job_seconds,
            ),
        )

    @cached_property
    def store_walk(self) -> Walk:
        """The same with the larger batches that columns and files are best at."""
        budget = replace(self.walk.budget, batch_records=self.settings.store_batch_records)
        return replace(self.walk, budget=budget)

    @cached_property
    def broker(self) -> Broker:
        """The log, with every topic in place."""
        adapters: dict[str, Callable[[str], Broker]] = {
            "log": _embedded_broker,
            "kafka": partial(_kafka_broker, settings=self.settings),
        }
        broker = self._close_later(_by_scheme("broker", self.settings.broker, adapters))
        broker.create_topics(topics(self.settings.partitions))
        return broker

    def producer(self, job: str) -> Producer:
        """Open the producer of a job in this worker's slot; an older one in the same slot is fenced."""
        return self._close_later(self.broker.producer(f"{job}-{self.settings.slot}"))

    @cached_property
    def lake(self) -> "DeltaLake":
        """The writing side of the lake."""
        from ingestion.lake.delta import DeltaLake

        return DeltaLake(self.settings.lake, topic_id=self.broker.topic_id)

    def lake_reader(self) -> "LakeReader":
        """Read the lake as it stands now."""
        from ingestion.lake.reader import LakeReader

        return LakeReader(self.settings.lake)

    @cached_property
    def search(self) -> "SearchPeer":
        """Full-text search, both sides."""
        settings = self.settings
        adapters: dict[str, Callable[[str], SearchPeer]] = {
            "index": partial(_embedded_index, memory_bytes=settings.index_memory_bytes),
            "https": partial(_elasticsearch, settings=settings),
            "http": partial(_elasticsearch, settings=settings),
            "cloud": partial(_elasticsearch, settings=settings),
        }
        return self._close_later(_by_scheme("search", settings.search, adapters))

    @cached_property
    def rejections(self) -> "RejectionIndex | None":
        """Where dead letters are counted by reason; the embedded index has nothing of the kind."""
        if self.settings.search.startswith("index:"):
            return None
        from ingestion.search.elasticsearch.rejections import NAME, RejectionIndex

        connection, options = _elasticsearch_parts(self.settings, NAME)
        return self._close_later(RejectionIndex(connection, options))

    @cached_property
    def gate(self) -> Gate:
        """The row-level expectations."""
        from expectations import masks

        return masks

    @cached_property
    def auditor(self) -> "GreatExpectationsAuditor":
        """The batch-level expectations."""
        from ingestion.lake.audit import GreatExpectationsAuditor

        return GreatExpectationsAuditor(self.settings.data_docs)

    @cached_property
    def fetcher(self) -> "PoliteFetcher":
        """The HTTP client, with its manners and its guard."""
        from ingestion.fetch.client import PoliteFetcher
        from ingestion.fetch.manners import Clock
        from ingestion.state.robots import SqlRobotsMemory

        clock, robots = Clock(sleep=self.interrupt.sleep), SqlRobotsMemory(self.state)
        fetcher = PoliteFetcher(self.fetch_policy, hosts=self.hosts, robots=robots, clock=clock)
        return self._close_later(fetcher)

    @cached_property
    def fetch_policy(self) -> "FetchPolicy":
        """What the operator allows and asks, and what the catalogue says of single hosts."""
        from ingestion.fetch.policy import FetchPolicy, HostManners
        from ingestion.sources.catalogue import host_manners, load_catalogue, private_hosts

        entries = load_catalogue(self.settings.catalogue)
        asked = self.settings.fetch.model_dump()
        asked["allow_private_hosts"] = (*asked["allow_private_hosts"], *private_hosts(entries))
        manners = {
            host: HostManners(interval_seconds=one.interval_seconds, requests_at_once=one.requests_at_once)
            for host, one in host_manners(entries).items()
        }
        return FetchPolicy(**asked, host_manners=manners)

    @cached_property
    def interrupt(self) -> "Interrupt":
        """Ends the waiting for hosts at once when this process is told to stop."""
        from ingestion.sources.interrupt import Interrupt

        return Interrupt()

    @cached_property
    def hosts(self) -> "SqlHosts":
        """The budget of every host, of which this process takes its turns in its lane."""
        from ingestion.state.hosts import SqlHosts

        return SqlHosts(self.state, lane=self.lane)

    @cached_property
    def archives(self) -> "OpenArchives":
        """What is too large to be fetched whole, by the same guard and the same budget of hosts."""
        from ingestion.fetch.archives import OpenArchives

        ruling, sleep = self.fetcher.ruling, self.interrupt.sleep
        opened = OpenArchives(self.fetch_policy, hosts=self.hosts, ruling=ruling, sleep=sleep)
        return self._close_later(opened)

    @cached_property
    def source_limits(self) -> "Limits":
        """How much one run takes from one source."""
        from ingestion.sources.limits import Limits

        settings = self.settings
        return Limits(max_bytes=settings.fetch.max_bytes, max_rechecks=settings.versions.rechecks_per_host)

    @cached_property
    def extractor(self) -> "PooledExtractor":
        """What reads documents, in processes of their own."""
        from ingestion.extraction.limits import ExtractionLimits
        from ingestion.extraction.pool import PooledExtractor, processors

        asked = self.settings.extraction
        limits = ExtractionLimits(
            processes=asked.processes or max(1, processors() // self.settings.stream.processes),
            seconds=asked.seconds,
            memory_bytes=asked.memory_bytes,
        )
        return self._close_later(PooledExtractor(limits))

    @cached_property
    def state(self) -> "StateDatabase":
        """What is remembered between runs."""
        from ingestion.state.database import StateDatabase

        return self._close_later(StateDatabase(self.settings.state))

    @cached_property
    def memory(self) -> "SqlMemory":
        """What the stages remember of earlier articles."""
        from ingestion.state.claims import SqlMemory
        from ingestion.state.copies import window_of
        from ingestion.state.furniture import spans_of
        from ingestion.state.texts import Kept

        copies = self.settings.copies
        window = window_of(days=copies.days, most_articles=copies.most_articles)
        versions = self.settings.versions
        kept = Kept(length=timedelta(days=versions.days), most_versions=versions.most_versions)
        spans = spans_of(days=self.settings.furniture.days)
        return SqlMemory(self.state, topic_id=self.broker.topic_id, window=window, kept=kept, spans=spans)

    @cached_property
    def source_memory(self) -> "SqlSourceMemory":
        """What was seen of publishers."""
        from ingestion.state.sources import SqlSourceMemory

        return SqlSourceMemory(self.state)

    @cached_property
    def rechecks(self) -> "SqlRechecks":
        """When published articles are visited again."""
        from ingestion.state.rechecks import SqlRechecks

        return SqlRechecks(self.state)

    @cached_property
    def ledger(self) -> "SqlLedger":
        """Documents in, outcomes out."""
        from ingestion.state.ledger import SqlLedger

        return SqlLedger(self.state, topic_id=self.broker.topic_id)

    def _close_later(self, part: C) -> C:
        self._open.callback(part.close)
        return part


def _by_scheme(setting: str, url: str, adapters: Mapping[str, Callable[[str], T]]) -> T:
    scheme, _, rest = url.partition(":")
    if scheme not in adapters or not rest:
        known = ", ".join(f"{name}:…" for name in adapters)
        raise ConfigurationError(
            f"NEWS_{setting.upper()}={url!r}: there is no adapter for it; set it to one of {known}"
        )
    return adapters[scheme](rest)


def _embedded_broker(path: str) -> Broker:
    from ingestion.broker.embedded import EmbeddedBroker

    return EmbeddedBroker(Path(path))


def _kafka_broker(rest: str, *, settings: Settings) -> Broker:
    from ingestion.broker.kafka.broker import KafkaBroker
    from ingestion.broker.kafka.options import Cluster, Options

    options = Options(slot=settings.slot, **revealed(settings.kafka))
    return KafkaBroker(Cluster.from_url(f"kafka:{rest}", options))


def _elasticsearch(_rest: str, *, settings: Settings) -> "SearchPeer":
    from ingestion.search.elasticsearch.index import ElasticsearchIndex

    return ElasticsearchIndex(*_elasticsearch_parts(settings, "news-articles"))


def _elasticsearch_parts(settings: Settings, name: str) -> tuple[Any, Any]:
    from ingestion.search.elasticsearch.connection import Connection
    from ingestion.search.elasticsearch.index import Options

    asked, cloud_id = revealed(settings.elasticsearch), settings.search.removeprefix("cloud:")
    where = {"cloud_id": cloud_id} if settings.search.startswith("cloud:") else {"urls": _urls(settings)}
    reached = ("api_key", "username", "password", "allow_http")
    waits = ("timeout_seconds", "write_seconds", "read_seconds")
    made = ("shards", "replicas", "refresh_interval", "bulk_threads", "bulk_bytes")
    connection = Connection(
        **where, ca_certs=asked["ca_file"], **{key: asked[key] for key in (*reached, *waits)}
    )
    options = Options(
        name=asked["prefix"] + name,
        visible=asked["refresh_each_batch"],
        **{key: asked[key] for key in made},
    )
    return connection, options


def _urls(settings: Settings) -> tuple[str, ...]:
    return tuple(url.strip() for url in settings.search.split(",") if url.strip())


def revealed(section: BaseModel) -> dict[str, Any]:
    """Give the values of a section of the settings, passwords as they are: for an adapter, not for a log."""
    values = section.model_dump()
    return {n: v.get_secret_value() if isinstance(v, SecretStr) else v for n, v in values.items()}


def _embedded_index(folder: str, *, memory_bytes: int) -> "SearchPeer":
    from ingestion.search.embedded.index import TantivyIndex

    return TantivyIndex(Path(folder), writer_memory_bytes=memory_bytes)

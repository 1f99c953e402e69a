"""The metrics of the catalogue as prometheus-client has them; fed by samples."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family

from ingestion.telemetry.metrics import CATALOGUE, Kind, Metric, Sample


class Scraped(Protocol):
    """Measures what is looked at only when somebody asks."""

    def samples(self) -> Iterable[Sample]:
        """Look."""
        ...


class Meters:
    """One registry, in the supervisor: what a worker has told stays counted when it ends."""

    def __init__(self, scraped: Scraped, looked_at: Iterable[Metric]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a series beside each counter, of no use to anybody here
        self._registry = CollectorRegistry(auto_describe=False)
        late = {metric.name: metric for metric in looked_at}
        self._made = {n: _made(m, self._registry) for n, m in CATALOGUE.items() if n not in late}
        self._registry.register(_Looking(scraped, late))

    def add(self, samples: Iterable[Sample]) -> None:
        """Count, observe or set."""
        for sample in samples:
            made = self._made[sample.name]
            child = made.labels(*sample.labels) if sample.labels else made
            _apply(child, sample.value)

    def page(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self._registry)


class _Looking:
    """A collector of prometheus-client."""

    def __init__(self, scraped: Scraped, metrics: Mapping[str, Metric]) -> None:
        self._scraped = scraped
        self._metrics = metrics

    def collect(self) -> Iterable[Family]:
        """Look now."""
        families = {name: _family(metric) for name, metric in self._metrics.items()}
        for sample in self._scraped.samples():
            families[sample.name].add_metric(sample.labels, sample.value)
        return families.values()


def _made(metric: Metric, registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    if metric.kind is Kind.HISTOGRAM:
        return Histogram(
            metric.name, metric.meaning, metric.labels, buckets=metric.buckets, registry=registry
        )
    kind = Counter if metric.kind is Kind.COUNTER else Gauge
    return kind(metric.name, metric.meaning, metric.labels, registry=registry)


def _family(metric: Metric) -> GaugeMetricFamily | CounterMetricFamily:
    kind = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    return kind(metric.name, metric.meaning, labels=metric.labels)


def _apply(child: Counter | Gauge | Histogram, value: float) -> None:
    if isinstance(child, Counter):
        child.inc(value)
    elif isinstance(child, Gauge):
        child.set(value)
    else:
        child.observe(value)

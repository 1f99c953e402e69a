"""The page of metrics says what the catalogue says."""

import re
from pathlib import Path

import pytest

from ingestion.telemetry.metrics import CATALOGUE, Kind, Metric

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")


def row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    cells = (f"`{metric.name}`", metric.kind, labels, metric.unit, metric.meaning, metric.action)
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def test_every_metric_is_listed_as_it_is_declared() -> None:
    expected = [row(metric) for metric in CATALOGUE.values()]
    listed = [line for line in PAGE.splitlines() if line.startswith("| `news_")]

    assert listed == expected, "docs/metrics.md should have these rows:\n" + "\n".join(expected)


def test_every_metric_that_the_alarms_name_exists() -> None:
    suffixes = {"", "_bucket", "_sum", "_count"}
    known = {name + suffix for name in CATALOGUE for suffix in suffixes}

    assert set(re.findall(r"\bnews_[a-z_]+", PAGE)) <= known


@pytest.mark.parametrize("metric", CATALOGUE.values(), ids=lambda metric: metric.name)
def test_names_are_as_prometheus_wants_them(metric: Metric) -> None:
    assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)
    assert list(metric.buckets) == sorted(metric.buckets)
    assert metric.meaning.endswith(".")
    assert metric.action.endswith(".")

"""The topics: one table, documented in `docs/architecture.md`, made at start-up where missing."""

from ingestion.ports import Topic

RAW = "news.raw"
ARTICLES = "news.articles"
REJECTED = "news.rejected"
OUTCOMES = "news.outcomes"

DAY_SECONDS = 86_400


def topics(partitions: int) -> tuple[Topic, ...]:
    """List every topic as it must exist. Data topics share one number of partitions."""
    return (
        Topic(name=RAW, partitions=partitions, retention_seconds=14 * DAY_SECONDS),
        Topic(name=ARTICLES, partitions=partitions, retention_seconds=14 * DAY_SECONDS),
        Topic(name=REJECTED, partitions=1, retention_seconds=90 * DAY_SECONDS),
        Topic(name=OUTCOMES, partitions=1, retention_seconds=30 * DAY_SECONDS),
    )

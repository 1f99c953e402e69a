"""One article against its contract."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from ingestion.article import Article
from ingestion.codec import encode
from ingestion.errors import Invalid
from ingestion.rejected import MAX_PAYLOAD_BYTES

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
CLOCK_SKEW = timedelta(days=1)


def validate(article: Article) -> Article:
    """Return the article as it is. Raises `Invalid`, naming every field that is wrong."""
    wrong = list(_wrong(article))
    if wrong:
        raise Invalid("; ".join(wrong))
    try:
        size_bytes = len(encode(article))
    except (ValueError, TypeError, OverflowError) as error:
        raise Invalid(f"breaks the contract: {error}") from error
    if size_bytes > MAX_PAYLOAD_BYTES:  # a later step could not keep it whole as a dead letter
        raise Invalid(f"an article of {size_bytes} bytes; the log takes up to {MAX_PAYLOAD_BYTES}")
    return article


def _wrong(article: Article) -> Iterator[str]:
    if not article.headline:
        yield "headline: there is none"
    if not article.body:
        yield "body: there is none"
    if article.comment_count is not None and article.comment_count < 0:
        yield f"comment_count: {article.comment_count}"
    for name, moment in (("published", article.published), ("modified", article.modified)):
        if moment and not EARLIEST <= moment.at <= article.fetched_at + CLOCK_SKEW:
            yield f"{name}: {moment.at} is not between {EARLIEST.date()} and the day after it was fetched"

"""The same article again: unchanged, or a new version."""

from msgspec.structs import replace

from ingestion.article import Article, Drop, Outcome
from ingestion.ports import Claims


def version(article: Article, claims: Claims) -> Article | Drop:
    """Number the version, or drop the article if this content is known of it."""
    number, made_by_this_record = claims.version_of(article)
    return replace(article, version=number) if made_by_this_record else Drop(Outcome.UNCHANGED, "")

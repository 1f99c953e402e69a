"""The same article again: unchanged, or a new version with what changed; or it was withdrawn."""

from msgspec.structs import replace

from ingestion.article import Article, Change, ChangeKind, Drop, Gone, Outcome
from ingestion.ports import Claimed, Claims
from ingestion.stages.change import classify

WITHDRAWN = "withdrawn"
"""Stands for the content hash of a withdrawal, so that the same text afterwards is a new version again."""

UNCHANGED = Drop(Outcome.UNCHANGED, "")


def version(article: Article, claims: Claims) -> Article | Drop:
    """Number the version and say what changed, or drop the article if this content is known of it."""
    claimed = claims.version_of(article)
    if not claimed.is_made_here:
        return UNCHANGED
    made = claims.texts.version(article.article_id, claimed.version) if claimed.is_read_again else None
    if made:
        article = _still_dated(article, made)
        return replace(article, version=made.version, first_seen=made.first_seen, change=made.change)
    before = _before(article.article_id, claimed, claims)
    article = _still_dated(article, before)
    change = _change(before, article, claimed)
    numbered = replace(article, version=claimed.version, first_seen=claimed.first_seen, change=change)
    claims.texts.keep(numbered)
    return numbered


def withdraw(gone: Gone, claims: Claims) -> Article | Drop:
    """Make the version that says that an article is no more, with the text it had."""
    known = claims.texts.read_at(gone.url)
    if known is None:
        return gone.otherwise
    seen = {"fetched_at": gone.fetched_at, "ingested_at": gone.ingested_at, "lineage": gone.lineage}
    claimed = claims.version_of(replace(known, content_hash=WITHDRAWN, **seen))
    if not claimed.is_made_here:
        return UNCHANGED
    made = claims.texts.version(known.article_id, claimed.version) if claimed.is_read_again else None
    if made:
        return made
    before = _before(known.article_id, claimed, claims) or known
    marked = replace(before, pub_status=gone.pub_status, first_seen=claimed.first_seen, **seen)
    withdrawn = replace(marked, version=claimed.version, change=_change(before, marked, claimed))
    claims.texts.keep(withdrawn)
    return withdrawn


def _still_dated(article: Article, before: Article | None) -> Article:
    """Keep the time of publication that only the listing had told, which one that goes back does not read."""
    if article.published or not before or not before.published:
        return article
    source = before.provenance.get("published")
    provenance = article.provenance | ({"published": source} if source else {})
    return replace(article, published=before.published, provenance=provenance)


def _before(article_id: str, claimed: Claimed, claims: Claims) -> Article | None:
    return claims.texts.version(article_id, claimed.before) if claimed.before else None


def _change(before: Article | None, after: Article, claimed: Claimed) -> Change | None:
    if claimed.before is None:
        return None
    if before is None:
        return Change(kind=ChangeKind.UPDATE, previous_version=claimed.before)
    return classify(before, after)

"""The same text at a second address of one publisher is one article.

Another publisher's copy of a wire story is an article of its own: analysts count who carried it.
"""

from hashlib import sha256

from ingestion.article import Article, Drop, Outcome
from ingestion.ports import Claims


def deduplicate(article: Article, claims: Claims) -> Article | Drop:
    """Claim the text for this article, or drop the article if another one has it."""
    key = f"{article.publisher.id}\n{article.content_hash}"
    owner = claims.owner_of(sha256(key.encode()).hexdigest(), article)
    return article if owner == article.article_id else Drop(Outcome.DUPLICATE, "")

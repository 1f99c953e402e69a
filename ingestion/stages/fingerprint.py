"""What the text is, and who it is."""

from hashlib import sha256

from msgspec.structs import replace

from ingestion.article import Article
from ingestion.stages.essence import essence


def fingerprint(article: Article) -> Article:
    """Set the content hash, and the article id: of the canonical URL, of the content where there is none."""
    content_hash = _digest(f"{essence(article.headline)}\n\n{essence(article.body)}")
    identity = article.canonical_url or f"content:{content_hash}"
    return replace(article, content_hash=content_hash, article_id=_digest(identity))


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()

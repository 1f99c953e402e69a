"""What the text is, and who it is."""

from hashlib import sha256

from msgspec.structs import replace

from ingestion.article import Article


def fingerprint(article: Article) -> Article:
    """Set the content hash, and the article id: of the canonical URL, of the content where there is none."""
    text = f"{article.headline}\n\n{article.body}".casefold()
    content_hash = _digest(text)
    identity = article.canonical_url or f"content:{content_hash}"
    return replace(article, content_hash=content_hash, article_id=_digest(identity))


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()

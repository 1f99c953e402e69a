"""What a publisher prints at the ends of many articles is taken off, on the evidence of counts.

What is taken off an article is decided when it is seen for the first time, by what was counted until then;
its later versions lose the same lines and no others, so that learning more makes no version of anything.
"""

from collections.abc import Collection
from typing import NamedTuple

from msgspec.structs import replace

from ingestion.article import UNKNOWN, Article, Removed
from ingestion.ports import Claims, Furniture, Sightings
from ingestion.stages.edges import is_telling, line_hash, lines_at_ends, story_within
from ingestion.stages.fingerprint import fingerprint

LEARNED = "learned"
"""The rule in `extraction.removed`."""

FEWEST_ARTICLES = 8
"""Below that, a paragraph of one running story is hard to tell from furniture."""

MOST_TELLING = 1 / 3
"""Of the articles that a line is on. Background recurs under articles that speak of the same; a sign-up,
a credit or an introduction stands on whatever there is."""


class Evidence(NamedTuple):
    """The share of a publisher's articles that makes a line furniture, and on how many days at least."""

    share: float
    days: int


EVIDENCE = (Evidence(share=1 / 3, days=1), Evidence(share=0.05, days=3))
"""No story is a third of what a publisher prints. A footer of one section or of one desk is on few articles,
but day after day."""


def trim(article: Article, claims: Claims) -> Article:
    """Take off the lines that were taken off before; off a new article, what is furniture by now."""
    if article.publisher.id == UNKNOWN.id:
        return article
    known = claims.furniture.taken_off(article)
    return without(article, _learned(article, claims.furniture) if known is None else known)


def without(article: Article, furniture: Collection[int]) -> Article:
    """Take lines off both ends of a body. The article keeps its id, whatever it was made of."""
    begin, end = story_within(article.paragraphs, furniture) if furniture else (0, len(article.paragraphs))
    if (begin, end) == (0, len(article.paragraphs)):
        return article
    gone = (*article.paragraphs[:begin], *article.paragraphs[end:])
    ledger = (*article.extraction.removed, *(Removed(text=one.text, rule=LEARNED) for one in gone))
    kept = article.paragraphs[begin:end]
    trimmed = replace(
        article,
        body="\n\n".join(paragraph.text for paragraph in kept),
        paragraphs=kept,
        extraction=replace(article.extraction, removed=ledger),
    )
    return replace(fingerprint(trimmed), article_id=article.article_id)


def taken_off(article: Article) -> list[int]:
    """The lines that this stage has taken off an article."""
    return [line_hash(piece.text) for piece in article.extraction.removed if piece.rule == LEARNED]


def is_furniture(seen: Sightings, articles: int) -> bool:
    """Whether a line is furniture, that was seen so often on so many articles of its publisher."""
    if seen.articles < FEWEST_ARTICLES or seen.telling > MOST_TELLING * seen.articles:
        return False
    days = seen.days.bit_count()
    return any(seen.articles >= least.share * articles and days >= least.days for least in EVIDENCE)


def _learned(article: Article, furniture: Furniture) -> frozenset[int]:
    """Decide by what was counted so far, and count this one too."""
    lines = lines_at_ends(article.paragraphs)
    articles, seen = furniture.seen(article, lines)
    # On the first of its articles nobody will ask for it: most lines are on no second one.
    telling = {line: line in seen and is_telling(text, article) for line, text in lines.items()}
    furniture.count(article, telling)
    return frozenset(line for line, sightings in seen.items() if is_furniture(sightings, articles))

"""What is known of each line at the ends of an article, and whether `trim` takes it off, in words."""

from msgspec import Struct

from ingestion.article import UNKNOWN, Article
from ingestion.ports import Claims, Sightings
from ingestion.stages.edges import line_hash, lines_at_ends, story_within
from ingestion.stages.trim import is_furniture

REACH = "; it is not at the very end, or too little would be left"


class Evidence(Struct, frozen=True):
    """A line at an end of an article, whether it is taken off, and why."""

    line: str
    is_taken_off: bool
    why: str


def evidence(article: Article, claims: Claims) -> tuple[Evidence, ...]:
    """Judge each line as `trim` is about to; it has not counted the article yet."""
    lines = lines_at_ends(article.paragraphs)
    if article.publisher.id == UNKNOWN.id:
        return tuple(Evidence(text, False, "of an unknown publisher") for text in lines.values())
    known = claims.furniture.taken_off(article)
    if known is not None:
        judged = {line: (line in known, "as when it was read before") for line in lines}
    else:
        articles, seen = claims.furniture.seen(article, lines)
        every = {line: seen.get(line, Sightings()) for line in lines}
        judged = {line: (is_furniture(one, articles), _why(one, articles)) for line, one in every.items()}
    begin, end = story_within(article.paragraphs, [line for line, (taken, _) in judged.items() if taken])
    reached = {line_hash(p.text) for p in (*article.paragraphs[:begin], *article.paragraphs[end:])}
    return tuple(
        Evidence(text, line in reached, why if line in reached or not taken else why + REACH)
        for (line, text), (taken, why) in zip(lines.items(), judged.values(), strict=True)
    )


def _why(seen: Sightings, articles: int) -> str:
    counted = f"on {seen.articles:,} of {articles:,} articles of its publisher"
    if not seen.articles:
        return counted
    return f"{counted}, of {seen.days.bit_count()} days; {seen.telling:,} of them speak of the same"

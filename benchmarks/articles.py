"""Articles for measuring: about 4 KB each in the contract's Avro, the same at every run, good by every rule.

Words are invented from syllables and drawn as language has them: the n-th most frequent about 1/n as
often as the first (Zipf). So the text compresses about as prose does.
"""

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from ingestion.article import (
    Access,
    Article,
    Extraction,
    Image,
    Language,
    Lineage,
    Moment,
    Paragraph,
    ParagraphRole,
    Precision,
    Publisher,
    Rights,
    SourceRef,
    TimezoneBasis,
)

ONSETS = (
    "b",
    "br",
    "c",
    "ch",
    "d",
    "dr",
    "f",
    "fl",
    "g",
    "gr",
    "h",
    "k",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "r",
    "s",
    "st",
    "t",
)
VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "oo", "ou")
CODAS = ("", "", "", "n", "r", "s", "l", "t", "nd", "st")
VOCABULARY = 30_000
PUBLISHERS = 40
SECTIONS = ("harbour", "city", "weather", "markets", "sport", "opinion")
START = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
WORDS_IN_PARAGRAPH = (45, 75)
PARAGRAPHS = (4, 7)


def articles(count: int, seed: int = 7) -> Iterator[Article]:
    """Yield `count` articles; the first ones do not depend on how many there are."""
    chance = random.Random(seed)  # noqa: S311 - a corpus, no secret
    writer = _Writer(chance)
    for number in range(count):
        yield _article(number, writer, chance)


class _Writer:
    """Draws words from an invented language."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        words = dict.fromkeys(self._word() for _ in range(3 * VOCABULARY))
        self._words = sorted(list(words)[:VOCABULARY], key=len)  # frequent words are short
        self._weights = list(accumulate(1 / rank for rank in range(1, len(self._words) + 1)))

    def sentence(self, words: int) -> str:
        """A sentence of so many words."""
        drawn = self._chance.choices(self._words, cum_weights=self._weights, k=words)
        return " ".join(drawn).capitalize() + "."

    def _word(self) -> str:
        pick = self._chance.choice
        return "".join(
            pick(ONSETS) + pick(VOWELS) + pick(CODAS) for _ in range(self._chance.choice((1, 1, 2, 2, 2, 3)))
        )


def _article(number: int, writer: _Writer, chance: random.Random) -> Article:
    publisher = number % PUBLISHERS
    host = f"paper-{publisher}.example"
    url = f"https://{host}/{SECTIONS[number % len(SECTIONS)]}/{number}"
    paragraphs = [
        writer.sentence(chance.randint(*WORDS_IN_PARAGRAPH)) for _ in range(chance.randint(*PARAGRAPHS))
    ]
    body = "\n\n".join(paragraphs)
    ingested_at = START + timedelta(milliseconds=10 * number)
    return Article(
        article_id=_digest(url),
        version=1,
        content_hash=_digest(body),
        canonical_url=url,
        fetched_url=url,
        publisher=Publisher(id=f"paper-{publisher}", name=f"Paper {publisher}", domain=host, language="en"),
        source=SourceRef(id=f"paper-{publisher}-feed", kind="feed", url=f"https://{host}/feed", item_id=url),
        headline=writer.sentence(8)[:-1],
        abstract=writer.sentence(15),
        body=body,
        paragraphs=tuple(Paragraph(role=ParagraphRole.PARAGRAPH, text=text) for text in paragraphs),
        images=(Image(url=f"{url}.jpg", caption=writer.sentence(6), credit="Staff"),),
        authors=(writer.sentence(2)[:-1].title(),),
        keywords=tuple(writer.sentence(1)[:-1] for _ in range(3)),
        published=_moment(ingested_at - timedelta(minutes=chance.randint(1, 600))),
        fetched_at=ingested_at - timedelta(seconds=1),
        ingested_at=ingested_at,
        language=Language(code="en", confidence=0.9),
        section=SECTIONS[number % len(SECTIONS)],
        rights=Rights(access=Access.FREE, robots="allowed"),
        extraction=Extraction(method="html", versions={"rules": "1"}, confidence=0.8),
        provenance={"headline": "og:title", "published": "json-ld:datePublished"},
        lineage=_lineage(number, body),
    )


def _moment(at: datetime) -> Moment:
    return Moment(
        at=at,
        precision=Precision.SECOND,
        timezone_basis=TimezoneBasis.EXPLICIT,
        source="json-ld:datePublished",
        raw=at.isoformat(),
    )


def _lineage(number: int, body: str) -> Lineage:
    return Lineage(
        document_id=_digest(f"{number} {body}"),
        topic="news.raw",
        partition=number % 4,
        offset=number // 4,
        run_id="measured",
        code_version="0",
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

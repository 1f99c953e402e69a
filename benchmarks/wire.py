"""Days of newspapers that live on agencies: stories, what is made of them, and what only looks like it.

Words are invented, and the same at every run. Each article comes with the name of what it tells, which
it shares with its copies and with nothing else: not with another report of the same event that quotes the
same people, with what follows it the day after, with a digest, or with a form filled in on another day.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from math import exp, log
from typing import NamedTuple

from desk import Furniture, printed
from forms import KINDS, Form
from msgspec import structs
from tongues import TONGUES, Text, Tongue, Writer, count_words

from ingestion.article import (
    Article,
    Extraction,
    Lineage,
    Moment,
    Paragraph,
    ParagraphRole,
    Precision,
    Publisher,
    SourceRef,
    TimezoneBasis,
)

START = datetime(2026, 11, 2, 5, 0, tzinfo=UTC)
PAPERS = 24
CHAIN = 4
"""Newspapers of each language; so many of them are one chain, and share its forms."""

SHORTEST_WORDS, LONGEST_WORDS = 60, 1_500
AGENCIES = ("Northwire", "Pressedienst Mitte", "Agence du Port")


class Told(NamedTuple):
    """An article, what it tells, how it was made, and what was done to it if it is a copy.

    `Article.ingested_at` is when it came.
    """

    article: Article
    story: str
    kind: str
    changes: tuple[str, ...] = ()
    words: int = 0


class Paper(NamedTuple):
    """One newspaper."""

    id: str
    language: str
    furniture: Furniture


class Day:
    """Writes what all newspapers of one language print in a few days."""

    def __init__(self, tongue: Tongue, seed: int) -> None:
        self.writer = Writer(tongue, seed)
        self.chance = self.writer.chance
        self.papers = [
            Paper(f"{tongue.code}-paper-{number}", tongue.code, Furniture(self.writer))
            for number in range(PAPERS)
        ]
        self._forms = {
            kind.name: [Form(kind, self.writer) for _ in range(0, PAPERS, CHAIN)] for kind in KINDS
        }
        self._numbers = count()

    def told(self, stories: int) -> Iterator[Told]:
        """So many agency stories with all that is made of them, and everything else."""
        for number in range(stories):
            yield from self._story()
            yield from self._alone()
            if number % 5 == 0:
                yield from self._short_item()
        for day in range(max(1, stories // 10)):
            yield from self._forms_of(day)

    def _story(self) -> Iterator[Told]:
        """One agency story in some newspapers, and what else is told of the same event."""
        names = [self.writer.rare(2) for _ in range(8)]
        text = self.writer.text(self._length(), names)
        story, at = self._name(), self._moment()
        credit = self.chance.choice(AGENCIES)
        for paper in self.chance.sample(self.papers, self.chance.randint(2, 7)):
            at += timedelta(seconds=self.chance.expovariate(1 / 1800))
            made, changes = printed(text, paper.furniture, self.writer)
            article = self._article(made, paper, at)
            if self.chance.random() < 0.5:
                article = structs.replace(article, credits=(credit,))
            yield Told(article, story, "copy", changes, count_words(text))
        yield self._aside(self._report(text, names), "another report of the event", at)
        yield self._aside(self._report(text, names), "another report of the event", at)
        yield self._aside(self._sequel(text, names), "what came after", at + timedelta(hours=9))
        yield self._aside(self._digest(text), "digest", at)

    def _report(self, text: Text, names: Sequence[Sequence[str]]) -> Text:
        """Tell an event in other words, with the same names; up to a third of it are the same quotes."""
        made = self.writer.text(self._length(), names)
        room = min(count_words(made), count_words(text)) * self.chance.uniform(0.05, 0.35)
        quotes = [sentence for block in text for sentence in block]
        self.chance.shuffle(quotes)
        for quote in quotes:
            room -= len(quote)
            if room < 0:
                break
            made.insert(self.chance.randrange(len(made) + 1), [quote])
        return made

    def _sequel(self, text: Text, names: Sequence[Sequence[str]]) -> Text:
        """News above, and below it as background up to a third of what was told."""
        fresh = self.writer.text(self._length(), names)
        background: Text = []
        room = min(count_words(fresh), count_words(text)) * self.chance.uniform(0.1, 0.45)
        for block in text:
            room -= count_words([block])
            if room < 0:
                break
            background.append(block)
        return [*fresh, *background]

    def _digest(self, text: Text) -> Text:
        """The beginning of a story among those of nine others."""
        others = [block for _ in range(9) for block in self.writer.text(70)[:1]]
        others.insert(self.chance.randrange(10), text[0])
        return others

    def _alone(self) -> Iterator[Told]:
        for _ in range(4):
            paper = self.chance.choice(self.papers)
            text = paper.furniture.around(self.writer.text(self._length()), self.writer)
            yield Told(self._article(text, paper, self._moment()), self._name(), "alone")

    def _short_item(self) -> Iterator[Told]:
        text, story = self.writer.text(24), self._name()
        for paper in self.chance.sample(self.papers, 3):
            yield Told(self._article(text, paper, self._moment()), story, "short item")

    def _forms_of(self, day: int) -> Iterator[Told]:
        """What is filled in anew: every day in each newspaper of a chain, and several times in some."""
        for kind, forms in self._forms.items():
            for number, paper in enumerate(self.papers):
                at = START + timedelta(days=day, hours=1, seconds=self.chance.randint(0, 3600))
                for turn in range(3 if number % 6 == 0 else 1):
                    text = paper.furniture.around(forms[number // CHAIN].filled(), self.writer)
                    article = self._article(text, paper, at + timedelta(hours=2 * turn))
                    yield Told(article, self._name(), kind)

    def _aside(self, text: Text, kind: str, at: datetime) -> Told:
        paper = self.chance.choice(self.papers)
        return Told(self._article(paper.furniture.around(text, self.writer), paper, at), self._name(), kind)

    def _length(self) -> int:
        return round(exp(self.chance.uniform(log(SHORTEST_WORDS), log(LONGEST_WORDS))))

    def _name(self) -> str:
        return f"{self.writer.tongue.code}-{next(self._numbers)}"

    def _moment(self) -> datetime:
        return START + timedelta(seconds=self.chance.randint(0, 3 * 86_400))

    def _article(self, text: Text, paper: Paper, at: datetime) -> Article:
        return _article([self.writer.printed(block) for block in text], paper, at)


def news(stories: int, *, seed: int = 7, tongues: Sequence[Tongue] = TONGUES) -> list[Told]:
    """A few days of news: so many agency stories in each language, their copies, and everything else.

    In the order in which it comes.
    """
    told = [piece for tongue in tongues for piece in Day(tongue, seed).told(stories)]
    told.sort(key=lambda piece: (piece.article.ingested_at, piece.article.article_id))
    return [_numbered(piece, number) for number, piece in enumerate(told)]


def _article(paragraphs: Sequence[str], paper: Paper, at: datetime) -> Article:
    host = f"{paper.id}.example"
    body = "\n\n".join(paragraphs)
    url = f"https://{host}/{sha256(f'{body}{at}'.encode()).hexdigest()[:16]}"
    published = at - timedelta(minutes=5)
    return Article(
        article_id=sha256(url.encode()).hexdigest(),
        version=1,
        content_hash=sha256(body.encode()).hexdigest(),
        canonical_url=url,
        fetched_url=url,
        publisher=Publisher(id=paper.id, domain=host, language=paper.language),
        source=SourceRef(id=f"{paper.id}-feed", kind="feed"),
        headline=paragraphs[0][:60],
        body=body,
        paragraphs=tuple(Paragraph(role=ParagraphRole.PARAGRAPH, text=text) for text in paragraphs),
        published=Moment(
            at=published,
            precision=Precision.SECOND,
            timezone_basis=TimezoneBasis.EXPLICIT,
            source="json-ld:datePublished",
            raw=published.isoformat(),
        ),
        fetched_at=at,
        ingested_at=at,
        extraction=Extraction(method="html"),
        lineage=Lineage(
            document_id="0" * 64, topic="news.raw", partition=0, offset=0, run_id="measured", code_version="0"
        ),
    )


def _numbered(told: Told, offset: int) -> Told:
    lineage = structs.replace(told.article.lineage, offset=offset)
    return told._replace(article=structs.replace(told.article, lineage=lineage))

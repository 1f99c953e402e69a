"""Days of newspapers that live on agencies: stories, what is made of them, and what only looks like it.

Words are invented, in nine ways of writing, and the same at every run. Each article comes
with the name of the story that it tells, or None where it must stand alone: another story, a report of
the same event in other words, a digest, a form that is filled in anew every day.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import accumulate
from typing import NamedTuple

from msgspec import structs

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
VOCABULARY = 12_000
STOCK_PHRASES = 400
STOCK_SHARE = 0.08
NUMBER_SHARE = 0.03
PAPERS = 24
"""Newspapers of each language; every four of them are one chain, and share its forms."""


class Told(NamedTuple):
    """An article, and the story that it tells; None where it is to stand alone.

    `kind` says how it was made; `Article.ingested_at` is when it came.
    """

    article: Article
    story: str | None
    kind: str


class Tongue(NamedTuple):
    """How an invented language is written."""

    code: str
    letters: str
    word_letters: tuple[int, int]
    space: str
    stop: str
    sentence_words: tuple[int, int]


LATIN = "eetaoinsrhldcumfpgwybvk"
TONGUES = (
    Tongue("en", LATIN, (2, 9), " ", ". ", (9, 24)),
    Tongue("de", LATIN + "äöüß", (3, 13), " ", ". ", (8, 20)),
    Tongue("es", LATIN + "áéíóñ", (2, 10), " ", ". ", (9, 26)),
    Tongue("ru", "оеаинтсрвлкмдпуяыьгзбч", (2, 10), " ", ". ", (8, 20)),
    Tongue("ar", "ايلمنرتبعدسفهكقحجشصخطغ", (2, 7), " ", ". ", (9, 24)),
    Tongue("ko", "".join(map(chr, range(0xAC00, 0xAC00 + 3000, 7))), (2, 5), " ", ". ", (7, 16)),
    Tongue(
        "ja",
        "".join(map(chr, [*range(0x3042, 0x3090), *range(0x4E00, 0x4E00 + 900)])),
        (1, 4),
        "",
        "。",
        (10, 24),
    ),
    Tongue("zh", "".join(map(chr, range(0x4E00, 0x4E00 + 1800))), (1, 3), "", "。", (10, 24)),
    Tongue("th", "".join(map(chr, range(0xE01, 0xE2F))), (3, 6), "", " ", (10, 24)),
)


class Writer:
    """Writes sentences of one language; words are drawn as language has them (Zipf)."""

    def __init__(self, tongue: Tongue, seed: int) -> None:
        self.tongue = tongue
        self.chance = random.Random(f"{tongue.code} {seed}")  # noqa: S311 - a corpus, no secret
        words = {self._word() for _ in range(3 * VOCABULARY)}
        self._words = sorted(words, key=lambda word: (len(word), word))[:VOCABULARY]
        self._weights = list(accumulate(1 / rank for rank in range(5, len(self._words) + 5)))
        self._stock = [self.words(self.chance.randint(6, 12)) for _ in range(STOCK_PHRASES)]

    def words(self, count: int) -> list[str]:
        """Draw so many words; some are numbers."""
        drawn = self.chance.choices(self._words, cum_weights=self._weights, k=count)
        return [
            str(self.chance.randint(2, 99_999)) if self.chance.random() < NUMBER_SHARE else w for w in drawn
        ]

    def sentence(self) -> list[str]:
        """A sentence as its words; some hold a phrase that everybody uses."""
        made = self.words(self.chance.randint(*self.tongue.sentence_words))
        if self.chance.random() < STOCK_SHARE:
            at = self.chance.randrange(len(made))
            made[at:at] = self.chance.choice(self._stock)
        return made

    def paragraph(self) -> "Block":
        """Two to five sentences."""
        return [self.sentence() for _ in range(self.chance.randint(2, 5))]

    def text(self, paragraphs: int) -> "Text":
        """So many paragraphs."""
        return [self.paragraph() for _ in range(paragraphs)]

    def printed(self, block: "Block") -> str:
        """A paragraph as it stands on a page."""
        tongue = self.tongue
        return "".join(tongue.space.join(words).capitalize() + tongue.stop for words in block).strip()

    def _word(self) -> str:
        count = self.chance.randint(*self.tongue.word_letters)
        return "".join(self.chance.choices(self.tongue.letters, k=count))


Sentence = list[str]
Block = list[Sentence]
Text = list[Block]
Change = Callable[[Text, Writer], Text]


def small_edits(text: Text, writer: Writer) -> Text:
    """Another word here and there: one or two in a hundred."""
    share = writer.chance.uniform(0.005, 0.02)
    return [
        [[writer.words(1)[0] if writer.chance.random() < share else w for w in s] for s in b] for b in text
    ]


def new_lede(text: Text, writer: Writer) -> Text:
    """Another first paragraph."""
    return [writer.paragraph(), *text[1:]]


def cut_tail(text: Text, writer: Writer) -> Text:
    """Without up to a third of the paragraphs, from the end."""
    kept = max(3, round(len(text) * writer.chance.uniform(0.67, 0.9)))
    return text[:kept]


def subheadings(text: Text, writer: Writer) -> Text:
    """A subheading before every third paragraph."""
    return [
        block
        for number, b in enumerate(text)
        for block in (*([[writer.words(4)]] if number % 3 == 2 else ()), b)
    ]


CHANGES: Sequence[Change] = (small_edits, new_lede, cut_tail, subheadings)


class Papers:
    """The newspapers of one language, each with furniture of its own."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._inside = [writer.paragraph()[:1] for _ in range(PAPERS)]
        self._footers = [writer.paragraph()[:2] for _ in range(PAPERS)]
        self._forms = [[writer.text(5) for _ in range(2)] for _ in range(PAPERS // 4)]

    def copied(self, text: Text, paper: int) -> tuple[Text, str]:
        """Print an agency's story in a newspaper: some of the changes that editors make, and how many."""
        chance = self.writer.chance
        changes = [change for change in CHANGES if chance.random() < 0.45]
        for change in changes:
            text = change(text, self.writer)
        if chance.random() < 0.5:
            text = [*text[:2], self._inside[paper], *text[2:]]
        if chance.random() < 0.6:
            text = [*text, self._footers[paper]]
        return text, "+".join(change.__name__ for change in changes) or "as it came"

    def framed(self, text: Text, paper: int) -> Text:
        """A newspaper's own story, with its furniture."""
        return [*text[:2], self._inside[paper], *text[2:], self._footers[paper]]

    def form(self, paper: int, kind: int) -> Text:
        """A form of the paper's chain, its numbers and some of its words filled in anew."""
        writer, every = self.writer, (19, 31)[kind]
        return [
            [
                [_filled(word, position, writer, every) for position, word in enumerate(words)]
                for words in block
            ]
            for block in self._forms[paper // 4][kind]
        ]


def _filled(word: str, position: int, writer: Writer, every: int) -> str:
    if position % every == 4 or word.isdecimal():
        return str(writer.chance.randint(2, 9_999))
    return word


def news(stories: int, *, seed: int = 7, tongues: Sequence[Tongue] = TONGUES) -> list[Told]:
    """A few days of news: so many agency stories in each language, their copies, and everything else.

    In the order in which it comes.
    """
    told = [piece for tongue in tongues for piece in _told(Papers(Writer(tongue, seed)), stories)]
    told.sort(key=lambda piece: (piece.article.ingested_at, piece.article.article_id))
    return [_numbered(piece, number) for number, piece in enumerate(told)]


def _told(papers: Papers, stories: int) -> Iterator[Told]:
    for number in range(stories):
        yield from _story(papers, number)
        yield from _alone(papers, number)
    for day in range(6):
        yield from _forms(papers, day)


def _story(papers: Papers, number: int) -> Iterator[Told]:
    """One agency story in some newspapers, and a report of the same event that quotes the same people."""
    writer, chance = papers.writer, papers.writer.chance
    text = writer.text(chance.randint(6, 16))
    story = f"{writer.tongue.code}-{number}"
    at = _moment(chance, days=3)
    for paper in chance.sample(range(PAPERS), chance.randint(2, 7)):
        copy, kind = papers.copied(text, paper)
        at += timedelta(seconds=chance.expovariate(1 / 1800))
        yield Told(_article(papers, copy, paper, at), story, f"copy: {kind}")
    quotes = [[chance.choice(chance.choice(text))] for _ in range(2)]
    own = writer.text(7)
    own = [*own[:2], quotes[0], *own[2:4], quotes[1], *own[4:]]
    yield Told(_article(papers, own, chance.randrange(PAPERS), at), None, "another report of the event")
    if number % 5 == 0:
        parts = [text[0], *(writer.paragraph() for _ in range(9))]
        yield Told(_article(papers, parts, chance.randrange(PAPERS), at), None, "digest")


def _alone(papers: Papers, number: int) -> Iterator[Told]:
    """Stories that one newspaper has to itself, and short items that several have."""
    writer, chance = papers.writer, papers.writer.chance
    for _ in range(4):
        paper = chance.randrange(PAPERS)
        text = papers.framed(writer.text(chance.randint(2, 9)), paper)
        yield Told(_article(papers, text, paper, _moment(chance, days=3)), None, "alone")
    if number % 5 == 0:
        short = [[writer.words(14), writer.words(14)]]
        for paper in chance.sample(range(PAPERS), 3):
            yield Told(_article(papers, short, paper, _moment(chance, days=3)), None, "short item")


def _forms(papers: Papers, day: int) -> Iterator[Told]:
    """What is filled in anew: once a day in each newspaper of a chain, and hourly in some."""
    chance = papers.writer.chance
    for paper in range(PAPERS):
        at = START + timedelta(days=day, hours=1, seconds=chance.randint(0, 3600))
        yield Told(_article(papers, papers.form(paper, 0), paper, at), None, "form, daily")
        if paper % 6 == 0:
            for hour in range(4):
                later = at + timedelta(hours=2 * hour)
                yield Told(_article(papers, papers.form(paper, 1), paper, later), None, "form, hourly")


def _moment(chance: random.Random, *, days: int) -> datetime:
    return START + timedelta(seconds=chance.randint(0, days * 86_400))


def _article(papers: Papers, text: Text, paper: int, at: datetime) -> Article:
    code = papers.writer.tongue.code
    host = f"{code}-paper-{paper}.example"
    paragraphs = tuple(
        Paragraph(role=ParagraphRole.PARAGRAPH, text=papers.writer.printed(block)) for block in text
    )
    body = "\n\n".join(paragraph.text for paragraph in paragraphs)
    url = f"https://{host}/{sha256(f'{body}{at}'.encode()).hexdigest()[:16]}"
    published = at - timedelta(minutes=5)
    return Article(
        article_id=sha256(url.encode()).hexdigest(),
        version=1,
        content_hash=sha256(body.encode()).hexdigest(),
        canonical_url=url,
        fetched_url=url,
        publisher=Publisher(id=f"{code}-paper-{paper}", domain=host, language=code),
        source=SourceRef(id=f"{code}-paper-{paper}-feed", kind="feed"),
        headline=" ".join(text[0][0][:8]),
        body=body,
        paragraphs=paragraphs,
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

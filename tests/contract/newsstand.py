"""A small newsstand in several languages, for the search peers."""

from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from msgspec.structs import replace

from ingestion.article import (
    Access,
    Article,
    Image,
    Language,
    Moment,
    Precision,
    Publisher,
    Rights,
    SourceRef,
    TimezoneBasis,
)
from ingestion.codec import plain
from ingestion.ports import Row, SearchSink
from ingestion.search.query import Mistake, Page, Query, Searcher
from ingestion.search.syntax import parse
from tests.builders import NOON, article

DAY = timedelta(days=1)


class Peer(SearchSink, Searcher, Protocol):
    """Both sides of a search peer."""


def published(at: datetime) -> Moment:
    return Moment(
        at=at,
        precision=Precision.SECOND,
        timezone_basis=TimezoneBasis.EXPLICIT,
        source="test",
        raw=at.isoformat(),
    )


def piece(article_id: str, headline: str, body: str, language: str | None = "en", **changes: Any) -> Article:
    made = article(headline, body, article_id=article_id, version=1)
    code = Language(code=language, confidence=0.99) if language else None
    return replace(made, language=code, **changes)


def row(made: Article) -> Row:
    return plain(made)


def rows(*made: Article) -> list[Row]:
    return [plain(one) for one in made]


def ask(peer: Searcher, text: str, **options: Any) -> Page:
    query = parse(text, Query(**options))
    assert not isinstance(query, Mistake), query.message
    return peer.search(query)


def ids(page: Page) -> list[str]:
    return [hit.article_id for hit in page.hits]


def found(peer: Searcher, text: str, **options: Any) -> set[str]:
    return set(ids(ask(peer, text, **options)))


HARBOUR = Publisher(id="harbour-times", name="Harbour Times")
KURIER = Publisher(id="elbkurier", name="Elbkurier")

FERRY = piece(
    "ferry",
    "Ferries run again",
    "The ferry service to the <b>islands</b> & the cape resumed.\n\nA storm had stopped every crossing.",
    publisher=HARBOUR,
    source=SourceRef(id="harbour-rss", kind="feed"),
    section="Region",
    genre="news",
    authors=("Jane Roe", "Ole Brandt"),
    credits=("Reuters",),
    published=published(datetime(2026, 11, 18, 23, 59, 59, tzinfo=UTC)),
    images=(Image(caption="The lighthouse at dusk."),),
    rights=Rights(access=Access.FREE),
)
BUDGET = piece(
    "budget",
    "Council passes the budget",
    "The service of the island ferry was not cut, unlike the library.",
    publisher=HARBOUR,
    section="Politics",
    genre="opinion",
    authors=("Ole Brandt",),
    published=published(datetime(2026, 11, 20, tzinfo=UTC)),
    abstract="Taxes stay where they are.",
)
GERMAN = piece(
    "german",
    "Hochwasser in München",
    "Die Häuser an der Straße wurden geräumt, sagte Bürgermeister Groß.",
    "de",
    publisher=KURIER,
    section="Lokales",
    authors=("Jürgen Weiß",),
    credits=("dpa", "Reuters"),
    published=published(datetime(2026, 11, 19, 8, 30, tzinfo=UTC)),
)
ARABIC = piece("arabic", "الْكِتَابُ الجديد", "قال أحمد إن المدرســـة فتحت أبوابها إلى الجميع.", "ar")
JAPANESE = piece(
    "japanese",
    "東京都知事選挙が始まる",
    "投票は日曜日に行われる。ｶﾒﾗを持った記者が集まった。",
    "ja",
    published=published(datetime(2026, 11, 21, tzinfo=UTC)),
)
NEWSSTAND = (FERRY, BUDGET, GERMAN, ARABIC, JAPANESE)


def many(count: int) -> list[Article]:
    """Articles that say the same, so that their scores tie; a third of the dates is unknown, some tie."""
    return [
        piece(
            f"many-{number:03d}",
            "Harbour news",
            "The same words in every one.",
            published=published(NOON + DAY * (number % 7)) if number % 3 else None,
        )
        for number in range(count)
    ]

"""The lines at the ends of articles in SQL: one row for each line of a publisher in each span of time.

Two spans are looked at: the one that is going on, and the one before it. A batch takes a handful of
statements, whatever its size, and what it counts is added to what others have counted meanwhile.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, reduce
from hashlib import blake2b, sha256
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from msgspec.structs import asdict
from sqlalchemy import Connection, Delete, Insert, Table, and_, delete, select, text, tuple_, update

from ingestion.article import UNKNOWN, Article
from ingestion.ports import Sightings
from ingestion.stages.edges import lines_at_ends
from ingestion.state.history import SqlHistory, lines_of
from ingestion.state.tables import publisher_articles, publisher_lines

KEYS_IN_A_QUERY = 8_000
FORGOTTEN_AT_LEAST = 100
"""A batch forgets up to twice as many lines as it adds and so many more, so that a backlog goes too."""

DAY_BITS = 62
LINE_BITS = 36
"""Of a row's number; the others name the publisher, so that its lines lie together."""

LINE_MASK = (1 << LINE_BITS) - 1

LOCK = int.from_bytes(sha256(b"news furniture").digest()[:8], "big", signed=True)
"""Names the lock that PostgreSQL holds from the writing to the end of a transaction."""

NEVER = Sightings()


class Spans(NamedTuple):
    """How many hours a span has, and how many lines of a publisher are kept in it.

    An article is in that in which the log took it. A quarter more than `most_lines` are let in before those
    on the fewest articles go, the oldest first.
    """

    hours: int
    most_lines: int


FORTNIGHTS = Spans(hours=14 * 24, most_lines=1_000)
"""What is on one article in twenty has come again many times by the time that so many lines were seen."""


def spans_of(*, days: float) -> Spans | None:
    """Two spans that make so many days; None for none."""
    return FORTNIGHTS._replace(hours=max(1, round(days * 24 / 2))) if days else None


class Place(NamedTuple):
    """A publisher in the span that begins in this hour since 1970."""

    span: int
    publisher_id: str


class Key(NamedTuple):
    """A publisher's line in such a span."""

    span: int
    line: int


K = TypeVar("K", Place, Key)


class SqlFurniture:
    """`ports.Furniture` inside one transaction. What is counted is written by `flush`.

    Without spans nothing is counted, and nothing new is ever furniture.
    """

    def __init__(self, connection: Connection, history: SqlHistory, spans: Spans | None) -> None:
        self._connection = connection
        self._history = history
        self._spans = spans
        self._places: dict[Place, int] = {}
        self._lines: dict[Key, Sightings] = {}
        self._new_articles: Counter[Place] = Counter()
        self._new_lines: Counter[Place] = Counter()
        self._added: dict[Key, Sightings] = {}
        self._added_at: dict[Key, int] = {}

    def expect(self, articles: Iterable[Article]) -> None:
        """Look up at once what will be asked of those that are new."""
        new = [made for made in articles if made.publisher.id != UNKNOWN.id and not self._history.of(made)]
        if self._spans:
            self._look_up_places([self._place(made) for made in new])
            lines = (self._keys(made, lines_at_ends(made.paragraphs)) for made in new)
            self._look_up_lines([key for keys in lines for key in keys])

    def taken_off(self, article: Article) -> frozenset[int] | None:
        """The lines taken off when this record, or else the article, was read before; None for a new one."""
        if own := self._history.own(article):
            return lines_of([own])
        known = self._history.known(article)
        return lines_of(known) if known else None

    def seen(self, article: Article, lines: Collection[int]) -> tuple[int, Mapping[int, Sightings]]:
        """How many articles of its publisher are counted, and these lines, as far as they were seen there."""
        if self._spans is None:
            return 0, {}
        place, keys = self._place(article), self._keys(article, lines)
        self._look_up_places([place])
        self._look_up_lines(keys)
        articles = sum(self._places[at] + self._new_articles[at] for at in (self._before(place), place))
        found = {line: self._sightings(key) for line, key in zip(lines, keys, strict=True)}
        return articles, {line: sightings for line, sightings in found.items() if sightings.articles}

    def count(self, article: Article, lines: Mapping[int, bool]) -> None:
        """Count the lines of a new article, and for each whether the article speaks of the same."""
        if self._spans is None or self._history.of(article):
            return
        place, keys = self._place(article), self._keys(article, lines)
        self._look_up_lines(keys)
        self._new_articles[place] += 1
        for key, is_telling in zip(keys, lines.values(), strict=True):
            self._new_lines[place] += key not in self._added and not self._lines[key].articles
            once = Sightings(1, int(is_telling), _day_of(article))
            self._added[key] = _sum(self._added.get(key, NEVER), once)
            self._added_at[key] = int(article.ingested_at.timestamp())

    def flush(self) -> None:
        """Add what was counted; forget what is too old, and what is too much."""
        if self._spans is None or not self._new_articles:
            return
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        self._add()
        self._prune(self._spans.most_lines)
        self._forget()

    def _place(self, article: Article) -> Place:
        assert self._spans
        hour = int(article.ingested_at.timestamp() // 3600)
        return Place(hour - hour % self._spans.hours, article.publisher.id)

    def _keys(self, article: Article, lines: Iterable[int]) -> list[Key]:
        place = self._place(article)
        first = first_line(place.publisher_id)
        return [Key(place.span, first | line & LINE_MASK) for line in lines]

    def _before(self, key: K) -> K:
        assert self._spans
        return key._replace(span=key.span - self._spans.hours)

    def _with_those_before(self, keys: Iterable[K]) -> set[K]:
        return {each for key in keys for each in (key, self._before(key))}

    def _sightings(self, key: Key) -> Sightings:
        """What is known of a line in its span and in the one before."""
        before = self._before(key)
        parts = (self._lines[key], self._added.get(key), self._lines[before], self._added.get(before))
        return reduce(_sum, (part for part in parts if part), NEVER)

    def _look_up_places(self, places: Iterable[Place]) -> None:
        asked = {place for place in self._with_those_before(places) if place not in self._places}
        self._places.update(dict.fromkeys(asked, 0))
        for part in _parts(asked):
            table = publisher_articles.c
            query = select(table.span, table.publisher_id, table.articles).where(
                table.span.in_({place.span for place in part}),
                table.publisher_id.in_({place.publisher_id for place in part}),
            )
            for span, publisher_id, articles in self._connection.execute(query):
                self._places[Place(span, publisher_id)] = articles

    def _look_up_lines(self, keys: Iterable[Key]) -> None:
        asked = {key for key in self._with_those_before(keys) if key not in self._lines}
        self._lines.update(dict.fromkeys(asked, NEVER))
        for part in _parts(asked):
            table = publisher_lines.c
            query = select(table.span, table.line, table.articles, table.telling, table.days).where(
                table.span.in_({key.span for key in part}), table.line.in_({key.line for key in part})
            )
            for span, line, *sightings in self._connection.execute(query):
                self._lines[Key(span, line)] = Sightings(*sightings)

    def _add(self) -> None:
        """In the order of the keys, so that no two processes wait for each other."""
        lines = [
            {**key._asdict(), **asdict(added), "last_seen": self._added_at[key]}
            for key, added in sorted(self._added.items(), key=itemgetter(0))
        ]
        if lines:
            self._connection.execute(self._adding(publisher_lines, ("articles", "telling")), lines)
        places = [
            {**place._asdict(), "articles": articles, "lines": self._new_lines[place]}
            for place, articles in sorted(self._new_articles.items())
        ]
        self._connection.execute(self._adding(publisher_articles, ("articles", "lines")), places)

    def _adding(self, table: Table, sums: Sequence[str]) -> Insert:
        """Insert rows, or add their numbers to those of rows that are there."""
        from sqlalchemy.dialects import postgresql, sqlite

        is_server = self._connection.dialect.name == "postgresql"
        adding: Any = (postgresql if is_server else sqlite).insert(table)
        added = adding.excluded
        values = {name: table.c[name] + added[name] for name in sums}
        if "days" in table.c:
            values |= {"days": table.c.days.bitwise_or(added.days), "last_seen": added.last_seen}
        changed: Insert = adding.on_conflict_do_update(index_elements=table.primary_key, set_=values)
        return changed

    def _prune(self, most: int) -> None:
        """Take away the lines on the fewest articles, the oldest first, of a publisher that has too many."""
        table = publisher_articles.c
        spans, publishers = zip(*self._new_articles, strict=True)
        too_full = and_(
            table.lines > most + most // 4,
            table.span.in_(set(spans)),
            table.publisher_id.in_(set(publishers)),
        )
        for span, publisher_id in self._connection.execute(
            select(table.span, table.publisher_id).where(too_full).order_by(table.publisher_id)
        ).all():
            self._connection.execute(_all_but(most, span, publisher_id))
            this_one = and_(table.span == span, table.publisher_id == publisher_id)
            self._connection.execute(update(publisher_articles).where(this_one).values(lines=most))

    def _forget(self) -> None:
        """Take away what was counted before both spans, a bounded number of rows."""
        oldest = min(self._before(place).span for place in self._new_articles)
        most = FORGOTTEN_AT_LEAST + 2 * len(self._added)
        for table in (publisher_lines, publisher_articles):
            keys = tuple(table.primary_key)
            gone = select(*keys).where(table.c.span < oldest).order_by(*keys).limit(most)
            self._connection.execute(delete(table).where(tuple_(*keys).in_(gone)))


def _all_but(most: int, span: int, publisher_id: str) -> Delete:
    table, first = publisher_lines.c, first_line(publisher_id)
    its_own = and_(table.span == span, table.line.between(first, first | LINE_MASK))
    kept = select(table.line).where(its_own)
    kept = kept.order_by(table.articles.desc(), table.last_seen.desc(), table.line).limit(most)
    return delete(publisher_lines).where(its_own, table.line.not_in(kept))


def _parts(keys: Collection[K]) -> Iterator[Sequence[K]]:
    in_order = sorted(keys)
    for begin in range(0, len(in_order), KEYS_IN_A_QUERY):
        yield in_order[begin : begin + KEYS_IN_A_QUERY]


def _sum(some: Sightings, more: Sightings) -> Sightings:
    return Sightings(some.articles + more.articles, some.telling + more.telling, some.days | more.days)


def _day_of(article: Article) -> int:
    """The day of an article as a bit: when it was published, as far as that is known."""
    day = article.published.at if article.published else article.fetched_at
    return 1 << day.toordinal() % DAY_BITS


@cache
def first_line(publisher_id: str) -> int:
    """The number that the lines of a publisher begin at."""
    digest = blake2b(publisher_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> (LINE_BITS + 1) << LINE_BITS

"""Near copies know each other: each article is told its group, and none is ever dropped for it.

A whole batch is looked up at once, and later articles of a batch find the earlier ones. An article that
is read again after a crash keeps the place that it was given.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from ingestion.article import Article, Syndication
from ingestion.ports import Claims, CopyWindow, Placed
from ingestion.stages.syndication import are_kin

if TYPE_CHECKING:
    from ingestion.stages.placing import Match
    from ingestion.stages.sketch import Sketch, Sketched

MOST_ALIKE = 8
"""So many of those that share the most are compared, and as many of the oldest: groups begin there."""


def candidates(sharing: Iterable[Sequence[int]]) -> list[int]:
    """Choose whom to compare a text with, of those that share each of its keys: numbers that rise with time.

    A key that few have counts for more: many share a publisher's furniture.
    """
    weights: defaultdict[int, float] = defaultdict(float)
    for numbers in sharing:
        for number in numbers:
            weights[number] += 1 / len(numbers)
    most_alike = sorted(weights, key=lambda number: (-weights[number], number))
    return sorted({*most_alike[:MOST_ALIKE], *sorted(weights)[:MOST_ALIKE]})


def group(articles: Sequence[Article], claims: Claims) -> list[Article]:
    """Give each article its place among its copies, in their order."""
    window = claims.copies
    if window is None or not articles:
        return list(articles)
    known = window.recall(articles)
    new = [article for article, placed in zip(articles, known, strict=True) if placed is None]
    places = iter(_placed(new, window))
    return [
        _at(article, placed.syndication) if placed else next(places)
        for article, placed in zip(articles, known, strict=True)
    ]


def _placed(articles: Sequence[Article], window: CopyWindow) -> list[Article]:
    # numpy comes with it, and only what transforms needs that
    from ingestion.stages.sketch import sketches

    sketched = sketches([article.body for article in articles])
    neighbours = window.alike(articles, [text.keys if text else () for text in sketched])
    batch = _Batch(window.earlier(articles))
    placed = [
        batch.place(article, text, near)
        for article, text, near in zip(articles, sketched, neighbours, strict=True)
    ]
    window.keep([(entry.article, entry.keys, entry.placed) for entry in batch.entries])
    return placed


def _at(article: Article, syndication: Syndication | None) -> Article:
    return replace(article, syndication=syndication)


class _Entry(NamedTuple):
    article: Article
    keys: tuple[int, ...]
    placed: Placed
    sketch: "Sketch"


class _Batch:
    """The articles of one batch that have been placed so far."""

    def __init__(self, earlier: Sequence[Placed | None]) -> None:
        self.entries: list[_Entry] = []
        self._by_key: defaultdict[int, list[int]] = defaultdict(list)
        self._by_article = {placed.article_id: placed for placed in earlier if placed}

    def place(self, article: Article, text: "Sketched | None", neighbours: Sequence[Placed]) -> Article:
        """Place the next one; what cannot be compared is in no group, unless an earlier version is."""
        from ingestion.stages import placing

        before = self._by_article.get(article.article_id)
        if text is None:
            return _at(article, before.syndication) if before else article
        matches = self._matches(article, text, neighbours)
        placed = placing.place_again(article, before, matches) if before else placing.place(article, matches)
        keys = () if placing.need_not_be_found(placed, matches) else text.keys
        self._remember(_Entry(article, keys, replace(placed, sketch=text.sketch.to_bytes()), text.sketch))
        return _at(article, placed.syndication)

    def _remember(self, entry: _Entry) -> None:
        for key in entry.keys:
            self._by_key[key].append(len(self.entries))
        self.entries.append(entry)
        self._by_article[entry.article.article_id] = entry.placed

    def _matches(self, article: Article, text: "Sketched", neighbours: Sequence[Placed]) -> "list[Match]":
        from ingestion.stages.sketch import Sketch

        near = [(placed, Sketch.from_bytes(placed.sketch)) for placed in neighbours]
        near += [(entry.placed, entry.sketch) for entry in self._alike(text)]
        found = (_match(article, text, placed, sketch) for placed, sketch in near)
        return [match for match in found if match]

    def _alike(self, text: "Sketched") -> list[_Entry]:
        sharing = (self._by_key.get(key, ()) for key in text.keys)
        return [self.entries[number] for number in candidates(sharing)]


def _match(article: Article, text: "Sketched", placed: Placed, sketch: "Sketch") -> "Match | None":
    """Compare with a candidate; another publisher's form, filled in anew, is no copy."""
    from ingestion.stages.likeness import likeness
    from ingestion.stages.placing import Match

    if placed.article_id == article.article_id:
        return None
    found = likeness(text.sketch, sketch)
    if found is None or (grade := found.grade) is None:
        return None
    is_kin = are_kin(placed.publisher_id, article.publisher.id)
    return Match(placed, found, grade) if is_kin or not found.are_forms else None

"""What the templates show, worked out beforehand."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from msgspec import Struct

from ingestion.article import Article, Paragraph, ParagraphRole
from ingestion.search.query import Facet, FacetCount, Filters, Hit, Page, Query, Sort
from ingestion.web import labels
from ingestion.web.address import link, parameters, toggled
from ingestion.web.histogram import Histogram, histogram

SHOWN = 8
"""Values of a facet in sight; the others unfold."""
COPIES_SHOWN = 8
"""Copies of an article on its page; a link leads to the others."""


class Choice(Struct, frozen=True, kw_only=True):
    """Something to click that changes the question."""

    text: str
    href: str
    count: int | None = None
    active: bool = False


class Group(Struct, frozen=True, kw_only=True):
    """One facet."""

    title: str
    shown: tuple[Choice, ...]
    more: tuple[Choice, ...]


class Results(Struct, frozen=True, kw_only=True):
    """Everything around the hits."""

    query: Query
    page: Page
    chips: tuple[Choice, ...]
    groups: tuple[Group, ...]
    sorts: tuple[Choice, ...]
    days: Histogram | None
    first: int
    last: int
    first_page: str | None
    next_page: str | None
    since: str
    until: str
    hidden: tuple[tuple[str, str], ...]


def results(query: Query, page: Page) -> Results:
    """Arrange a page of hits."""
    seen = query.cursor.seen if query.cursor else 0
    days = page.facets.get(Facet.DAY, ())
    asked = dict(parameters(query))
    return Results(
        query=query,
        page=page,
        chips=tuple(_chips(query)),
        groups=tuple(_groups(query, page.facets)),
        sorts=tuple(_sorts(query)),
        days=histogram(days, query),
        first=seen + 1,
        last=seen + len(page.hits),
        first_page=link(query) if query.cursor else None,
        next_page=link(query, cursor=page.next_cursor) if page.next_cursor else None,
        since=asked.get("from", "")[:10],
        until=asked.get("to", "")[:10],
        hidden=tuple(_hidden(query)),
    )


def _hidden(query: Query) -> Iterator[tuple[str, str]]:
    """What the search form carries along besides its own inputs."""
    for name, value in parameters(query):
        if name not in {"q", "from", "to"}:
            yield name, value


def _chips(query: Query) -> Iterator[Choice]:
    for facet, title in labels.FILTERS.items():
        for value in query.filters.of(facet):
            yield Choice(text=f"{title}: {labels.label(facet, value)}", href=toggled(query, facet, value))
    asked = dict(parameters(query))
    if query.published_from is not None:
        yield Choice(text=f"From {asked['from']}", href=link(query, published_from=None))
    if query.published_to is not None:
        yield Choice(text=f"Until {asked['to']}", href=link(query, published_to=None))


def _groups(query: Query, facets: Mapping[Facet, Sequence[FacetCount]]) -> Iterator[Group]:
    for facet, title in labels.FACETS.items():
        chosen = query.filters.of(facet)
        counts = [*facets.get(facet, ())]
        counts += [FacetCount(value, 0) for value in chosen if value not in {count.value for count in counts}]
        choices = [
            Choice(
                text=labels.label(facet, count.value),
                href=toggled(query, facet, count.value),
                count=count.count,
                active=count.value in chosen,
            )
            for count in counts
        ]
        if choices:
            yield Group(title=title, shown=tuple(choices[:SHOWN]), more=tuple(choices[SHOWN:]))


def _sorts(query: Query) -> Iterator[Choice]:
    for sort, text in labels.SORTS.items():
        if sort is not Sort.RELEVANCE or query.terms is not None:
            yield Choice(text=text, href=link(query, sort=sort), active=sort is query.order)


class Copies(Struct, frozen=True, kw_only=True):
    """The others of an article's group: some of them, and the number of all."""

    shown: tuple[Hit, ...]
    total: int


def of_group(group_id: str) -> Query:
    """Ask for the articles of a group, the oldest first."""
    filters = Filters(groups=(group_id,))
    return Query(filters=filters, sort=Sort.OLDEST, size=COPIES_SHOWN + 1, highlight=False)


def copies(article: Article, page: Page) -> Copies | None:
    """Leave the article itself out; None where no other is left."""
    others = tuple(hit for hit in page.hits if hit.article_id != article.article_id)[:COPIES_SHOWN]
    return Copies(shown=others, total=page.total - 1) if others else None


class Block(Struct, frozen=True):
    """Paragraphs of one role that stand together."""

    role: str
    texts: tuple[str, ...]


def blocks(article: Article) -> tuple[Block, ...]:
    """The body as it is laid out: what is of one role and stands together in one block.

    A deck that the body begins with stands below the headline already.
    """
    paragraphs = article.paragraphs or tuple(
        Paragraph(role=ParagraphRole.PARAGRAPH, text=text)
        for text in article.body.split("\n\n")
        if text.strip()
    )
    begin = 1 if paragraphs and paragraphs[0].text == article.abstract else 0
    return tuple(
        Block(str(role), tuple(paragraph.text for paragraph in group))
        for role, group in groupby(paragraphs[begin:], key=lambda paragraph: paragraph.role)
    )

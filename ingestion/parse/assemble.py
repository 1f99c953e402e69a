"""From what was read to the article: one value chosen for each field, with the place it came from."""

from collections.abc import Sequence

from msgspec.structs import replace

from ingestion import __version__
from ingestion.article import (
    Article,
    Document,
    DocumentKind,
    Drop,
    Extraction,
    Lineage,
    Moment,
    Outcome,
    Paragraph,
)
from ingestion.parse.alternatives import alternatives_of
from ingestion.parse.choices import (
    abstract_of,
    authors_of,
    byline_of,
    count_of,
    credit_finds,
    places_of,
    section_of,
)
from ingestion.parse.clean import words
from ingestion.parse.clues import Clues, Found, Reading
from ingestion.parse.credits import Dateline, agencies_among, dateline_of, ending_agencies
from ingestion.parse.dates import first_moment, holds_day
from ingestion.parse.day_order import day_first
from ingestion.parse.genre import genre_of
from ingestion.parse.hints import add_hints
from ingestion.parse.keywords import keywords_of
from ingestion.parse.language import detect
from ingestion.parse.pictures import pictures_of
from ingestion.parse.rights import rights_of
from ingestion.parse.titles import headlines_of
from ingestion.parse.urls import DAY_IN_PATH, YEAR_AT_END, absolute, identity

_LEAD = 200


def article_of(document: Document, reading: Reading) -> Article | Drop:
    """Put the article together; fields that later stages set are left empty."""
    clues = reading.clues
    add_hints(clues, document)
    _add_from_body(clues, reading.paragraphs)
    _add_from_address(clues, document)
    headlines = headlines_of(clues, document)
    if not headlines:
        return Drop(Outcome.DROPPED, "not_an_article")
    article = _bare(document, reading, headlines)
    article = _with_people(article, clues, document)
    article = _with_times(article, clues, document)
    article = _with_classes(article, clues)
    rights, places = rights_of(clues, document)
    places = {**places_of(clues), **places, "headline": headlines[0].place, **article.provenance}
    return replace(article, rights=rights, provenance=_of_filled(article, places))


def _of_filled(article: Article, places: dict[str, str]) -> dict[str, str]:
    """Keep the places of what came to stand in the article."""
    return {name: place for name, place in places.items() if getattr(article, name, None) not in ((), "")}


def _bare(document: Document, reading: Reading, headlines: list[Found]) -> Article:
    """Return the article with its identity, its words and its pictures."""
    declared = _declared_canonical(reading.clues, document)
    body = "\n\n".join(paragraph.text for paragraph in reading.paragraphs)
    abstract = abstract_of(reading.clues, body)
    return Article(
        canonical_url=identity(declared, _own_url(document)),
        declared_canonical_url=declared,
        discovered_url=words(document.discovered_url),
        fetched_url=words(document.fetched_url),
        publisher=document.publisher,
        source=document.source,
        headline=headlines[0].value,
        alternative_headlines=alternatives_of(headlines, abstract.value if abstract else None),
        abstract=abstract.value if abstract else None,
        body=body,
        paragraphs=reading.paragraphs,
        images=pictures_of(reading.images, _own_url(document)),
        fetched_at=document.fetched_at,
        ingested_at=document.fetched_at,
        language=detect(body, _declared_languages(reading.clues, document)),
        extraction=_extraction(reading),
        provenance={"abstract": abstract.place} if abstract else {},
        lineage=_lineage(document),
    )


def _extraction(reading: Reading) -> Extraction:
    return Extraction(
        method=reading.method,
        versions=reading.versions,
        confidence=reading.confidence,
        warnings=reading.warnings,
        removed=reading.removed,
    )


def _with_people(article: Article, clues: Clues, document: Document) -> Article:
    authors, place = authors_of(clues, document)
    byline = byline_of(clues, document, place)
    places = {**article.provenance, **({"authors": place} if place else {})}
    return replace(
        article,
        authors=authors,
        byline=byline.value if byline else None,
        credits=_credits(clues),
        dateline=clues.value("dateline"),
        provenance={**places, "byline": byline.place} if byline else places,
    )


def _with_times(article: Article, clues: Clues, document: Document) -> Article:
    known = (article.publisher, article.fetched_at)
    order = day_first(_declared_languages(clues, document), document)
    published, odd_published = first_moment(clues.of("published"), *known, day_first=order)
    modified, odd_modified = first_moment(clues.of("modified"), *known, day_first=order)
    warnings = (
        *article.extraction.warnings,
        *odd_published,
        *odd_modified,
        *_time_warnings(published, modified),
    )
    extraction = replace(article.extraction, warnings=tuple(dict.fromkeys(warnings)))
    return replace(article, published=published, modified=modified, extraction=extraction)


def _with_classes(article: Article, clues: Clues) -> Article:
    return replace(
        article,
        comment_count=count_of(clues.value("comment_count")),
        section=section_of(clues),
        genre=genre_of(clues, article.fetched_url or article.discovered_url, article.body[:_LEAD]),
        keywords=keywords_of(clues),
    )


def _lineage(document: Document) -> Lineage:
    return Lineage(
        document_id=document.document_id,
        topic="",
        partition=-1,
        offset=-1,
        run_id=document.run_id,
        code_version=__version__,
    )


def _add_from_body(clues: Clues, paragraphs: Sequence[Paragraph]) -> None:
    """Read the dateline of the first paragraphs and the agency that ends the last; the text stays."""
    for printed in clues.of("byline"):
        for agency in agencies_among(printed.value):
            clues.add("credit", agency, printed.place)
    for paragraph in paragraphs[:2]:
        if dateline := dateline_of(paragraph.text):
            _add_dateline(clues, dateline)
            break
    for paragraph in paragraphs[-2:]:
        for agency in ending_agencies(paragraph.text):
            clues.add("credit", agency, "body:end")


def _add_dateline(clues: Clues, dateline: Dateline) -> None:
    clues.add("dateline", dateline.place, "body:dateline")
    clues.add("author", dateline.reporters, "body:dateline")
    if holds_day(dateline.head):
        clues.add("published", dateline.head, "body:dateline")
    for agency in dateline.agencies:
        clues.add("credit", agency, "body:dateline")


def _add_from_address(clues: Clues, document: Document) -> None:
    """Take the day that is written in an address, where nothing better is known."""
    address = _own_url(document) or ""
    match = DAY_IN_PATH.search(address)
    if match:
        clues.add("published", "-".join(match.groups()), "url:path")
    elif match := YEAR_AT_END.search(address):
        clues.add("published", "/".join(match.groups()), "url:path")


def _credits(clues: Clues) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found.value for found in credit_finds(clues)))


def _time_warnings(published: Moment | None, modified: Moment | None) -> tuple[str, ...]:
    if published is None:
        return ("no_date",)
    return ("modified_before_published",) if modified and modified.at.date() < published.at.date() else ()


def _own_url(document: Document) -> str | None:
    """Return the address of the story: of an entry its link, since the feed's address is not its own."""
    in_order = (document.fetched_url, document.discovered_url)
    entry = document.kind is DocumentKind.FRAGMENT
    return next((url for url in (reversed(in_order) if entry else in_order) if url), None)


def _declared_canonical(clues: Clues, document: Document) -> str | None:
    for field in ("declared_canonical", "canonical_url"):
        for found in clues.of(field):
            if url := absolute(found.value, _own_url(document)):
                return url
    return None


def _declared_languages(clues: Clues, document: Document) -> list[Found]:
    own = document.publisher.language
    return [*clues.of("language"), *([Found(own, "publisher:language")] if own else [])]

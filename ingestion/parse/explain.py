"""Why an article came out as it did: every find of each field, which won, what spoke against the others."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from ingestion.article import Article, Document, Drop, Moment, Precision
from ingestion.parse import read
from ingestion.parse.clean import key
from ingestion.parse.clues import Clues, Found, Reading
from ingestion.parse.credits import agencies_among
from ingestion.parse.dates import first_moment
from ingestion.parse.keywords import words_in
from ingestion.parse.people import people_in

CHOSEN = "chosen"
LESS_TRUSTED = "its place is trusted less"


class Candidate(Struct, frozen=True, kw_only=True):
    """A find: its value, where it stood, and why it won or did not."""

    value: str
    place: str
    chosen: bool
    why: str


class Decision(Struct, frozen=True, kw_only=True):
    """One field: what it came to be, and its candidates, the most trusted first."""

    field: str
    value: str | None
    candidates: tuple[Candidate, ...]


FIELDS: Mapping[str, tuple[str, ...]] = {
    "headline": ("headline",),
    "abstract": ("abstract",),
    "authors": ("author", "author_organisation", "byline"),
    "byline": ("byline",),
    "credits": ("credit",),
    "dateline": ("dateline",),
    "published": ("published",),
    "modified": ("modified",),
    "declared_canonical_url": ("declared_canonical", "canonical_url"),
    "section": ("section",),
    "genre": ("genre", "article_type"),
    "keywords": ("keyword",),
    "comment_count": ("comment_count",),
}
"""The fields of the article, and the finds that each is chosen from."""


def explained(document: Document) -> tuple[Article | Drop, tuple[Decision, ...]]:
    """Parse a document, and tell what was decided about each field. Raises `Unreadable` as `parse` does."""
    found, reading = read(document)
    if reading is None or isinstance(found, Drop):
        return found, ()
    return found, tuple(decision for decision in _decisions(found, reading) if decision.candidates)


def _decisions(article: Article, reading: Reading) -> Iterator[Decision]:
    for field, sources in FIELDS.items():
        finds = [found for source in sources for found in reading.clues.of(source)]
        yield Decision(
            field=field,
            value=_shown(getattr(article, field)),
            candidates=tuple(_judged(field, finds, article, reading.clues)),
        )
    yield _language(article, reading.clues)
    yield _body(article, reading)


def _language(article: Article, clues: Clues) -> Decision:
    """The text decides; what is declared is kept beside it."""
    told = article.language
    by_text = (
        [Candidate(value=told.code, place="text", chosen=True, why=f"confidence {told.confidence:g}")]
        if told
        else []
    )
    declared = (
        Candidate(value=found.value, place=found.place, chosen=False, why="declared; the text decides")
        for found in clues.of("language")
    )
    return Decision(field="language", value=told.code if told else None, candidates=(*by_text, *declared))


def _body(article: Article, reading: Reading) -> Decision:
    confidence = article.extraction.confidence
    value = f"{len(article.body):,} characters in {len(article.paragraphs)} blocks"
    return Decision(
        field="body",
        value=value if confidence is None else f"{value}, confidence {confidence:g}",
        candidates=tuple(
            Candidate(
                value=f"{tried.characters:,} characters in {tried.blocks} blocks",
                place=tried.method,
                chosen=tried.chosen,
                why=_agreement(tried.agreement, chosen=tried.chosen),
            )
            for tried in reading.tried
        ),
    )


def _agreement(agreement: float | None, *, chosen: bool) -> str:
    said = CHOSEN if chosen else "" if agreement is None else "not longer by enough"
    return said if agreement is None else f"{said}; the two readings agree to {agreement:.2f}"


def _judged(field: str, finds: Sequence[Found], article: Article, clues: Clues) -> Iterator[Candidate]:
    winner = _winner(field, finds, article)
    has_won = False
    for found in finds:
        won = _is_won(field, found, article, winner) and (field in LISTS or not has_won)
        has_won = has_won or won
        why = CHOSEN if won else _objection(field, found, article, clues) or LESS_TRUSTED
        yield Candidate(value=found.value, place=found.place, chosen=won, why=why)


LISTS = frozenset({"authors", "credits", "keywords"})
"""Fields that take more than one find."""


def _winner(field: str, finds: Sequence[Found], article: Article) -> str | None:
    """Return the place that won; a field without one of its own took the first find."""
    value = getattr(article, field)
    if isinstance(value, Moment):
        return value.source
    if value in (None, (), "") or not finds:
        return None
    return article.provenance.get(field, finds[0].place)


def _is_won(field: str, found: Found, article: Article, place: str | None) -> bool:
    value = getattr(article, field)
    if place is None:
        return False
    if field in ("keywords", "credits"):
        printed = words_in([found]) if field == "keywords" else [found.value]
        return not {key(one) for one in printed}.isdisjoint(map(key, value))
    if isinstance(value, Moment):
        return found.place == place and found.value == value.raw
    return found.place == place


def _objection(field: str, found: Found, article: Article, clues: Clues) -> str | None:
    """Return what speaks against a find by itself, if anything does."""
    objections: Mapping[str, Callable[[Found, Article, Clues], str | None]] = {
        "headline": _against_headline,
        "abstract": _against_abstract,
        "authors": _against_author,
        "byline": _against_byline,
        "published": _against_time,
        "modified": _against_time,
    }
    return objections[field](found, article, clues) if field in objections else None


def _against_headline(found: Found, article: Article, clues: Clues) -> str | None:
    if key(found.value) == key(article.headline):
        return "the same words"
    if key(found.value) in {key(site.value) for site in clues.of("site")}:
        return "the name of the site"
    kept = {key(title) for title in article.alternative_headlines}
    if key(found.value) in kept:
        return "kept as an alternative headline"
    shorter = any(key(found.value).startswith(title) for title in (*kept, key(article.headline)))
    return "a title that is there already, with more words" if shorter else None


def _against_abstract(found: Found, article: Article, clues: Clues) -> str | None:
    if key(found.value) in {key(title.value) for title in clues.of("headline")}:
        return "repeats a headline"
    return "the beginning of the body" if key(article.body[:2000]).startswith(key(found.value)) else None


def _against_author(found: Found, article: Article, clues: Clues) -> str | None:
    people = people_in([found.value], article.publisher)
    sites = {key(site.value) for site in clues.of("site")}
    if not people or all(key(name) in sites for name in people):
        return "names no person: a desk, an agency, the publisher, or no name"
    return None


def _against_byline(found: Found, article: Article, _: Clues) -> str | None:
    named = people_in([found.value], article.publisher) or agencies_among(found.value)
    return None if named else "names nobody"


def _against_time(found: Found, article: Article, _: Clues) -> str | None:
    moment, warnings = first_moment([found], article.publisher, article.fetched_at)
    if moment is not None:
        return "a day without a time" if moment.precision is Precision.DAY else None
    return ", ".join(warnings).replace("_", " ") or "no date that can be read"


def _shown(value: object) -> str | None:
    if isinstance(value, Moment):
        return f"{value.at:%Y-%m-%d %H:%M:%S} UTC to the {value.precision}"
    if isinstance(value, tuple):
        return "; ".join(value) or None
    return str(value) if value is not None else None

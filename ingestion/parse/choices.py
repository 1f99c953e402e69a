"""One value for each field, chosen from all that was found for it."""

import re
from collections.abc import Sequence

from ingestion.article import Document
from ingestion.parse import lexicon
from ingestion.parse.clean import key
from ingestion.parse.clues import Clues, Found
from ingestion.parse.credits import agencies_among
from ingestion.parse.people import names_a_desk, people_in
from ingestion.parse.titles import labels_of

_DIGITS = re.compile(r"\d[\d.,\s]*")
_CUT_SHORT = re.compile(r"\s*[\[(]?(?:…|\.\.\.|&#8230;)[\])]?\s*$")
_SENTENCE_END = re.compile(r"(?<!\.)[.!?。！？؟।][\"”»」’)]*$")
_SHORTEST_ABSTRACT = 8
_AROUND_SUMMARY = " |·•–—-\u2003"
_OPENING = 4
_STEM, _SHORTEST_WORD, _FEWEST_WORDS, _MOST_SHARED = 5, 4, 3, 0.25
_LAST_RESORTS = ("body:reporting_credit", "json-ld:WebPage")
"""A line below the story may name one of several who are named above it, a page whoever put it up."""

_MOST_TOGETHER = 6
_MOST_PRINTED = 3
_PRINTED = "html:byline"
_LIST = re.compile(r",(?=\S)|[;|]|, (?=[^,]*,)")
_SLUG = re.compile(r"[a-z]+(?:-[a-z]+)+")
_FIELD_OF = {
    "declared_canonical": "declared_canonical_url",
    "keyword": "keywords",
    "body_place": "body",
    "images_place": "images",
}
_CARRIED = (
    "dateline",
    "section",
    "keyword",
    "comment_count",
    "declared_canonical",
    "body_place",
    "images_place",
)


def abstract_of(clues: Clues, body: str) -> Found | None:
    """Return the publisher's summary: no headline, no label, nothing about the site, no cut-short beginning.

    A whole sentence or paragraph of the body is one where there is nothing better: some print their summary
    first.
    """
    start = key(body[:2000])
    opening = {key(paragraph) for paragraph in body.split("\n\n")[:_OPENING]}
    titles = {key(found.value) for found in clues.of("headline")}
    printed = (Found(found.value.strip(_AROUND_SUMMARY), found.place) for found in clues.of("abstract"))
    summaries = [
        found
        for found in printed
        if len(found.value) >= _SHORTEST_ABSTRACT
        and key(found.value) not in titles
        and not _is_of_site(found.value, body)
    ]
    own = (found for found in summaries if not start.startswith(key(_CUT_SHORT.sub("", found.value))))
    whole = (found for found in summaries if _SENTENCE_END.search(found.value) or key(found.value) in opening)
    return next(own, None) or next(whole, None)


def _is_of_site(summary: str, body: str) -> bool:
    """Whether a summary speaks of news, blogs or portals in words that hardly occur in the story."""
    if not lexicon.speaks_of_site(summary):
        return False
    told = {word[:_STEM] for word in key(body).split()}
    words = [word[:_STEM] for word in key(summary).split() if len(word) >= _SHORTEST_WORD]
    shared = sum(word in told for word in words)
    return len(words) >= _FEWEST_WORDS and shared <= _MOST_SHARED * len(words)


def authors_of(clues: Clues, document: Document) -> tuple[tuple[str, ...], str | None]:
    """Return the people of the first place that names any."""
    publisher = document.publisher
    sites = {key(found.value) for found in clues.of("site")}
    labels = labels_of(document)
    printed = [*clues.by_place("author"), *clues.by_place("byline")]
    named = [
        (tuple(name for name in people_in(values, publisher) if not _is_house(name, sites, labels)), place)
        for place, values in sorted(printed, key=lambda found: found[0].startswith(_LAST_RESORTS))
    ]
    told = [(people, place) for people, place in named if people]
    return _fullest(told) if told else ((), None)


def _is_house(name: str, sites: set[str], labels: frozenset[str]) -> bool:
    return key(name) in sites or key(name).replace(" ", "") in labels


def _fullest(told: Sequence[tuple[tuple[str, ...], str]]) -> tuple[tuple[str, ...], str]:
    """Return the people of the first place, or of the first other one that names them with others.

    What a page prints at its headline counts where a meta element names nobody of it: that may be the account
    of whoever put it up, or the house.
    """
    first = {key(name) for name in told[0][0]}
    printed = next((found for found in told if found[1] == _PRINTED), None)
    if printed and told[0][1].startswith("meta:") and first.isdisjoint(map(key, printed[0])):
        return printed
    more = (found for found in told[1:4] if first < {key(name) for name in found[0]})
    return next((found for found in more if len(found[0]) <= _most_of(found[1])), told[0])


def _most_of(place: str) -> int:
    """A line at the headline may go on with who took the pictures, or stood in them."""
    return _MOST_PRINTED if place == _PRINTED else _MOST_TOGETHER


def byline_of(clues: Clues, document: Document, author_place: str | None) -> Found | None:
    """Return the byline as printed: the first that names a person, an agency or a desk."""
    for found in clues.of("byline"):
        named = people_in([found.value], document.publisher) or agencies_among(found.value)
        if named or names_a_desk(found.value) or found.place == author_place:
            return found
    return None


def credit_finds(clues: Clues) -> list[Found]:
    """Return the credits of the text; those of a photograph or in running text only where it has none."""
    weak = ("photo credit", "attribution")
    of_text = [found for found in clues.of("credit") if not found.place.endswith(weak)]
    return of_text or list(clues.of("credit"))


def count_of(value: str | None) -> int | None:
    """Return a number of comments; None where it is none, or none that could be."""
    digits = re.sub(r"\D", "", value or "")
    return int(digits) if digits and len(digits) <= 7 and _DIGITS.fullmatch(value or "") else None


def section_of(clues: Clues) -> str | None:
    """Return the section as a reader would name it, of a list of them the first."""
    found = section_find(clues)
    if found is None:
        return None
    section = _first_section(found)
    return section.replace("-", " ").capitalize() if _SLUG.fullmatch(section) else section


def section_find(clues: Clues) -> Found | None:
    """Return the find to take the section from; the site itself is no section."""
    sites = {key(found.value) for found in clues.of("site")}
    return next(
        (found for found in clues.of("section") if key(_first_section(found)) not in {"", *sites}), None
    )


def _first_section(found: Found) -> str:
    return _LIST.split(found.value)[0].strip(" ,")


def places_of(clues: Clues) -> dict[str, str]:
    """Return the place of each field that was found."""
    found = {_FIELD_OF.get(field, field): clues.first(field) for field in _CARRIED}
    found["credits"] = next(iter(credit_finds(clues)), None)
    found["section"] = section_find(clues)
    return {field: clue.place for field, clue in found.items() if clue}

"""Who wrote a page, by its elements: near the headline first, then wherever one is marked as a byline."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from lxml.html import HtmlElement

from ingestion.article import Publisher
from ingestion.parse import lexicon
from ingestion.parse.clean import one_line
from ingestion.parse.clues import Clues
from ingestion.parse.credits import agencies_among
from ingestion.parse.dates import names_month
from ingestion.parse.heading import short_text
from ingestion.parse.people import is_byline, people_in

_BYLINE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:byline|author-?names?|article-?authors?|article__authors?|post-?author|autor|autorin|signature)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_AUTHOR_CLASS = re.compile(
    r"(?:^|[\s_-]|[a-z](?=[A-Z]))(?:[aA]uthors?|[bB]yline|[aA]utor(?:in|en|es|enzeile)?|[aA]uteurs?|[wW]riter|[cC]ontributors?)"
    r"(?:[_-]*(?:names?|link|item|text|line|info|list|card|meta|container|details))*(?:__\w+)?(?:$|\s|(?=--))",
)
# From the attribute to its element: four times as quick as asking each element for its attributes.
_MARKED = (
    "descendant::*/@class[contains(.,'yline') or contains(.,'uthor') or contains(.,'utor')"
    " or contains(.,'riter') or contains(.,'uteur')]/.."
    " | descendant::*/@id[contains(.,'yline')]/.."
    " | descendant::*/@itemprop[.='author']/.. | descendant::*/@rel[.='author']/.. | descendant::byline"
)
_PROFILE = re.compile(
    r"/(?:authors?|autor(?:en|es|in)?|auteurs?|autori|autore|writers?|reporters?|journalists?|journalisten?|contributors?|columnists?|"
    r"signataires?|profil|profiles?|people|staff|editors|bio|redaktion|firmas?|by|person(?:en)?|redakteure?)/[^/?#]{3,}",
    re.IGNORECASE,
)
"""The address of a page about a writer."""

_COMMENTS = r"comment(?:s|list|-?body|-?author|-?meta)?|kommentare?|disqus|respond|related"
_OF_READERS = re.compile(rf"(?:^|[\s_-])(?:{_COMMENTS})(?:$|[\s_-])", re.IGNORECASE)
_OF_OTHERS = re.compile(
    rf"(?:^|[\s_-])(?:{_COMMENTS}|recommended|teasers?|cards?)(?:$|[\s_-])", re.IGNORECASE
)
_OUTERMOST = frozenset({"body", "html", "main", "article", "section"})
_UNWANTED_AROUND = frozenset({"aside", "footer", "nav", "figure"})
_MOST_AUTHORS = 8
_LONGEST_BYLINE = 140
_LONGEST_LINE = 120
_LINES_AROUND = 2
_FAR = 12
_DIGIT = re.compile(r"\d")
_DATES = tuple(
    re.compile(
        rf"\s*(?:[|•·,–—-]|\bon\b|\bam\b|\bvom\b|\ble\b|\bel\b|\bem\b|\bil\b)?\s*(?:\b[^\W\d]{{2,10}}[.,]?\s*){{{words}}}\d.*$"
    )
    for words in range(3)
)
"""From a byline to the end of its line: the date, with no word before its figures, one or two."""

_ENDS_IN_DAY = re.compile(r"\b(?:on|am|vom|le|el|em|il)\s[^\W\d]+[.,]?\s*$")
_PLACE = "html:byline"
LINE_OF_TIME = "html:line of time"
_NOBODY = Publisher(id="")


def add_bylines(clues: Clues, tree: HtmlElement, near: list[HtmlElement], above: list[HtmlElement]) -> None:
    """Add the bylines of a page; `near` are the elements below its headline, `above` those above it."""
    _add_near(clues, near)
    if not any(found.place == _PLACE for found in clues.of("byline")):
        _add_near(clues, above)
    if not any(found.place == _PLACE for found in clues.of("byline")):
        marked = [element for element in tree.xpath(_MARKED) if _tells_author(element)]
        if not _is_of_agency(clues):
            _add_marked(clues, [element for element in marked if not _is_around(element)])
        _add_marked(clues, [element for element in marked if _is_stated(element)])
    if not clues.of("byline") and not any(_names_people(found.value) for found in clues.of("author")):
        _add_line(clues, near)


def _is_of_agency(clues: Clues) -> bool:
    """Whether the line of the date credits an agency: who is named far from it wrote something else."""
    lines = (found.value for found in clues.of("byline") if found.place == LINE_OF_TIME)
    return any(map(agencies_among, lines))


def _add_near(clues: Clues, elements: Iterable[HtmlElement]) -> None:
    """Take the first element that is marked, or links to a writer's page, with those beside it like it."""
    first: HtmlElement | None = None
    for element in elements:
        if not _tells_author(element) or _is_apart(element, _OF_READERS) or _is_in_text(element):
            continue
        if first is not None and (first in element.iterancestors() or not _looks_like(element, first)):
            continue
        if text := _names_in(element):
            clues.add("byline", text, _PLACE)
            first = element if first is None else first
        if len(clues.of("byline")) >= _MOST_AUTHORS:
            return


def _tells_author(element: HtmlElement) -> bool:
    if element.tag in ("meta", "link"):
        return False
    if element.tag == "a" and _PROFILE.search(element.get("href") or ""):
        return True
    return element.tag == "byline" or _is_marked(element)


def _add_marked(clues: Clues, marked: list[HtmlElement]) -> None:
    """Take the first element that is marked as a byline anywhere, with those beside it that look like it."""
    first: HtmlElement | None = None
    if any(found.place == _PLACE for found in clues.of("byline")):
        return
    for element in marked:
        if _is_apart(element, _OF_OTHERS) or (first is not None and not _looks_like(element, first)):
            continue
        text = _names_in(element) or ("" if first is not None else _printed(element))
        if text and not _DIGIT.search(text):
            clues.add("byline", text, _PLACE)
            first = element if first is None else first
        if len(clues.of("byline")) >= _MOST_AUTHORS:
            return


def _printed(element: HtmlElement) -> str:
    """Return the words of an element that is surely a byline, though they are not known to be names."""
    text = one_line(" ".join(element.itertext()))
    sure = _BYLINE_CLASS.search(element.get("class") or "") or _is_stated(element)
    return text if sure and len(text) <= _LONGEST_BYLINE else ""


def _names_in(element: HtmlElement) -> str:
    """Return the words of an element that name people: all of them, else those of its parts that do."""
    text = short_text(element, 2 * _LONGEST_BYLINE)
    if not text:
        return ""
    named: list[str] = []
    for part in map(one_line, element.itertext()):
        if part and _names_people(part) and not part.endswith(tuple(named)):
            named.append(part)
    # What stands beside a name in an element of its own is no part of it: `Wren Tolliver`, `Games Editor`.
    whole = _names_people(text) and (not named or _people(text) == people_in(named, _NOBODY))
    if whole:
        return text
    return ", ".join(named) or _before_date(text)


def _before_date(text: str) -> str:
    """Return the byline of a line that goes on with a date: as little as still names the same people."""
    figures, one, two = (pattern.sub("", text) for pattern in _DATES)
    ends_in_day = _ENDS_IN_DAY.search(figures)
    told = [cut for cut in (one, two) if ends_in_day or names_month(text[len(cut) :])]
    named = [cut for cut in (*told, *(() if ends_in_day else (figures,))) if _names_people(cut)]
    same = [cut for cut in (figures, one, two) if named and _people(cut) == _people(named[0])]
    return min(same, key=len, default="")


def _before_figures(text: str) -> str:
    cut = _DATES[0].sub("", text)
    return "" if _ENDS_IN_DAY.search(cut) else cut


def _people(names: str) -> tuple[str, ...]:
    return people_in([names], _NOBODY)


def _add_line(clues: Clues, near: list[HtmlElement]) -> None:
    """Take the first line below the headline that begins as bylines do, where nothing marks one."""
    lines = [
        text
        for element in near
        if element.tag in ("p", "div", "span", "li", "address", "cite", "h4", "h5", "time")
        and (text := short_text(element, _LONGEST_LINE))
    ]
    alone = [text for text in lines if not _DIGIT.search(text)]
    for names in (*alone, *(_before_date(text) or _before_figures(text) for text in lines)):
        if lexicon.byline(names) and not _DIGIT.search(names):
            clues.add("byline", names, "html:below heading")
            return


def _is_in_text(element: HtmlElement) -> bool:
    """Whether an element stands in a paragraph of the story."""
    return any(
        parent.tag == "p" and len(parent.text_content()) > _LONGEST_BYLINE
        for parent in islice(element.iterancestors(), _LINES_AROUND)
    )


def _is_stated(element: HtmlElement) -> bool:
    return "author" in (element.get("itemprop"), element.get("rel"))


def _is_marked(element: HtmlElement) -> bool:
    if _is_stated(element):
        return True
    mark = f"{element.get('class') or ''} {element.get('id') or ''}"
    return bool(mark != " " and (_BYLINE_CLASS.search(mark) or _AUTHOR_CLASS.search(mark)))


def _is_around(element: HtmlElement) -> bool:
    return any(parent.tag in _UNWANTED_AROUND for parent in element.iterancestors())


def _is_apart(element: HtmlElement, marks: re.Pattern[str]) -> bool:
    """Whether an element stands in comments, or among links to other stories."""
    return any(marks.search(mark) for mark in _marks_around(element))


def _marks_around(element: HtmlElement) -> Iterator[str]:
    for parent in (element, *islice(element.iterancestors(), _FAR)):
        if parent.tag in _OUTERMOST - {"section"}:
            return
        yield f"{parent.get('class') or ''} {parent.get('id') or ''}"


def _looks_like(element: HtmlElement, first: HtmlElement) -> bool:
    """Whether two elements stand side by side, or in parents that do."""
    alike = (element.tag, element.get("class")) == (first.tag, first.get("class"))
    near = [p for p in islice(element.iterancestors(), _LINES_AROUND) if p.tag not in _OUTERMOST]
    return alike and any(parent in near for parent in islice(first.iterancestors(), _LINES_AROUND))


def _names_people(text: str) -> bool:
    fits = len(text) <= _LONGEST_BYLINE and not _DIGIT.search(text)
    return fits and is_byline(lexicon.byline(text) or text, _NOBODY)

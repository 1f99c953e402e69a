"""What the elements of a page say by their kind or their class: links, headings, times, bylines."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from lxml.html import HtmlElement

from ingestion.article import Publisher
from ingestion.parse import lexicon
from ingestion.parse.clean import key, one_line
from ingestion.parse.clues import Clues
from ingestion.parse.credits import agencies_among
from ingestion.parse.dates import holds_day
from ingestion.parse.people import is_byline

_BYLINE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:byline|author-?names?|article-?authors?|article__authors?|post-?author|autor|autorin|signature)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_AUTHOR_CLASS = re.compile(
    r"(?:^|[\s_-])(?:authors?|byline|autor(?:in|es)?|auteurs?|writer|contributors?)"
    r"(?:[_-]+(?:names?|link|item|text|line|info))*(?:$|\s)",
    re.IGNORECASE,
)
_MOST_AUTHORS = 8
# From the attribute to its element: four times as quick as asking each element for its attributes.
_AUTHOR_MARK = (
    "descendant::*/@class[contains(.,'yline') or contains(.,'uthor') or contains(.,'autor')]/.."
    " | descendant::*/@itemprop[.='author']/.. | descendant::*/@rel[.='author']/.."
)
_LONGEST_BYLINE = 100
_DIGIT = re.compile(r"\d")
_DATE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:date|datum|pub-?date|published(?:-at|-on)?|post-?date|timestamp|datetime)(?:$|[\s_-])",
    re.IGNORECASE,
)
_DATE_MARK = (
    "descendant::*/@class[contains(.,'date') or contains(.,'datum') or contains(.,'ublished')"
    " or contains(.,'timestamp')]/.."
)
_LONGEST_DATE = 60
_LONGEST_DATE_LINE = 120
_NEAR_HEADING = 20
_LONGEST_LINE = 200
_BEFORE_DATE = re.compile(
    r"\s*(?:[|•·,–—-]|\bon\b|\bam\b|\bvom\b|\ble\b|\bel\b|\bem\b|\bil\b)?\s*(?:\b[^\W\d]{2,10}[.,]?\s*){0,2}\d.*$"
)
"""From a byline to the end of its line: the date."""

_KICKER_AND_TITLE = 2
_KICKERS = (
    "kicker",
    "overline",
    "eyebrow",
    "topline",
    "dachzeile",
    "antetitulo",
    "surtitre",
    "roofline",
    "supertitle",
    "label",
)
_NOBODY = Publisher(id="")
_LINES_AROUND = 2
_UNWANTED_AROUND = frozenset({"aside", "footer", "nav"})


def add_marked(clues: Clues, tree: HtmlElement) -> None:
    """Add the finds of links, headings, times and bylines."""
    for link in tree.iter("link"):
        kind = (link.get("rel") or "").lower().split()
        if "canonical" in kind:
            clues.add("declared_canonical", link.get("href"), "link:canonical")
        if "license" in kind:
            clues.add("license", link.get("href"), "link:license")
    clues.add("language", tree.get("lang") or tree.get("xml:lang"), "html:lang")
    for heading in tree.iter("h1"):
        clues.add("headline", _heading_text(heading), "html:h1")
    for title in tree.xpath("descendant::title[not(ancestor::svg)][1]"):
        clues.add("headline", one_line(title.text_content()), "html:title")
    _add_times(clues, tree)
    _add_bylines(clues, tree)
    if not clues.of("author") and not clues.of("byline"):
        _add_byline_below_heading(clues, tree)


def _heading_text(heading: HtmlElement) -> str:
    """Return the headline; a kicker in an element of its own above it is no part of it."""
    parts = [part for part in heading if isinstance(part.tag, str) and one_line(part.text_content())]
    if (
        len(parts) == _KICKER_AND_TITLE
        and not (heading.text or "").strip()
        and not (parts[0].tail or "").strip()
    ):
        mark = (parts[0].get("class") or "").lower()
        if any(word in mark for word in _KICKERS):
            return one_line(parts[1].text_content())
    return one_line(" ".join(heading.itertext()) if parts else heading.text_content())


def _add_times(clues: Clues, tree: HtmlElement) -> None:
    for element in tree.xpath("descendant::*/@itemprop[.='datePublished' or .='dateModified']/.."):
        field = {"datePublished": "published", "dateModified": "modified"}.get(element.get("itemprop") or "")
        if field:
            stated = (element.get(name) for name in ("datetime", "content", "title"))
            value = next(filter(None, stated), None) or one_line(element.text_content())
            clues.add(field, value, f"html:{element.get('itemprop')}")
    for time in tree.iter("time"):
        if not _is_around(time):
            mark = f"{time.get('class') or ''} {time.get('itemprop') or ''}".lower()
            field = "modified" if re.search(r"updat|modif|aktualis", mark) else "published"
            clues.add(field, time.get("datetime") or one_line(time.text_content()), "html:time")
            _add_neighbours(clues, time)
            break
    _add_printed_date(clues, tree)
    if not any(":" in found.value for found in clues.of("published")):
        _add_date_below_heading(clues, tree)


def _add_date_below_heading(clues: Clues, tree: HtmlElement) -> None:
    """Take the first short line below the headline that holds a day, where nothing marks one."""
    for text in _lines_below_heading(clues, tree):
        if holds_day(text):
            role, rest = lexicon.date_label(text) or ("published", text)
            clues.add("modified" if role == "modified" else "published", rest, "html:below heading")
            return


def _add_byline_below_heading(clues: Clues, tree: HtmlElement) -> None:
    """Take the first line below the headline that begins as bylines do, where nothing marks one."""
    lines = list(_lines_below_heading(clues, tree))
    alone = [text for text in lines if not _DIGIT.search(text)]
    for names in (*alone, *(_BEFORE_DATE.sub("", text) for text in lines)):
        if lexicon.byline(names) and not _DIGIT.search(names):
            clues.add("byline", names, "html:below heading")
            return


def _lines_below_heading(clues: Clues, tree: HtmlElement) -> Iterator[str]:
    titles = {key(found.value) for found in clues.of("headline")} - {""}
    heading = next((found for found in tree.iter("h1") if key(found.text_content()) in titles), None)
    if heading is None:
        return
    blocks: Sequence[HtmlElement] = heading.xpath(
        f"(following::*[self::p or self::div or self::span or self::li])[position() <= {_NEAR_HEADING}]"
    )
    for element in blocks:
        text = one_line(" ".join(element.itertext()))
        if len(text) <= _LONGEST_DATE_LINE and not any(
            p.tag in ("aside", "nav") for p in element.iterancestors()
        ):
            yield text


def _add_neighbours(clues: Clues, time: HtmlElement) -> None:
    """Take the byline from the lines around a time: what its words mark as one, or an agency."""
    for line in islice(time.iterancestors(), _LINES_AROUND):
        text = one_line(line.text_content())
        if len(text) > _LONGEST_LINE:
            return
        for part in (*re.split(r"\s*[|·•]\s*", text), *map(one_line, map(str, line.itertext()))):
            if part and not _DIGIT.search(part) and (lexicon.byline(part) or agencies_among(part)):
                clues.add("byline", part, "html:line of time")
                return


def _add_printed_date(clues: Clues, tree: HtmlElement) -> None:
    for element in tree.xpath(_DATE_MARK):
        text = one_line(element.text_content())
        fits = 6 <= len(text) <= _LONGEST_DATE and _DATE_CLASS.search(element.get("class") or "")
        if fits and not _is_around(element):
            clues.add("published", text, "html:date")
            return


def _is_around(element: HtmlElement) -> bool:
    return any(parent.tag in _UNWANTED_AROUND for parent in element.iterancestors())


def _add_bylines(clues: Clues, tree: HtmlElement) -> None:
    """Take the first element that is marked as a byline, with those beside it that look like it."""
    first: HtmlElement | None = None
    for element in tree.xpath(_AUTHOR_MARK):
        if element.tag in ("meta", "link") or not _is_marked_author(element):
            continue
        text = one_line(" ".join(element.itertext()))
        if not 0 < len(text) <= _LONGEST_BYLINE or _DIGIT.search(text) or _is_around(element):
            continue
        if first is not None and not (_looks_like(element, first) and _names_people(text)):
            continue
        if _BYLINE_CLASS.search(element.get("class") or "") or _is_stated(element) or _names_people(text):
            clues.add("byline", text, "html:byline")
            first = element if first is None else first
        if len(clues.of("byline")) >= _MOST_AUTHORS:
            return


def _is_stated(element: HtmlElement) -> bool:
    return "author" in (element.get("itemprop"), element.get("rel"))


def _is_marked_author(element: HtmlElement) -> bool:
    mark = element.get("class") or ""
    return _is_stated(element) or bool(_BYLINE_CLASS.search(mark) or _AUTHOR_CLASS.search(mark))


def _looks_like(element: HtmlElement, first: HtmlElement) -> bool:
    """Whether two elements stand side by side, or in parents that do."""
    alike = (element.tag, element.get("class")) == (first.tag, first.get("class"))
    near = set(islice(element.iterancestors(), _LINES_AROUND))
    return alike and any(parent in near for parent in islice(first.iterancestors(), _LINES_AROUND))


def _names_people(text: str) -> bool:
    return is_byline(lexicon.byline(text) or text, _NOBODY)

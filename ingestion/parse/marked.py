"""What the elements of a page say by their kind or their class: links, headings, times, bylines."""

import re
from collections.abc import Iterator
from itertools import islice

from lxml.html import HtmlElement

from ingestion.parse import lexicon
from ingestion.parse.bylines import add_bylines
from ingestion.parse.clean import key, one_line
from ingestion.parse.clues import Clues
from ingestion.parse.credits import agencies_among
from ingestion.parse.dates import holds_day
from ingestion.parse.outline import following

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
    add_bylines(clues, tree)


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


def _lines_below_heading(clues: Clues, tree: HtmlElement) -> Iterator[str]:
    titles = {key(found.value) for found in clues.of("headline")} - {""}
    heading = next((found for found in tree.iter("h1") if key(found.text_content()) in titles), None)
    if heading is None:
        return
    for element in islice(following(heading, "p", "div", "span", "li"), _NEAR_HEADING):
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

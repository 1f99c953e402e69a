"""When a page was published and changed, by its elements: stated first, then printed near the headline."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from lxml.html import HtmlElement

from ingestion.parse import lexicon
from ingestion.parse.bylines import LINE_OF_TIME
from ingestion.parse.clean import one_line
from ingestion.parse.clues import Clues
from ingestion.parse.container import Container
from ingestion.parse.credits import agencies_among
from ingestion.parse.dates import Printed, holds_day, may_hold_day, read
from ingestion.parse.heading import short_text

_STATED = {
    "datePublished": "published",
    "dateCreated": "published",
    "dateModified": "modified",
    "published_time": "published",
    "modified_time": "modified",
    "date": "published",
    "created": "published",
    "issued": "published",
    "modified": "modified",
}
"""Properties of schema.org, Dublin Core and Open Graph, without their prefixes."""

_FIELDS = ("published", "modified")
_STATES = (
    "descendant::*/@itemprop[.='datePublished' or .='dateModified']/.."
    " | descendant::*/@property[contains(.,':')]/.."
)
_DIGIT = re.compile(r"\d")
_EPOCH = re.compile(r"\d{10}(?:\d{3})?")
_DATE_CLASS = re.compile(
    r"(?:(?:^|[\s_-])(?:date|datum|fecha|data|pub-?date|published(?:-at|-on)?|post-?date|timestamp|datetime|submitted|posted)"
    r"|[a-z](?:Date|Published|Datum|PublishDate|DateTime|Timestamp|DateBlock)|^docData)(?:$|[\s_-])"
)
_DATE_MARK = (
    "descendant::*/@class[contains(.,'date') or contains(.,'Date') or contains(.,'datum')"
    " or contains(.,'ublished') or contains(.,'imestamp') or contains(.,'fecha') or contains(.,'docData')]/.."
)
_CHANGED = re.compile(
    r"updat|modif|aktualis|actualiz|aggiorn|mise? ?-?[àa] ?-?jour|\bchange|更新", re.IGNORECASE
)
_OF_SITE = re.compile(r"©|\bcopyright\b|all rights|alle rechte|\bsite\b", re.IGNORECASE)
_CHANGED_AT_END = re.compile(r"(?:last ?update|updated?|更新)\s*$", re.IGNORECASE)
_READERS = re.compile(r"comment|kommentar|respond|related", re.IGNORECASE)
_OTHERS = re.compile(r"comment|kommentar|respond|related|teaser", re.IGNORECASE)
_LABELLED = re.compile(
    r"^\s*\W{0,3}\s*(?:veröffentlicht|erstellt|erschienen|eingestellt|stand|vom|pressemitteilung vom|"
    r"published|posted|first published|publié|publicado|pubblicato|gepubliceerd|opublikowano|publicerad|"
    r"publisert|опубликовано|"
    r"(?:dieser|der) (?:artikel|beitrag|eintrag) wurde(?: \w+)? am|"
    r"this (?:entry|post|article) was (?:posted|published)(?: \w+)? on|"
    r"公開日|掲載日|投稿日|发布时间|發布時間|등록|입력)\b.{0,14}?\d",
    re.IGNORECASE,
)
_LONGEST_DATE, _SHORTEST_DATE = 60, 6
_LONGEST_LINE, _LONGEST_LINE_ABOVE = 120, 60
_LONGEST_AROUND = 200
_LINES_AROUND = 2
_BLOCKS_ABOVE = 8
_FAR = 5
_NEAR = 40
_MOST_TEXTS = 4000
_UNWANTED_AROUND = frozenset({"aside", "footer", "nav"})


def add_times(
    clues: Clues, tree: HtmlElement, near: Sequence[HtmlElement], above: Sequence[HtmlElement]
) -> None:
    """Add the times of a page; `near` are the elements below its headline, `above` those above it."""
    _add_stated(clues, tree)
    close = [*near[:_NEAR], *above]
    _add_time_element(clues, (element for element in close if element.tag == "time"))
    marked = [element for element in close if _DATE_CLASS.search(element.get("class") or "")]
    if not _add_printed(clues, marked):
        _add_far(clues, tree)
    if not any(":" in found.value for found in clues.of("published")):
        _add_line(clues, near[:_NEAR], "html:below heading", _LONGEST_LINE)
    if not clues.of("published"):
        _add_line(clues, above, "html:above heading", _LONGEST_LINE_ABOVE)
    if not any(holds_day(found.value) for found in clues.of("published")):
        _add_labelled(clues, tree)


def add_time_above(clues: Clues, container: Container) -> None:
    """Look among the lines above the story, where no place before has told a day."""
    if any(holds_day(found.value) for found in clues.of("published")) or not container.story:
        return
    first = container.first
    above = reversed(container.all[max(0, first - _BLOCKS_ABOVE) : first])
    lines = (block.text for block in above if len(block.text) <= _LONGEST_DATE and not block.is_linked)
    line = next((text for text in lines if may_hold_day(text) and not _OF_SITE.search(text)), None)
    if line:
        _add_said(clues, line, "html:above story")


def _add_far(clues: Clues, tree: HtmlElement) -> None:
    """Look in the whole page, where nothing is marked near the headline."""
    if not any(found.place == "html:time" for field in _FIELDS for found in clues.of(field)):
        _add_time_element(clues, tree.iter("time"))
    others = (element for element in tree.xpath(_DATE_MARK) if not _is_of(element, _OTHERS))
    _add_printed(clues, others)


def _add_stated(clues: Clues, tree: HtmlElement) -> None:
    for element in tree.xpath(_STATES):
        name = element.get("itemprop") or (element.get("property") or "").rpartition(":")[2]
        field = _STATED.get(name)
        if field and (element.tag != "meta" or element.get("itemprop")):
            stated = (element.get(attribute) for attribute in ("datetime", "content", "title"))
            value = next(filter(None, stated), None) or one_line(element.text_content())
            clues.add(field, value, f"html:{name}")


def _add_time_element(clues: Clues, times: Iterable[HtmlElement]) -> None:
    for time in times:
        if not _is_around(time) and not _is_of(time, _READERS):
            stated, printed = time.get("datetime") or "", one_line(time.text_content())
            clear = _EPOCH.fullmatch(stated) or holds_day(stated) or not holds_day(printed)
            field = _field_of(time)
            clues.add(field, stated if stated and clear else printed, "html:time")
            _add_neighbours(clues, time)
            if field == "published":
                return


def _field_of(element: HtmlElement) -> str:
    """Tell by the mark of an element, or the word before it, whether it is about a change."""
    mark = f"{element.get('class') or ''} {element.get('itemprop') or ''}"
    before = element.getprevious()
    parent = element.getparent()
    ahead = before.tail if before is not None else parent.text if parent is not None else ""
    said = lexicon.date_label(f"{ahead or ''} {one_line(element.text_content())}"[-_LONGEST_LINE:])
    changed = _is_changed(mark) or (said is not None and said[0] == "modified")
    return "modified" if changed else "published"


def _is_changed(mark: str) -> bool:
    return bool(_CHANGED.search(mark)) and "publish" not in mark


def _add_neighbours(clues: Clues, time: HtmlElement) -> None:
    """Take the byline from the lines around a time: what its words mark as one, or an agency."""
    for line in islice(time.iterancestors(), _LINES_AROUND):
        text = one_line(line.text_content())
        if len(text) > _LONGEST_AROUND:
            return
        for part in (*re.split(r"\s*[|·•]\s*", text), *map(one_line, map(str, line.itertext()))):
            if part and not _DIGIT.search(part) and (lexicon.byline(part) or agencies_among(part)):
                clues.add("byline", part, LINE_OF_TIME)
                return


def _add_printed(clues: Clues, marked: Iterable[HtmlElement]) -> bool:
    """Take the first element that is marked as a date and holds a day."""
    for element in marked:
        text = one_line(element.text_content())
        fits = _SHORTEST_DATE <= len(text) <= _LONGEST_DATE and _DATE_CLASS.search(element.get("class") or "")
        if not fits or _is_around(element) or _is_of(element, _READERS):
            continue
        stated = element.get("title") or ""
        value = stated if stated and holds_day(stated) else text
        if may_hold_day(value):
            clues.add(_role(value, element), value, "html:date")
            return True
    return False


def _role(text: str, element: HtmlElement) -> str:
    said = lexicon.date_label(text)
    changed = (said and said[0] == "modified") or _is_changed(element.get("class") or "")
    return "modified" if changed or _CHANGED_AT_END.search(text) else "published"


def _add_line(clues: Clues, elements: Iterable[HtmlElement], place: str, longest: int) -> None:
    """Take the first short line that holds a day, where nothing marks one."""
    for element in elements:
        text = short_text(element, longest)
        own = next((line for line in _own_lines(element) if _DIGIT.search(line) and holds_day(line)), None)
        if (own or _DIGIT.search(text)) and may_hold_day(own or text) and not _OF_SITE.search(text):
            _add_said(clues, own or _line(_innermost(element)), place)
            return


def _add_said(clues: Clues, line: str, place: str) -> None:
    """Add the time of a line, as what its label says it is."""
    said, rest = lexicon.date_label(line) or ("", line)
    changed = said == "modified" or (not said and _CHANGED.search(line))
    clues.add("modified" if changed else "published", rest, place)


def _line(element: HtmlElement) -> str:
    return one_line(" ".join(element.itertext()))


def _own_lines(element: HtmlElement) -> Iterator[str]:
    """Yield the short lines between the children of an element."""
    texts = (element.text, *(child.tail for child in element))
    return (line for text in texts if text and 0 < len(line := one_line(text)) <= _LONGEST_DATE)


def _innermost(element: HtmlElement) -> HtmlElement:
    """Return the smallest part of an element that holds the same time."""
    part: HtmlElement | None = element
    while part is not None:
        element, time = part, _read(_line(part))
        part = next((child for child in element if time and _read(_line(child)) == time), None)
    return element


def _read(text: str) -> Printed | None:
    try:
        return read(text)
    except (ValueError, OverflowError):
        return None


def _add_labelled(clues: Clues, tree: HtmlElement) -> None:
    """Take the first line anywhere that says by its first word that a day of publication follows."""
    for text in islice(_lines(tree), _MOST_TEXTS):
        if _LABELLED.match(text) and holds_day(text):
            clues.add("published", text, "html:labelled")
            return


def _lines(tree: HtmlElement) -> Iterator[str]:
    for element in tree.iter("p", "div", "span", "li", "small", "em", "td", "b", "strong"):
        text = one_line(element.text or "")[:_LONGEST_DATE]
        if text and not _is_of(element, _OTHERS):
            yield text if _DIGIT.search(text) else one_line(element.text_content())[:_LONGEST_DATE]
            yield from (one_line(line.tail or "")[:_LONGEST_DATE] for line in element.iterchildren("br"))


def _is_around(element: HtmlElement) -> bool:
    """Whether an element stands beside the story; in the story's own element it may have a foot."""
    for parent in (element, *element.iterancestors()):
        if parent.tag in _UNWANTED_AROUND:
            return True
        if parent.tag == "article":
            return False
    return False


def _is_of(element: HtmlElement, marks: re.Pattern[str]) -> bool:
    """Whether an element stands in comments or in a link to another story."""
    around = islice(element.iterancestors(), _FAR)
    return any(marks.search(f"{p.get('class') or ''} {p.get('id') or ''}") for p in (element, *around))

"""What a page says about itself: JSON-LD first, then meta elements, then marked-up elements."""

import re
from collections.abc import Iterator, Sequence

from lxml.html import HtmlElement
from msgspec import Struct

from ingestion.article import Image
from ingestion.parse import lexicon
from ingestion.parse.clean import key, one_line, without_markup
from ingestion.parse.clues import Clues
from ingestion.parse.credits import agencies_among, agencies_in
from ingestion.parse.data import table
from ingestion.parse.dates import holds_day
from ingestion.parse.json_ld import (
    ARTICLE_TYPES,
    OTHER_PAGE_TYPES,
    LinkedData,
    Node,
    linked_data,
    types_of,
    values_of,
)
from ingestion.parse.rights_said import add_linked_rights

_LISTED = {"keywords", "news_keywords", "parsely-tags"}
_BYLINE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:byline|author-?names?|article-?authors?|article__authors?|post-?author|autor|autorin|signature)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
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
_UNWANTED_AROUND = frozenset({"aside", "footer", "nav"})


class Page(Struct, frozen=True, kw_only=True):
    """The finds of a page, its JSON-LD, and the body and images that the JSON-LD holds."""

    clues: Clues
    data: LinkedData
    article: Node | None
    images: tuple[Image, ...] = ()

    @property
    def says_article(self) -> bool:
        """Whether the page calls itself an article."""
        return self.article is not None or "article" in (self.clues.value("type") or "").lower()

    @property
    def says_otherwise(self) -> bool:
        """Whether the page calls itself a list, a search result, a page about the publisher, or such."""
        return not self.says_article and any(types_of(node) & OTHER_PAGE_TYPES for node in self.data.nodes)


def survey(tree: HtmlElement) -> Page:
    """Collect what the page says, without changing the tree."""
    scripts = [script for script in tree.iter("script") if "ld+json" in (script.get("type") or "").lower()]
    data = linked_data([script.text or "" for script in scripts])
    article = data.article()
    clues = Clues()
    if article is not None:
        add_article(clues, article, data)
    _add_pointers(clues, data)
    metas = list(_metas(tree))
    for field, names in table("fields")["meta"].items():
        _add_meta(clues, field, names, metas)
    _add_marked(clues, tree)
    return Page(clues=clues, data=data, article=article, images=tuple(_images(article, data)))


def add_article(clues: Clues, article: Node, data: LinkedData, place: str = "json-ld") -> None:
    """Add the finds of a schema.org article."""
    for field, names in table("fields")["json-ld"].items():
        for name in names:
            for value in values_of(article.get(name)):
                clues.add(field, _text(data.resolved(value)), f"{place}:{name}")
    add_linked_rights(clues, article, data, place)
    _add_people(clues, article, data, place)
    for value in values_of(article.get("keywords")):
        for keyword in _keywords(_text(value)):
            clues.add("keyword", keyword, f"{place}:keywords")
    for kind in sorted(types_of(article) & ARTICLE_TYPES):
        clues.add("article_type", kind, f"{place}:@type")
    for name in ("url", "mainEntityOfPage"):
        value = article.get(name)
        clues.add("linked_url", value.get("@id") if isinstance(value, dict) else value, f"{place}:{name}")
    clues.add("comment_count", _comments(article), f"{place}:interactionStatistic")


def _add_people(clues: Clues, article: Node, data: LinkedData, place: str) -> None:
    for name in ("author", "creator"):
        for value in values_of(article.get(name)):
            person = data.resolved(value)
            text = _text(person)
            is_organisation = isinstance(person, dict) and any(
                "Organization" in kind for kind in types_of(person)
            )
            clues.add("author_organisation" if is_organisation else "author", text, f"{place}:{name}")
            for agency in agencies_among(text or ""):
                clues.add("credit", agency, f"{place}:{name}")
    _add_organisations(clues, article, data, place)


def _add_organisations(clues: Clues, article: Node, data: LinkedData, place: str) -> None:
    for name in ("sourceOrganization", "creditText", "provider"):
        for value in values_of(article.get(name)):
            for agency in agencies_in(_text(data.resolved(value)) or ""):
                clues.add("credit", agency, f"{place}:{name}")
    for name in ("publisher", "sourceOrganization"):
        for value in values_of(article.get(name)):
            clues.add("site", _text(data.resolved(value)), f"{place}:{name}")


def _add_pointers(clues: Clues, data: LinkedData) -> None:
    for node in data.of_type("NewsMediaOrganization", "WebSite", "Organization"):
        clues.add("site", _text(node.get("name")), "json-ld:name")


def _text(value: object) -> str | None:
    if isinstance(value, dict):
        value = value.get("name") or value.get("@value") or value.get("url") or value.get("@id")
    if isinstance(value, list):
        value = next(iter(value), None)
    if isinstance(value, bool):
        return str(value).lower()
    return without_markup(str(value)) if isinstance(value, str | int | float) else None


def _keywords(text: str | None) -> list[str]:
    return [part.strip(" #") for part in re.split(r"[,;、،|]", text or "") if part.strip(" #")]


def _comments(article: Node) -> object:
    for counter in values_of(article.get("interactionStatistic")):
        if isinstance(counter, dict) and "Comment" in str(counter.get("interactionType")):
            return counter.get("userInteractionCount")
    return None


def _images(article: Node | None, data: LinkedData) -> Iterator[Image]:
    for value in values_of((article or {}).get("image")):
        picture = data.resolved(value)
        if isinstance(picture, str):
            yield Image(url=one_line(picture) or None)
        elif isinstance(picture, dict):
            address = (
                _text(picture.get("url")) or _text(picture.get("contentUrl")) or _text(picture.get("@id"))
            )
            credit = _text(picture.get("creditText")) or _text(picture.get("copyrightNotice"))
            caption = _text(picture.get("caption")) or None
            yield Image(url=address or None, caption=caption, credit=credit or None)


def _metas(tree: HtmlElement) -> Iterator[tuple[str, str]]:
    for meta in tree.iter("meta"):
        name = (
            meta.get("property") or meta.get("name") or meta.get("itemprop") or meta.get("http-equiv") or ""
        )
        content = meta.get("content")
        if name and content:
            yield name.strip().lower(), content


def _add_meta(clues: Clues, field: str, names: tuple[str, ...], metas: list[tuple[str, str]]) -> None:
    for wanted in names:
        for name, content in metas:
            if name != wanted:
                continue
            for value in _keywords(content) if wanted in _LISTED else [without_markup(content)]:
                clues.add(field, value, f"meta:{wanted}")


def _add_marked(clues: Clues, tree: HtmlElement) -> None:
    for link in tree.iter("link"):
        kind = (link.get("rel") or "").lower().split()
        if "canonical" in kind:
            clues.add("declared_canonical", link.get("href"), "link:canonical")
        if "license" in kind:
            clues.add("license", link.get("href"), "link:license")
    clues.add("language", tree.get("lang") or tree.get("xml:lang"), "html:lang")
    for heading in tree.iter("h1"):
        clues.add("headline", one_line(heading.text_content()), "html:h1")
    for title in tree.iterfind(".//head/title"):
        clues.add("headline", one_line(title.text_content()), "html:title")
    _add_times(clues, tree)
    _add_bylines(clues, tree)
    if not clues.of("author") and not clues.of("byline"):
        _add_byline_below_heading(clues, tree)


def _add_times(clues: Clues, tree: HtmlElement) -> None:
    for element in tree.xpath("descendant::*/@itemprop[.='datePublished' or .='dateModified']/.."):
        field = {"datePublished": "published", "dateModified": "modified"}.get(element.get("itemprop") or "")
        if field:
            value = element.get("datetime") or element.get("content") or one_line(element.text_content())
            clues.add(field, value, f"html:{element.get('itemprop')}")
    for time in tree.iter("time"):
        if not _is_around(time):
            mark = f"{time.get('class') or ''} {time.get('itemprop') or ''}".lower()
            field = "modified" if re.search(r"updat|modif|aktualis", mark) else "published"
            clues.add(field, time.get("datetime") or one_line(time.text_content()), "html:time")
            _add_neighbours(clues, time)
            break
    _add_printed_date(clues, tree)
    if not clues.of("published"):
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
    for text in _lines_below_heading(clues, tree):
        if lexicon.byline(text) and not _DIGIT.search(text):
            clues.add("byline", text, "html:below heading")
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
        text = one_line(element.text_content())
        if len(text) <= _LONGEST_DATE_LINE and not _is_around(element):
            yield text


def _add_neighbours(clues: Clues, time: HtmlElement) -> None:
    """Take the byline from the line that the time stands in."""
    line = time.getparent()
    text = one_line(line.text_content()) if line is not None else ""
    if len(text) > _LONGEST_LINE:
        return
    for part in re.split(r"\s*[|·•]\s*", text):
        if not _DIGIT.search(part) and (lexicon.byline(part) or agencies_among(part)):
            clues.add("byline", part, "html:line of time")


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
    for element in tree.xpath(_AUTHOR_MARK):
        marked = element.get("itemprop") == "author" or element.get("rel") == "author"
        if element.tag in ("meta", "link") or not (
            marked or _BYLINE_CLASS.search(element.get("class") or "")
        ):
            continue
        text = one_line(" ".join(element.itertext()))
        if 0 < len(text) <= _LONGEST_BYLINE and not _DIGIT.search(text) and not _is_around(element):
            clues.add("byline", text, "html:byline")
            return

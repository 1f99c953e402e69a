"""What a page says about itself: JSON-LD first, then meta elements, then marked-up elements."""

import re
from collections.abc import Iterator

from lxml.html import HtmlElement
from msgspec import Struct

from ingestion.article import Image
from ingestion.parse.clean import one_line, without_markup
from ingestion.parse.clues import Clues
from ingestion.parse.credits import agencies_among, agencies_in
from ingestion.parse.data import table
from ingestion.parse.json_ld import (
    ARTICLE_TYPES,
    OTHER_PAGE_TYPES,
    LinkedData,
    Node,
    linked_data,
    types_of,
    values_of,
)
from ingestion.parse.marked import add_marked
from ingestion.parse.rights_said import add_linked_rights

_LISTED = {"keywords", "news_keywords", "parsely-tags"}


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
    else:
        _add_of_page(clues, data)
    _add_pointers(clues, data)
    metas = list(_metas(tree))
    for field, names in table("fields")["meta"].items():
        _add_meta(clues, field, names, metas)
    add_marked(clues, tree)
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


def _add_of_page(clues: Clues, data: LinkedData) -> None:
    """Add what is said of the page itself, where nothing is said of an article on it."""
    for node in data.of_type("WebPage"):
        for name, field in (
            ("datePublished", "published"),
            ("dateModified", "modified"),
            ("author", "author"),
        ):
            for value in values_of(node.get(name)):
                clues.add(field, _text(data.resolved(value)), f"json-ld:WebPage.{name}")


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
        content = meta.get("content") or meta.get("value")
        if name and content:
            yield name.strip().lower(), content


def _add_meta(clues: Clues, field: str, names: tuple[str, ...], metas: list[tuple[str, str]]) -> None:
    for wanted in names:
        for name, content in metas:
            if name != wanted:
                continue
            for value in _keywords(content) if wanted in _LISTED else [without_markup(content)]:
                clues.add(field, value, f"meta:{wanted}")
